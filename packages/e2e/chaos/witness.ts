/**
 * Reads the logs of a home while it is being disturbed, and remembers every line that was once whole on disk. Owns its memory and its offsets;
 * changes nothing. Also sees which worker is which process.
 */
import { closeSync, existsSync, fstatSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { readLog, textOf } from './log-lines.ts';

export const REMEMBERED = ['execution_log.jsonl', 'api_audit.log', 'simulator_bill.jsonl'] as const;
export type RememberedLog = (typeof REMEMBERED)[number];

export interface Witness {
  readonly remembered: Readonly<Record<RememberedLog, ReadonlySet<string>>>;
  /** Tasks with an end that was on disk. */
  readonly ended: ReadonlySet<string>;
  /** Tasks that somebody claimed. */
  readonly begun: ReadonlySet<string>;
  look(): void;
  /** Worker ids by pid. */
  workerOf(pid: number): string | undefined;
}

const FINAL = ['completed', 'failed', 'refused', 'cancelled', 'skipped'];

export function createWitness(home: string): Witness {
  const remembered = Object.fromEntries(REMEMBERED.map((log) => [log, new Set<string>()])) as Record<
    RememberedLog,
    Set<string>
  >; // `as`: fromEntries forgets the keys
  const offsets = new Map<RememberedLog, number>();
  const ended = new Set<string>();
  const begun = new Set<string>();
  const workers = new Map<number, string>();

  const lookAtLog = (log: RememberedLog): void => {
    const from = offsets.get(log) ?? 0;
    const text = textBehind(join(home, 'logs', log), from);
    const whole = text.subarray(0, text.lastIndexOf('\n') + 1);
    offsets.set(log, from + whole.length);
    for (const line of readLog(whole.toString('utf8')).lines) {
      remembered[log].add(line.text);
      if (log !== 'execution_log.jsonl') continue;
      begun.add(textOf(line, 'task_id'));
      if (FINAL.includes(textOf(line, 'status'))) ended.add(textOf(line, 'task_id'));
    }
  };
  const lookAtBeats = (): void => {
    const directory = join(home, 'run/workers');
    for (const name of existsSync(directory) ? readdirSync(directory) : []) {
      try {
        const beat: unknown = JSON.parse(readFileSync(join(directory, name), 'utf8'));
        const { pid, worker_id: worker } = { pid: 0, worker_id: '', ...(beat as object) };
        workers.set(Number(pid), String(worker));
      } catch {
        // It is being replaced, or its owner left.
      }
    }
  };

  return {
    remembered,
    ended,
    begun,
    look() {
      for (const log of REMEMBERED) lookAtLog(log);
      lookAtBeats();
    },
    workerOf(pid) {
      lookAtBeats();
      return workers.get(pid);
    },
  };
}

function textBehind(path: string, from: number): Buffer {
  if (!existsSync(path)) return Buffer.alloc(0);
  const file = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(Math.max(0, fstatSync(file).size - from));
    return bytes.subarray(0, readSync(file, bytes, 0, bytes.length, from));
  } finally {
    closeSync(file);
  }
}
