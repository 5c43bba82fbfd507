/** The processes of one home, found in /proc by the words they were started with. Nobody else's process names this home. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type { Role } from './schedule.ts';

export interface Found {
  readonly pid: number;
  readonly role: Role;
  readonly words: readonly string[];
}

export const canLook = (): boolean => existsSync('/proc/self/cmdline');

const ROLE_OF: readonly (readonly [program: string, role: Role])[] = [
  ['/apps/worker/bundle/main.js', 'worker'],
  ['/apps/grind/bundle/main.js', 'grind'],
  ['/apps/groq-simulator/bundle/main.js', 'simulator'],
  ['/apps/orchestrator/bundle/main.js', 'orchestrator'],
];

/** In the order of their pids. An `orchestrator add` is not among them: what is asked for is what keeps the work going. */
export function findProcesses(home: string): readonly Found[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .toSorted((one, other) => one - other)
    .flatMap((pid) => {
      const words = wordsOf(pid);
      const program = words.find((word) => word.endsWith('/bundle/main.js')) ?? '';
      const role = ROLE_OF.find(([end]) => program.endsWith(end))?.[1];
      const isOurs = words.some((word) => word === home || word.startsWith(`${home}/`));
      if (role === undefined || !isOurs || (role === 'orchestrator' && !words.includes('start'))) return [];
      return [{ pid, role, words }];
    });
}

function wordsOf(pid: number): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return []; // it ended meanwhile
  }
}

/** False when it was gone already. */
export function send(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}
