/** `run/workers/`: the beats of the workers of this home (Q5). Owns the counters of the workers of this process. */
import type { Files, Processes } from '@vivarium/core';
import { parseBeat, type BeatFile, type HomeLayout, type Obeyed } from '@vivarium/contracts';
import type { Beat } from './leases.ts';

export interface BeatFiles {
  read(workerId: string): Beat | undefined;
  write(workerId: string, busy: number, obeys?: Obeyed): void;
  remove(workerId: string): void;
}

export interface BeatFilesOptions {
  readonly layout: HomeLayout;
  readonly files: Files;
  readonly processes: Processes;
  readonly runId: string;
  /** Slots of a worker, for people to read. */
  readonly slots: number;
}

/** Of a file that says nothing: it stands still, so its owner loses its tasks after the lease time, not at once. */
const UNREADABLE: Beat = { counter: -2, gone: false };

export function createBeatFiles({ layout, files, processes, runId, slots }: BeatFilesOptions): BeatFiles {
  const counters = new Map<string, number>();
  return {
    read(workerId) {
      const text = files.readText(layout.beat(workerId));
      if (text === undefined) return undefined;
      const beat = parseBeat(text);
      return beat === undefined ? UNREADABLE : { counter: beat.counter, gone: processes.isGone(beat) };
    },
    write(workerId, busy, obeys) {
      const counter = (counters.get(workerId) ?? 0) + 1;
      if (counter === 1) files.makeDirectory(layout.workers);
      const beat: BeatFile = {
        worker_id: workerId,
        ...processes.self,
        run_id: runId,
        counter,
        slots,
        busy,
        ...(obeys === undefined ? {} : { obeys }),
      };
      files.replace(layout.beat(workerId), `${JSON.stringify(beat)}\n`);
      counters.set(workerId, counter);
    },
    remove(workerId) {
      counters.delete(workerId);
      files.remove(layout.beat(workerId));
    },
  };
}
