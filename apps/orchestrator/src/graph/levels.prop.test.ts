import fc from 'fast-check';
import { expect, it } from 'vitest';
import { viewsOf, task, ended } from '../testing/views.ts';
import { criticalPath } from './critical-path.ts';
import { levelsOf, wavesOf, type Node } from './levels.ts';

/** Any graph without cycles, its nodes in any order, with some edges out of it. */
const graphs = fc.array(fc.array(fc.nat(40), { maxLength: 4 }), { maxLength: 30 }).chain((rows) => {
  const nodes: readonly Node[] = rows.map((edges, at) => ({
    id: `t${at}`,
    dependsOn: edges.map((edge) => (edge > 35 ? 'elsewhere' : `t${at === 0 ? 'none' : edge % at}`)),
  }));
  return fc.shuffledSubarray([...nodes], { minLength: nodes.length });
});

it('a level stands below those of all it waits for, and no lower than that', () => {
  fc.assert(
    fc.property(graphs, (nodes) => {
      const levels = levelsOf(nodes);
      for (const { id, dependsOn } of nodes) {
        const above = dependsOn.flatMap((dependency) => levels.get(dependency) ?? []);
        expect(levels.get(id)).toBe(above.length === 0 ? 0 : Math.max(...above) + 1);
      }
      expect(wavesOf(nodes).flat().toSorted()).toEqual(nodes.map(({ id }) => id).toSorted());
    }),
  );
});

it('the critical path is a chain of unfinished tasks, and none is longer', () => {
  fc.assert(
    fc.property(graphs, fc.infiniteStream(fc.boolean()), (nodes, coins) => {
      const done = nodes.filter(() => coins.next().value === true);
      const views = viewsOf(
        nodes.map(({ id, dependsOn }) => task(id, { depends_on: [...dependsOn] })),
        done.flatMap(({ id }) => ended(id, 'completed')),
      );
      const { ids } = criticalPath(views);
      const byId = new Map(nodes.map((node) => [node.id, node]));
      for (const [at, id] of ids.entries()) {
        expect(done.some((each) => each.id === id)).toBe(false);
        if (at > 0) expect(byId.get(id)?.dependsOn).toContain(ids[at - 1]);
      }
      const open = nodes.filter((node) => !done.includes(node));
      expect(ids).toHaveLength(wavesOf(open).length);
    }),
  );
});
