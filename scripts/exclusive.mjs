/**
 * One worker at a time in a checkout, across processes, with nothing but the file system.
 *
 * The lock is a file that names its owner: pid, kernel start time (a pid may be used again), host, and a nonce. It appears with its full
 * content (link of a temporary file), so nobody ever reads half a name. An owner may record a child: until that child is gone too, the lock
 * counts as held, because a package manager outlives the script that started it.
 *
 * Taking over from a dead owner is itself done under a lock, named after that owner's nonce, and re-checked inside: two waiters who see the
 * same corpse can therefore never both win, and a waiter who looked too long ago removes nothing that is not the corpse it saw.
 */
import { randomBytes } from 'node:crypto';
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * @typedef {{ pid: number, started: string }} Process
 * @typedef {Process & { host: string, nonce: string, child?: Process }} Owner
 * @typedef {{ working: (pid: number) => void, release: () => void }} Held
 */

/** Kernel start time of a process; undefined when it is gone (a zombie is gone), empty where the system does not tell. @param {number} pid */
export const startOf = (pid) => {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'ESRCH') return undefined; // EPERM: it lives, under another user
  }
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').pop()?.split(' ') ?? [];
    return fields[0] === 'Z' ? undefined : (fields[19] ?? '');
  } catch {
    return ''; // no /proc here: the pid alone has to do
  }
};

/** @param {Process} other */
const isGone = ({ pid, started }) => {
  const now = startOf(pid);
  return now === undefined || (started !== '' && now !== '' && now !== started);
};

/** @param {Owner} owner */
const isDead = (owner) =>
  owner.host === hostname() && isGone(owner) && (owner.child === undefined || isGone(owner.child));

/** @param {string} path @returns {Owner | undefined} */
const readOwner = (path) => {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'ENOENT') return undefined;
    throw new Error(`${path} cannot be read as a lock; remove it if nothing else is running here.`, {
      cause: error,
    });
  }
};

/**
 * Waits until the lock at `path` is ours. `onWait` is told once whom we wait for.
 * @param {string} path
 * @param {(owner: Owner) => void} [onWait]
 * @returns {Promise<Held>}
 */
export const acquire = async (path, onWait = () => {}) => {
  /** @type {Owner} */
  const self = {
    pid: process.pid,
    started: startOf(process.pid) ?? '',
    host: hostname(),
    nonce: randomBytes(8).toString('hex'),
  };
  const temporary = `${path}.${self.nonce}.new`;
  /** @param {Owner} owner */
  const write = (owner) => writeFileSync(temporary, JSON.stringify(owner));
  const held = {
    /** @param {number} pid */
    working(pid) {
      write({ ...self, child: { pid, started: startOf(pid) ?? 'gone' } });
      renameSync(temporary, path);
    },
    release: () => rmSync(path, { force: true }),
  };

  let told = false;
  for (;;) {
    write(self);
    try {
      linkSync(temporary, path);
      return held;
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EEXIST') throw error;
    } finally {
      rmSync(temporary, { force: true });
    }
    const owner = readOwner(path);
    if (owner === undefined) continue; // released just now
    if (isDead(owner)) {
      const heir = await acquire(`${path}.${owner.nonce}`);
      try {
        if (readOwner(path)?.nonce === owner.nonce) {
          write(self);
          renameSync(temporary, path);
          return held;
        }
      } finally {
        heir.release();
      }
    } else {
      if (!told) onWait(owner);
      told = true;
      await sleep(100);
    }
  }
};
