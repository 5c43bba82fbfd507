/**
 * The tasks of queue.json, read again only when the file changed. A file that cannot be read (half edited by hand) leaves the tasks last
 * read in place and is named as a fault, with the places the queue itself would name: the page goes on showing what is known.
 */
import { EMPTY_QUEUE, sha256, type HomeLayout, type Task } from '@vivarium/contracts';
import { messageOf, type Files } from '@vivarium/core';
import { loadQueueFile, type LoadedQueue } from '@vivarium/queue';

export interface QueueReader {
  /** `isKnown`: ids that may be depended on although they are not in the file, because the record knows them. */
  read(isKnown: (id: string) => boolean): 'changed' | 'same';
  readonly tasks: readonly Task[];
  /** Changes with the content. */
  readonly version: string;
  readonly fault: string | undefined;
}

export function createQueueReader(layout: HomeLayout, files: Files): QueueReader {
  let loaded: LoadedQueue | undefined;
  let version = '';
  let fault: string | undefined;
  let looked: string | undefined;

  return {
    read(isKnown) {
      const stat = files.stat(layout.queue);
      const look = stat === undefined ? 'none' : `${stat.inode} ${stat.size} ${stat.modifiedMs}`;
      if (look === looked) return 'same';
      looked = look;
      const text = files.readText(layout.queue) ?? JSON.stringify(EMPTY_QUEUE);
      try {
        loaded = loadQueueFile(text, layout.queue, isKnown, loaded);
      } catch (error) {
        fault = messageOf(error);
        return 'same';
      }
      fault = undefined;
      const before = version;
      version = sha256(text).slice(0, 32);
      return version === before ? 'same' : 'changed';
    },
    get tasks() {
      return loaded?.tasks ?? [];
    },
    get version() {
      return version;
    },
    get fault() {
      return fault;
    },
  };
}
