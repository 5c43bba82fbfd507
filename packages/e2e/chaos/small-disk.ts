/**
 * The disk the home lies on: a small one of its own in memory, when this process may mount one, because filling the machine's own would hurt
 * others. Owns the mount and the ballast that fills it.
 */
import { spawnSync } from 'node:child_process';
import { closeSync, ftruncateSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

export interface SmallDisk {
  readonly isFull: boolean;
  /** Until nothing more can be written, but for `sparePages` of 4 KiB. */
  fill(sparePages: number): void;
  free(): void;
  /** Idempotent. */
  unmount(): void;
}

const PAGE = 4_096;

/** Undefined, with the reason, where it may not be mounted. */
export function mountSmallDisk(directory: string, megabytes: number): SmallDisk | string {
  if (process.getuid?.() !== 0) return 'only root may mount a disk';
  const options = ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=0755`, 'vivarium-chaos', directory];
  const { status, stderr, error } = spawnSync('mount', options, { encoding: 'utf8' });
  if (status !== 0) return error?.message ?? stderr.trim();

  const ballast = join(directory, '.ballast');
  let isFull = false;
  let isMounted = true;
  return {
    get isFull() {
      return isFull;
    },
    fill(sparePages) {
      const file = openSync(ballast, 'w');
      isFull = true;
      let size = 0;
      for (let block = 1 << 20; block >= PAGE;) {
        try {
          size += writeSync(file, Buffer.alloc(block), 0, block, size);
        } catch {
          block /= 2;
        }
      }
      ftruncateSync(file, Math.max(0, size - sparePages * PAGE));
      closeSync(file);
    },
    free() {
      isFull = false;
      if (isMounted) rmSync(ballast, { force: true });
    },
    unmount() {
      if (!isMounted) return;
      isMounted = false;
      // A process that is just ending may still stand in it: lazily, then.
      if (spawnSync('umount', [directory]).status !== 0) spawnSync('umount', ['-l', directory]);
    },
  };
}
