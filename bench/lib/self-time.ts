/** What profiles of cpu-profile.ts say: in which functions the time of each program was spent, those they call not counted. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inCheckout } from './checkout.ts';
import { rounded, sum } from './statistics.ts';

interface Profile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

const SHOWN = 15;
/** Waiting is not work. */
const IDLE = new Set(['(idle)', '(program)', '(root)']);

export function selfTimes(directory: string): readonly object[] {
  const programs = new Map<string, Map<string, number>>();
  for (const name of readdirSync(directory)) {
    const program = /^([a-z-]+)-\d+\.cpuprofile$/.exec(name)?.[1];
    if (program === undefined) continue;
    const times = programs.get(program) ?? new Map<string, number>();
    programs.set(program, times);
    // Written by V8 through cpu-profile.ts.
    const profile = JSON.parse(readFileSync(join(directory, name), 'utf8')) as Profile;
    const places = new Map(profile.nodes.map(({ id, callFrame }) => [id, placeOf(callFrame)]));
    for (const [index, node] of profile.samples.entries()) {
      const place = places.get(node) ?? '';
      if (!IDLE.has(place)) times.set(place, (times.get(place) ?? 0) + (profile.timeDeltas[index] ?? 0));
    }
  }
  return [...programs].flatMap(([program, times]) => {
    const all = sum([...times.values()]);
    const most = [...times].toSorted(([, a], [, b]) => b - a).slice(0, SHOWN);
    return most.map(([place, time]) => ({ program, share: rounded(time / all), place }));
  });
}

const placeOf = ({ functionName, url, lineNumber }: Profile['nodes'][number]['callFrame']): string => {
  const name = functionName === '' ? '(anonymous)' : functionName;
  if (url === '') return name;
  const path = url.replace(`file://${inCheckout('')}`, '').replace(/^.*node_modules\//, '');
  return `${name} ${path}:${lineNumber + 1}`;
};
