/**
 * The system calls a task cannot do without, and nothing else. Per task a lock file that appears complete (temporary file, link, unlink of the
 * temporary), a line appended when it begins and one when it ends, and the lock's removal; with `fsync` the end is also synced to the disk.
 */
import { closeSync, fdatasyncSync, linkSync, openSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Durability } from '@vivarium/contracts';

export interface Sizes {
  readonly lock: number;
  readonly claim: number;
  readonly finish: number;
}

export interface BareRecord {
  begin(task: number): void;
  end(task: number): void;
  close(): void;
}

export function openBareRecord(
  directory: string,
  name: string,
  sizes: Sizes,
  durability: Durability,
): BareRecord {
  const lock = Buffer.alloc(sizes.lock, 'x');
  const claim = Buffer.alloc(sizes.claim, 'x');
  const finish = Buffer.alloc(sizes.finish, 'x');
  const log = openSync(join(directory, 'bare.jsonl'), 'a');
  const pathOf = (task: number): string => join(directory, `${name}-${task}.lock`);
  return {
    begin(task) {
      const path = pathOf(task);
      const temporary = `${path}.tmp`;
      const fd = openSync(temporary, 'wx');
      writeSync(fd, lock);
      closeSync(fd);
      linkSync(temporary, path);
      unlinkSync(temporary);
      writeSync(log, claim);
    },
    end(task) {
      writeSync(log, finish);
      if (durability === 'fsync') fdatasyncSync(log);
      unlinkSync(pathOf(task));
    },
    close: () => closeSync(log),
  };
}
