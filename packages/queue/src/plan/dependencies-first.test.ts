import { Task } from '@vivarium/contracts';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { dependenciesFirst } from './dependencies-first.ts';

const task = (id: string, ...dependencies: readonly string[]): Task =>
  Task.parse({ id, prompt: 'p', depends_on: dependencies });
const idsOf = (tasks: readonly Task[]): string => tasks.map(({ id }) => id).join(' ');

it('keeps the order where nothing asks for another, and puts dependencies before what needs them', () => {
  expect(idsOf(dependenciesFirst([task('a'), task('b', 'x'), task('c')]))).toBe('a b c');
  expect(idsOf(dependenciesFirst([task('a', 'c'), task('b'), task('c', 'd'), task('d')]))).toBe('d c a b');
});

it('Q10: at any cut, what stands depends on nothing behind the cut', () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(fc.nat(30), { maxLength: 4 }), { maxLength: 30 }),
      fc.gen(),
      (needs, gen) => {
        const all = needs.map((list, index) =>
          task(`t${index}`, ...new Set(list.filter((need) => need < index).map((need) => `t${need}`))),
        );
        const shuffled = all.toSorted(() => gen(fc.integer, { min: -1, max: 1 }));
        const ordered = dependenciesFirst(shuffled);
        expect(new Set(ordered)).toEqual(new Set(all));
        const seen = new Set<string>();
        for (const { id, depends_on: dependencies } of ordered) {
          expect(dependencies.every((dependency) => seen.has(dependency))).toBe(true);
          seen.add(id);
        }
      },
    ),
  );
});

it('a chain as long as a queue is no deeper for it', () => {
  const chain = Array.from({ length: 50_000 }, (_, index) =>
    task(`t${index}`, ...(index > 0 ? [`t${index - 1}`] : [])),
  );
  expect(dependenciesFirst(chain.toReversed())[0]?.id).toBe('t0');
});
