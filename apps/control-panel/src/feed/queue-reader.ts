/**
 * The tasks that are wanted, as the panel shows them: read again only when they changed. A queue.json that cannot be read (half edited by hand) leaves
 * the tasks last read in place and is named as a fault, with the places the queue itself would name: the page goes on showing what is known.
 */
import type { HomeLayout, RecordStore, Task } from '@vivarium/contracts';
import { messageOf, type Clock, type Files } from '@vivarium/core';
import { createWantedTasks, type WantedTasks } from '@vivarium/queue';

export interface QueueReader {
  /** `isKnown`: ids that may be depended on although they are not in the queue, because the record knows them. */
  read(isKnown: (id: string) => boolean): 'changed' | 'same';
  readonly tasks: readonly Task[];
  /** Changes with the content. */
  readonly version: string;
  readonly fault: string | undefined;
}

export function createQueueReader(
  layout: HomeLayout,
  files: Files,
  clock: Clock,
  record: Pick<RecordStore, 'tail'>,
): QueueReader {
  let fault: string | undefined;
  let told: string | undefined;
  let wanted: WantedTasks = { version: '', tasks: [] };
  let version = '';
  const reader = createWantedTasks({
    layout,
    files,
    clock,
    record,
    onProblem: (problem) => (told = problem.message),
  });

  return {
    read(isKnown) {
      try {
        const before = wanted;
        wanted = reader.read(isKnown);
        if (wanted.version !== before.version) told = undefined;
        fault = told;
      } catch (error) {
        // There has been no good version yet.
        fault = messageOf(error);
        return 'same';
      }
      const now = `${wanted.version}/${wanted.tasks.length}`;
      if (now === version) return 'same';
      version = now;
      return 'changed';
    },
    get tasks() {
      return wanted.tasks;
    },
    get version() {
      return version;
    },
    get fault() {
      return fault;
    },
  };
}
