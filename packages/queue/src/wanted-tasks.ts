/**
 * What is wanted: the tasks of queue.json and, behind them, those of queue.d/. One reading of both for everybody who needs it. Owns the list; talks to
 * the readers of the two.
 *
 * - Q6: additions at the end of a segment are added to the list; everything else makes a new one, under another version.
 * - An id that stands twice means the first: queue.json goes before the segments, and they in their order.
 */
import type { HomeLayout, RecordStore, Task } from '@vivarium/contracts';
import { VivariumError, type Clock, type Files } from '@vivarium/core';
import { quote } from './plan/graph.ts';
import type { LoadedQueue } from './queue-file.ts';
import { createQueueReader } from './queue-reader.ts';
import { createSegments } from './segments.ts';

export interface WantedTasks {
  /** Changes with anything but an addition at the end. */
  readonly version: string;
  /** In order. While the version is the same it is the same list, which may have grown. */
  readonly tasks: readonly Task[];
}

export interface WantedTasksReader {
  /**
   * `isKnown`: ids that may be depended on without being in the queue. Throws `queue_unreadable` when queue.json has had no good version yet; a broken
   * edit leaves the last good one in force.
   */
  read(isKnown: (id: string) => boolean): WantedTasks;
}

export interface WantedTasksOptions {
  readonly layout: HomeLayout;
  readonly files: Files;
  readonly clock: Clock;
  readonly record: Pick<RecordStore, 'tail'>;
  /** Told once for each broken version of queue.json that stays, and for lines of segments that cannot be used. */
  readonly onProblem?: ((problem: VivariumError) => void) | undefined;
}

const MOST_FAULTS_TOLD = 3;

export function createWantedTasks(options: WantedTasksOptions): WantedTasksReader {
  const { layout, files, clock, record, onProblem } = options;
  const reader = createQueueReader({ path: layout.queue, files, clock, onProblem });
  const segments = createSegments({ layout, files, record, clock });
  let fromFile: LoadedQueue | undefined;
  let bulk: Task[] = [];
  let ids = new Set<string>();
  let tasks: Task[] = [];
  /** How many of `bulk` are in the list. */
  let taken = 0;
  let version = '';
  let restarts = 0;

  const append = (added: readonly Task[], faults: string[]): void => {
    for (const task of added) {
      if (ids.has(task.id)) {
        faults.push(`${quote(task.id)} stands in the queue twice; the later one is passed over`);
        continue;
      }
      ids.add(task.id);
      tasks.push(task);
    }
  };
  const tell = (faults: readonly string[]): void => {
    if (faults.length === 0) return;
    const more = faults.length > MOST_FAULTS_TOLD ? [`and ${faults.length - MOST_FAULTS_TOLD} more`] : [];
    onProblem?.(
      new VivariumError('queue_unreadable', [...faults.slice(0, MOST_FAULTS_TOLD), ...more].join('\n'), {
        remedy: { kind: 'retry' },
        hint: 'The other tasks are worked on. Add those that were passed over again, with `orchestrator add`.',
      }),
    );
  };

  return {
    read(isKnown) {
      const news = segments.read();
      const faults = [...news.faults];
      if (news.restarted) {
        bulk = [];
        restarts += 1;
      }
      for (const task of news.added) bulk.push(task);
      // Segments first: tasks of queue.json may depend on theirs.
      let bulkIds: ReadonlySet<string> | undefined;
      const isBulk = (id: string): boolean => (bulkIds ??= new Set(bulk.map((task) => task.id))).has(id);
      const file = reader.read((id) => isBulk(id) || isKnown(id));
      // From where the list ends: what was read by a call that then failed is taken now.
      if (file === fromFile && !news.restarted) append(bulk.slice(taken), faults);
      else {
        fromFile = file;
        version = `${reader.version}${restarts === 0 ? '' : `-${restarts}`}`;
        tasks = [...file.tasks];
        ids = new Set(tasks.map(({ id }) => id));
        append(bulk, faults);
      }
      taken = bulk.length;
      tell(faults);
      return { version, tasks };
    },
  };
}
