/**
 * What happens on a home, seen from outside: the folds of the record, read on by offset. Owns its two readers and nothing else. The progress of a
 * run, its end and its sums all come from here, and so from the record; no worker is asked.
 */
import {
  createTaskFold,
  readExecutionLine,
  readOn,
  type RecordStore,
  type TaskFold,
} from '@vivarium/contracts';
import { createMoneyReader, type MoneyReader } from './report/money.ts';
import type { TaskEnd } from './report/task-line.ts';

export interface RunWatch {
  readonly money: MoneyReader;
  readonly tasks: TaskFold;
  /** Lines of the execution log that could not be read or understood. */
  readonly unreadable: number;
  /** Tasks whose state changed since the last call, in the order of the log; the first call tells nothing, it only learns. */
  read(): readonly TaskEnd[];
}

export function createRunWatch(record: RecordStore): RunWatch {
  const tail = record.tail('execution');
  const money = createMoneyReader(record);
  let fold = createTaskFold();
  let strange = 0;
  let isFirst = true;
  return {
    money,
    get tasks() {
      return fold;
    },
    get unreadable() {
      return tail.unreadable + strange;
    },
    read() {
      money.refresh();
      const changed: TaskEnd[] = [];
      let isAnew = isFirst;
      readOn(tail, ({ entries, restarted }) => {
        if (restarted) {
          fold = createTaskFold();
          strange = 0;
          isAnew = true;
        }
        for (const entry of entries) {
          if (entry.kind !== 'line') continue;
          const line = readExecutionLine(entry.value, record.home);
          if (line === undefined) strange += 1;
          else if (fold.apply(line) === 'applied' && !isAnew)
            changed.push({ id: line.task_id, record: fold.get(line.task_id) });
        }
      });
      isFirst = false;
      return isAnew ? [] : changed;
    },
  };
}
