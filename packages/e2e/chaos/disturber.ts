/**
 * Does to a home what the schedule says, and counts what it did. Owns everything that must be undone: who stands still, and the full disk. Signals
 * go to processes of this home alone, one by one.
 */
import { appendFileSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pickOf } from './dice.ts';
import { findProcesses, send } from './processes.ts';
import type { Operator } from './operator.ts';
import type { QueueDesk } from './queue-desk.ts';
import { LONG_STALL_MS, type Disturbance, type Role } from './schedule.ts';
import type { SmallDisk } from './small-disk.ts';
import type { Witness } from './witness.ts';

export interface Counts {
  readonly kills: Record<Role, number>;
  all_at_once: number;
  stalls: number;
  long_stalls: number;
  full_disks: number;
  torn_tails: number;
  edits: number;
  broken_edits: number;
  clock_steps: number;
  second_runs: number;
  cancels: number;
  retries: number;
  holds: number;
  killed_adds: number;
  lost_caches: number;
  /** Whose moment came when there was nothing to do it to. */
  without_target: number;
}

export interface Disturber {
  readonly counts: Counts;
  /** Ids of workers that stood still for longer than the lease. */
  readonly stalled: ReadonlySet<string>;
  perform(disturbance: Disturbance): Promise<void>;
  /** Everybody goes on, and the disk has room again. Nothing is disturbed afterwards. */
  undo(): void;
}

const HOUR_MS = 3_600_000;

export function createDisturber(options: {
  readonly home: string;
  readonly clocks: string;
  readonly disk: SmallDisk | undefined;
  readonly desk: QueueDesk;
  readonly operator: Operator;
  readonly witness: Witness;
  readonly secondRun: () => boolean;
}): Disturber {
  const { home, clocks, disk, desk, operator, witness, secondRun } = options;
  const counts: Counts = {
    kills: { worker: 0, grind: 0, simulator: 0, orchestrator: 0 },
    all_at_once: 0,
    stalls: 0,
    long_stalls: 0,
    full_disks: 0,
    torn_tails: 0,
    edits: 0,
    broken_edits: 0,
    clock_steps: 0,
    second_runs: 0,
    cancels: 0,
    retries: 0,
    holds: 0,
    killed_adds: 0,
    lost_caches: 0,
    without_target: 0,
  };
  const standing = new Set<number>();
  const over = new AbortController();
  /** Cut short when everything is undone. */
  const pause = (ms: number): Promise<void> =>
    sleep(ms, undefined, { signal: over.signal }).catch(() => undefined);
  const stalled = new Set<string>();
  const log = join(home, 'logs/execution_log.jsonl');

  const find = (role: Role, pick: number) =>
    pickOf(
      findProcesses(home).filter((each) => each.role === role && !standing.has(each.pid)),
      pick,
    );
  const stall = async (role: Role, pick: number, ms: number): Promise<boolean> => {
    const found = find(role, pick);
    if (found === undefined) return false;
    const worker = witness.workerOf(found.pid);
    if (worker !== undefined && ms >= LONG_STALL_MS) stalled.add(worker);
    if (!send(found.pid, 'SIGSTOP')) return false;
    standing.add(found.pid);
    await pause(ms);
    if (standing.delete(found.pid)) send(found.pid, 'SIGCONT');
    return true;
  };
  const kill = (pid: number, role: Role): boolean => {
    if (!send(pid, 'SIGKILL')) return false;
    counts.kills[role] += 1;
    return true;
  };

  const isOpen = (id: string): boolean => !witness.ended.has(id);

  /** False when there was nothing to do it to. */
  const act = async (what: Disturbance): Promise<boolean> => {
    switch (what.kind) {
      case 'kill': {
        const found = find(what.role, what.pick);
        return found !== undefined && kill(found.pid, found.role);
      }
      case 'kill_all': {
        counts.all_at_once += 1;
        for (const { pid, role } of findProcesses(home)) kill(pid, role);
        return true;
      }
      case 'stall': {
        const done = await stall(what.role, what.pick, what.ms);
        if (done) counts[what.ms >= LONG_STALL_MS && !over.signal.aborted ? 'long_stalls' : 'stalls'] += 1;
        return done;
      }
      case 'fill_disk': {
        if (disk === undefined || disk.isFull) return false;
        await desk.alone(() => disk.fill(what.spare));
        counts.full_disks += 1;
        await pause(what.ms);
        disk.free();
        return true;
      }
      case 'tear': {
        if (!existsSync(log)) return false;
        const line = `{"task_id":"c1","worker_id":"worker_torn","status":"in_progress","timestamp":"2026`;
        try {
          appendFileSync(log, line.slice(0, what.length));
        } catch {
          return false; // the disk is full
        }
        counts.torn_tails += 1;
        return true;
      }
      case 'edit_prompt': {
        const done = await desk.editPrompt(what.pick, what.inPlace, (id) => !witness.begun.has(id));
        if (done) counts.edits += 1;
        return done;
      }
      case 'edit_add': {
        const done = await desk.editAdd(what.inPlace);
        if (done) counts.edits += 1;
        return done;
      }
      case 'edit_broken': {
        const done = await desk.editBroken(what.ms);
        if (done) counts.broken_edits += 1;
        return done;
      }
      case 'clock': {
        const found = find(what.role, what.pick);
        if (found === undefined) return false;
        writeFileSync(join(clocks, String(found.pid)), String(what.hours * HOUR_MS));
        counts.clock_steps += 1;
        return true;
      }
      case 'second_run': {
        const done = secondRun();
        if (done) counts.second_runs += 1;
        return done;
      }
      case 'cancel': {
        const done = await operator.revise('cancel', [...desk.promised].filter(isOpen), what.pick);
        if (done) counts.cancels += 1;
        return done;
      }
      case 'retry': {
        const done = await operator.revise('retry', [...witness.ended], what.pick);
        if (done) counts.retries += 1;
        return done;
      }
      case 'hold': {
        const done = await operator.hold(what.verb);
        if (done) counts.holds += 1;
        await pause(what.ms);
        await operator.resume();
        return done;
      }
      case 'kill_add': {
        const done = await desk.addKilled(what.ms, () => !over.signal.aborted);
        if (done) counts.killed_adds += 1;
        return done;
      }
      case 'lose_caches': {
        operator.loseCaches(what.pick);
        counts.lost_caches += 1;
        return true;
      }
    }
  };

  return {
    counts,
    stalled,
    async perform(disturbance) {
      if (!(await act(disturbance))) counts.without_target += 1;
    },
    undo() {
      over.abort();
      for (const pid of standing) send(pid, 'SIGCONT');
      standing.clear();
      disk?.free();
    },
  };
}
