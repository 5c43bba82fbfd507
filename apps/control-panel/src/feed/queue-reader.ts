/**
 * The tasks of queue.json, read again only when the file changed. A file that cannot be read (half edited by hand) leaves the tasks last
 * read in place and is named as a fault: the page goes on showing what is known.
 */
import { EMPTY_QUEUE, type HomeLayout, QueueFile, sha256, type Task } from '@vivarium/contracts';
import { messageOf, type Files } from '@vivarium/core';

export interface QueueReader {
  read(): 'changed' | 'same';
  readonly tasks: readonly Task[];
  /** Changes with the content. */
  readonly version: string;
  readonly fault: string | undefined;
}

export function createQueueReader(layout: HomeLayout, files: Files): QueueReader {
  let tasks: readonly Task[] = [];
  let version = '';
  let fault: string | undefined;
  let looked = '';

  return {
    read() {
      const stat = files.stat(layout.queue);
      const look = stat === undefined ? 'none' : `${stat.inode} ${stat.size} ${stat.modifiedMs}`;
      if (look === looked) return 'same';
      looked = look;
      const text = files.readText(layout.queue) ?? JSON.stringify(EMPTY_QUEUE);
      const before = version;
      const parsed = parseQueue(text);
      if (typeof parsed === 'string') {
        fault = parsed;
        return 'same';
      }
      fault = undefined;
      tasks = parsed;
      version = sha256(text).slice(0, 32);
      return version === before ? 'same' : 'changed';
    },
    get tasks() {
      return tasks;
    },
    get version() {
      return version;
    },
    get fault() {
      return fault;
    },
  };
}

/** The tasks, or what is wrong with the file. */
function parseQueue(text: string): readonly Task[] | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return `queue.json is not JSON: ${messageOf(error)}`;
  }
  const parsed = QueueFile.safeParse(value);
  if (parsed.success) return parsed.data.tasks;
  const first = parsed.error.issues[0];
  return `queue.json: ${first?.path.join('.') ?? ''} ${first?.message ?? ''}`;
}
