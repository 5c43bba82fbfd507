/** The part of a run in which all workers were at work and none lacked tasks: start-up and the last tasks in flight are left out. Pure. */
import type { Done, Moment } from './bench-home.ts';

export interface Steady {
  /** Wall clock. */
  readonly from: number;
  readonly to: number;
  readonly completions: number;
}

/** From the moment the last of the workers completed its first task, to the last claim. Undefined when there was no such time worth counting. */
export function steadyPart({ claims, completions }: Done, workers: number): Steady | undefined {
  const firsts = new Map<string, number>();
  for (const { worker, at } of completions) firsts.set(worker, Math.min(firsts.get(worker) ?? Infinity, at));
  const from = Math.max(...firsts.values());
  const to = Math.max(...claims.map(({ at }) => at));
  const within = completions.filter(({ at }: Moment) => at > from && at <= to).length;
  if (firsts.size < workers || within < MOST_NOISE || to - from < SHORTEST_MS) return undefined;
  return { from, to, completions: within };
}

const MOST_NOISE = 100;
const SHORTEST_MS = 200;
