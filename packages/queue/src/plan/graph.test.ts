import { describe, expect, it } from 'vitest';
import { checkGraph, explainFault, findCycles, type Linked } from './graph.ts';

const task = (id: string, ...dependencies: readonly string[]): Linked => ({
  id,
  depends_on: [...dependencies],
});
const explained = (tasks: readonly Linked[], isKnown?: (id: string) => boolean): readonly string[] =>
  checkGraph(tasks, isKnown).map(explainFault);

describe('the graph of a queue', () => {
  it('has no fault when everything leads somewhere', () => {
    expect(checkGraph([task('c', 'a', 'b'), task('a'), task('b', 'a')])).toEqual([]);
  });

  it('Q10: names unknown dependencies, unless the task is known to have ended', () => {
    const tasks = [task('a', 'gone', 'nowhere')];
    expect(explained(tasks, (id) => id === 'gone')).toEqual([
      '"a" depends on "nowhere", which is not in the queue',
    ]);
  });

  it('Q10: names a cycle with its path, once, and tasks that depend on themselves', () => {
    expect(
      explained([task('a', 'b'), task('b', 'c'), task('c', 'a'), task('d', 'a'), task('e', 'e')]),
    ).toEqual(['"e" depends on itself', '"a" waits for itself: "a" → "b" → "c" → "a"']);
  });

  it('names an id that is used twice', () => {
    expect(explained([task('a'), task('b'), task('a')])).toEqual([
      'the id "a" is used twice, first by tasks[0]',
    ]);
  });

  it('finds every cycle of a knot, and follows chains of any length', () => {
    const knot = [task('a', 'b'), task('b', 'a', 'c'), task('c', 'd'), task('d', 'c', 'b')];
    const byId = new Map(knot.map((entry) => [entry.id, entry]));
    const members = new Set(findCycles(byId.keys(), (id) => byId.get(id)).flatMap(({ path }) => path));
    expect([...members].toSorted()).toEqual(['a', 'b', 'c', 'd']);

    const chain = Array.from({ length: 50_000 }, (_, index) =>
      task(`t${index}`, ...(index === 0 ? [] : [`t${index - 1}`])),
    );
    expect(checkGraph(chain)).toEqual([]);
    expect(checkGraph([...chain.slice(1), task('t0', 't49999')])).toMatchObject([{ kind: 'cycle' }]);
  });
});
