/**
 * Watches some processes and all they start while they work: CPU and peak memory by what each of them is. What a process used after the last look
 * at it is missing here; what all children of the bench used together is known exactly once they ended (process-cost.ts).
 */
import { commandOf, costOf, peakMemoryMb, treeOf } from './process-cost.ts';

export const ROLES = ['orchestrator', 'worker', 'grind', 'simulator'] as const;
export type Role = (typeof ROLES)[number];
export type CpuByRole = Readonly<Record<Role, number>>;

export interface ProcessWatch {
  /** CPU used from the first look up to a moment of the wall clock, between looks by proportion. */
  cpuAt(wallMs: number): CpuByRole;
  /** Of the process of that kind which held most. */
  peakMb(): Readonly<Partial<Record<Role, number>>>;
  stop(): void;
}

const LOOK_MS = 25;
/** Looking for new processes reads all there are. */
const LOOKS_PER_SEARCH = 8;

interface Look {
  readonly at: number;
  readonly cpu: CpuByRole;
}

export function watchProcesses(roots: readonly number[]): ProcessWatch {
  const known = new Map<number, { readonly role: Role; readonly firstMs: number; lastMs: number }>();
  const peaks: Partial<Record<Role, number>> = {};
  const looks: Look[] = [];
  let count = 0;

  const search = (): void => {
    for (const pid of treeOf(roots)) {
      const role = known.has(pid) ? undefined : roleOf(commandOf(pid));
      if (role === undefined) continue;
      // What was there already when the watch began had used something before.
      const firstMs = count === 0 ? (costOf(pid)?.cpuMs ?? 0) : 0;
      known.set(pid, { role, firstMs, lastMs: firstMs });
    }
  };
  const look = (): void => {
    if (count % LOOKS_PER_SEARCH === 0) search();
    count += 1;
    const cpu = none();
    for (const [pid, process] of known) {
      process.lastMs = costOf(pid)?.cpuMs ?? process.lastMs;
      cpu[process.role] += process.lastMs - process.firstMs;
      peaks[process.role] = Math.max(peaks[process.role] ?? 0, peakMemoryMb(pid) ?? 0);
    }
    looks.push({ at: Date.now(), cpu });
  };

  look();
  const timer = setInterval(look, LOOK_MS);
  return {
    cpuAt(wallMs) {
      const after = looks.findIndex(({ at }) => at >= wallMs);
      const next = looks[after === -1 ? looks.length - 1 : after];
      const before = looks[after - 1] ?? next;
      if (next === undefined || before === undefined) return none();
      const share = next.at === before.at ? 1 : (wallMs - before.at) / (next.at - before.at);
      const cpu = none();
      for (const role of ROLES)
        cpu[role] = before.cpu[role] + (next.cpu[role] - before.cpu[role]) * Math.min(1, Math.max(0, share));
      return cpu;
    },
    peakMb: () => peaks,
    stop() {
      clearInterval(timer);
      look();
    },
  };
}

const none = (): Record<Role, number> => ({ orchestrator: 0, worker: 0, grind: 0, simulator: 0 });

const PROGRAMS: readonly (readonly [part: string, role: Role])[] = [
  ['apps/worker/bundle/main.js', 'worker'],
  ['apps/grind/bundle/main.js', 'grind'],
  ['apps/groq-simulator/bundle/main.js', 'simulator'],
  ['bin/orchestrator', 'orchestrator'],
];
const roleOf = (command: string): Role | undefined => PROGRAMS.find(([part]) => command.includes(part))?.[1];
