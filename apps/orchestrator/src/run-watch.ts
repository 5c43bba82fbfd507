/**
 * What happens on a home, seen from outside: the folds of the record, read on by offset. Owns its two readers and nothing else. The progress of a
 * run, its end and its sums all come from here, and so from the record; no worker is asked.
 */
import {
  createTaskFold,
  readExecutionLine,
  readOn,
  type Cursor,
  type RecordStore,
  type TaskFold,
} from '@vivarium/contracts';
import { packRecords, unpackRecords } from './record-columns.ts';
import { createMoneyReader, type MoneyReader } from './report/money.ts';
import type { TaskEnd } from './report/task-line.ts';
import { VERSION, type SnapshotFile } from './snapshot.ts';

export interface RunWatch {
  readonly money: MoneyReader;
  readonly tasks: TaskFold;
  /** Lines of the execution log that could not be read or understood. */
  readonly unreadable: number;
  /** Tasks whose state changed since the last call, in the order of the log; the first call tells nothing, it only learns. */
  read(): readonly TaskEnd[];
  /** Leaves a snapshot for the next one who looks, when reading without one took a while. */
  remember(): void;
}

/** Bytes of new log that are worth a snapshot: reading them takes about as long as writing one. */
const WORTH_IT_BYTES = 8 * 1_024 * 1_024;

/** `snapshots`: where to go on from what an earlier look had come to. */
export function createRunWatch(record: RecordStore, snapshots?: SnapshotFile): RunWatch {
  const from = snapshots?.read();
  const tail = record.tail('execution', from?.execution.to);
  const money = createMoneyReader(record, from?.money);
  let fold = createTaskFold(from === undefined ? [] : unpackRecords(from.execution.records));
  let unreadableBefore = from?.execution.unreadable ?? 0;
  let strange = 0;
  let isFirst = true;
  let place: Cursor | undefined;
  let bytesRead = 0;
  return {
    money,
    get tasks() {
      return fold;
    },
    get unreadable() {
      return unreadableBefore + tail.unreadable + strange;
    },
    read() {
      money.refresh();
      const changed: TaskEnd[] = [];
      let isAnew = isFirst;
      const began = place?.offset ?? from?.execution.to.offset ?? 0;
      readOn(tail, ({ entries, restarted, cursor }) => {
        if (restarted) {
          fold = createTaskFold();
          unreadableBefore = 0;
          strange = 0;
          isAnew = true;
        }
        place = cursor;
        for (const entry of entries) {
          if (entry.kind !== 'line') continue;
          const line = readExecutionLine(entry.value, record.home);
          if (line === undefined) strange += 1;
          else if (fold.apply(line) === 'applied' && !isAnew)
            changed.push({ id: line.task_id, record: fold.get(line.task_id) });
        }
      });
      bytesRead += Math.max(0, (place?.offset ?? 0) - began);
      isFirst = false;
      return isAnew ? [] : changed;
    },
    remember() {
      if (snapshots === undefined || place === undefined || money.place === undefined) return;
      if (bytesRead + money.bytesRead < WORTH_IT_BYTES) return;
      snapshots.write({
        version: VERSION,
        execution: {
          to: place,
          unreadable: unreadableBefore + tail.unreadable + strange,
          records: packRecords(fold.entries()),
        },
        money: {
          to: money.place,
          unreadable: money.unreadable,
          state: money.money.snapshot(),
          breakers: money.breakers.open(),
        },
      });
    },
  };
}
