/**
 * What processes cost, as the kernel counts it: CPU of all their threads, user and system, in hundredths of a second; the most memory they held.
 * Linux only, from /proc. A process that is gone costs nothing any more: who wants its whole cost looks while it lives, or asks its parent.
 */
import { readdirSync, readFileSync } from 'node:fs';

export interface ProcessCost {
  readonly parent: number;
  readonly cpuMs: number;
  /** Of its children that ended, and of theirs. */
  readonly endedChildrenMs: number;
}

const MS_PER_TICK = 10;

export function costOf(pid: number | 'self'): ProcessCost | undefined {
  const stat = read(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  // The name of the program stands in parentheses and may hold anything.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = (...at: readonly number[]): number =>
    at.reduce((all, index) => all + Number(fields[index]) * MS_PER_TICK, 0);
  return { parent: Number(fields[1]), cpuMs: ticks(11, 12), endedChildrenMs: ticks(13, 14) };
}

/** Of a process that must be alive. */
export function cpuMs(pid: number): number {
  const cost = costOf(pid);
  if (cost === undefined) throw new Error(`process ${pid} is gone: its CPU cannot be read`);
  return cost.cpuMs;
}

/** Of the bench's own children that ended, and of theirs: exact once they have. */
export const endedChildrenMs = (): number => costOf('self')?.endedChildrenMs ?? Number.NaN;

/** The most memory it held so far, in MB (resident). */
export function peakMemoryMb(pid: number): number | undefined {
  const line = /^VmHWM:\s+(\d+) kB$/m.exec(read(`/proc/${pid}/status`) ?? '')?.[1];
  return line === undefined ? undefined : Number(line) / 1_024;
}

/** The processes of which one of these is the parent, or the parent's parent, and so on; these included. */
export function treeOf(roots: readonly number[]): readonly number[] {
  const parents = readdirSync('/proc').flatMap((name) => {
    const parent = /^\d+$/.test(name) ? costOf(Number(name))?.parent : undefined;
    return parent === undefined ? [] : [{ pid: Number(name), parent }];
  });
  const found = [...roots];
  // Grows while it is walked.
  for (const root of found) {
    for (const { pid, parent } of parents) if (parent === root && !found.includes(pid)) found.push(pid);
  }
  return found;
}

/** Its words; empty while it is not yet what it will be, or is gone. */
export const commandOf = (pid: number): string => (read(`/proc/${pid}/cmdline`) ?? '').replaceAll('\0', ' ');

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return undefined;
  }
}
