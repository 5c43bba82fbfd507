import { Task } from '@vivarium/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planAdd } from './add.ts';
import { checkGraph } from './graph.ts';

const task = (id: string, ...dependencies: readonly string[]) => ({
  id,
  prompt: `work on ${id}`,
  depends_on: [...dependencies],
});
const queued = (...tasks: readonly ReturnType<typeof task>[]): ReadonlyMap<string, Task> =>
  new Map(tasks.map((entry) => [entry.id, Task.parse(entry)]));
const none = queued();

describe('planning an add', () => {
  it('gives each task the keys of the seed in their order, with its defaults', () => {
    const [added] = planAdd(none, [{ id: 'a', prompt: 'p' }]).added;
    expect(JSON.stringify(added)).toBe(
      '{"id":"a","type":"grind","prompt":"p","min_budget":0.05,"max_budget":0.1,"intensity":"medium","status":"pending","depends_on":[],"parallel_safe":true,"model":null}',
    );
  });

  it('takes a task that was parsed before as it is, and puts the keys of any other in that order', () => {
    const whole = Task.parse({ id: 'a', prompt: 'p', status: 'pending', max_tokens: 9 });
    const { status, ...rest } = whole;
    const { added } = planAdd(none, [whole, { ...rest, id: 'b' }]);
    expect(added[0]).toBe(whole);
    expect(status).toBe('pending');
    expect(Object.keys(added[1] ?? {})).toEqual(Object.keys(whole));
  });

  it('refuses invalid fields one by one, with field and reason, and adds the rest', () => {
    const answer = planAdd(none, [
      { id: 'a', prompt: ' ' },
      { id: 'b', prompt: 'p', min_budget: 1, max_budget: 0.5 },
      task('c'),
    ]);
    expect(answer.added.map(({ id }) => id)).toEqual(['c']);
    expect(answer.rejected).toEqual([
      { id: 'a', index: 0, reason: 'prompt: the prompt is empty' },
      { id: 'b', index: 1, reason: 'max_budget: max_budget is below min_budget' },
    ]);
  });

  it('Q10: what depends on a refused task is refused with a reason of its own', () => {
    const answer = planAdd(queued(task('old')), [
      task('old'),
      task('a', 'nowhere'),
      task('b', 'a'),
      task('c', 'old'),
      task('d', 'b', 'c'),
    ]);
    expect(answer.added.map(({ id }) => id)).toEqual(['c']);
    expect(answer.rejected).toEqual([
      { id: 'old', index: 0, reason: 'a task with the id "old" is already in the queue' },
      { id: 'a', index: 1, reason: '"a" depends on "nowhere", which is not in the queue' },
      { id: 'b', index: 2, reason: '"b" depends on "a", which was not added' },
      { id: 'd', index: 4, reason: '"d" depends on "b", which was not added' },
    ]);
  });

  it('Q10: sees a cycle that would close through a task already in the queue', () => {
    // "y" left the queue after its end, so that "x" may depend on it; it cannot come back as a dependant of "x".
    const answer = planAdd(queued(task('x', 'y')), [task('y', 'x')], (id) => id === 'y');
    expect(answer.rejected).toMatchObject([{ id: 'y', reason: '"y" waits for itself: "y" → "x" → "y"' }]);
  });

  it('Q10: whatever is given, what is added leaves the graph without fault, and everything else has a reason', () => {
    const id = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'nowhere');
    const list = fc.array(fc.tuple(id, fc.array(id, { maxLength: 3 })), { maxLength: 10 });
    fc.assert(
      fc.property(list, list, (first, second) => {
        const before = planAdd(
          none,
          first.map(([name, needs]) => task(name, ...needs)),
        ).added;
        const answer = planAdd(
          new Map(before.map((added) => [added.id, added])),
          second.map(([name, needs]) => task(name, ...needs)),
        );
        expect(checkGraph([...before, ...answer.added])).toEqual([]);
        expect(answer.added.length + answer.rejected.length).toBe(second.length);
        expect(answer.rejected.every(({ reason }) => reason.length > 0)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});
