/** Topological levels, which people are shown as waves. Nothing waits for a whole wave: a task begins when its own dependencies have completed. Pure. */

/** What a level is worked out from. */
export interface Node {
  readonly id: string;
  readonly dependsOn: readonly string[];
}

/** The nodes of each level, in their order: each stands one below the lowest of those it waits for. Who is not in the list holds up nobody. */
export function wavesOf(nodes: readonly Node[]): readonly (readonly string[])[] {
  const waves: string[][] = [];
  const levels = levelsOf(nodes);
  for (const { id } of nodes) {
    const level = levels.get(id);
    if (level !== undefined) (waves[level] ??= []).push(id);
  }
  return waves;
}

/** Without recursion: chains may be long. Nodes of a cycle have no level. */
export function levelsOf(nodes: readonly Node[]): ReadonlyMap<string, number> {
  const levels = new Map<string, number>();
  const dependants = new Map<string, string[]>();
  const unmet = new Map<string, number>(nodes.map(({ id }) => [id, 0]));
  for (const { id, dependsOn } of nodes) {
    for (const dependency of new Set(dependsOn)) {
      if (!unmet.has(dependency)) continue;
      unmet.set(id, (unmet.get(id) ?? 0) + 1);
      const known = dependants.get(dependency);
      if (known === undefined) dependants.set(dependency, [id]);
      else known.push(id);
    }
  }
  let wave = nodes.map(({ id }) => id).filter((id) => unmet.get(id) === 0);
  for (let level = 0; wave.length > 0; level += 1) {
    const next: string[] = [];
    for (const id of wave) {
      levels.set(id, level);
      for (const dependant of dependants.get(id) ?? []) {
        const left = (unmet.get(dependant) ?? 0) - 1;
        unmet.set(dependant, left);
        if (left === 0) next.push(dependant);
      }
    }
    wave = next;
  }
  return levels;
}
