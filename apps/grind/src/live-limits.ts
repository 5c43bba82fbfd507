/**
 * The caps an operator may change while grind is up (`budget set`): those of a UTC day and of requests that name no run. Owns what was last read of `.env`; looks at the file before a
 * call is admitted, at most ten times a second; one that was written this very moment is looked at once more before it counts. A file that is wrong changes nothing and is told once: what was in force stays.
 */
import {
  messageOf,
  type Clock,
  type Files,
  type FileStat,
  type Milliseconds,
  type NanoUsd,
} from '@vivarium/core';

export interface Limits {
  /** For the requests of a day that name no run. */
  readonly directCap: NanoUsd;
  /** For everything that is held on a UTC day. */
  readonly dayCap: NanoUsd;
}

const LOOK_EVERY_MS: Milliseconds = 100;
/** An editor that empties a file and then writes it has done so by then. */
const WRITTEN_AFTER_MS: Milliseconds = 200;

export function createLiveLimits({
  path,
  files,
  clock,
  read,
  onFault,
}: {
  /** Of the `.env` of the home. */
  readonly path: string;
  readonly files: Pick<Files, 'stat'>;
  readonly clock: Clock;
  /** The whole configuration, read anew; throws when it is wrong. */
  readonly read: () => Limits;
  readonly onFault: (detail: string) => void;
}): Limits {
  const markOf = (stat: FileStat | undefined): string =>
    stat === undefined ? '' : `${stat.inode} ${stat.size} ${stat.modifiedMs}`;
  let mark = markOf(files.stat(path));
  /** Seen once, and not gone by yet: it may be half written, or away for a moment. */
  let fresh = mark;
  let lookedAt = clock.monotonic();
  let limits = read();
  /** The last look failed, and that was told. */
  let isBlind = false;
  const look = (): Limits => {
    const now = clock.monotonic();
    if (now - lookedAt < LOOK_EVERY_MS) return limits;
    lookedAt = now;
    let stat: FileStat | undefined;
    try {
      stat = files.stat(path);
    } catch (error) {
      if (!isBlind) onFault(`.env cannot be looked at, so the caps stay as they were. ${messageOf(error)}`);
      isBlind = true;
      return limits;
    }
    isBlind = false;
    const found = markOf(stat);
    if (found === mark) return limits;
    const age = stat === undefined ? 0 : clock.now().getTime() - stat.modifiedMs;
    if (found !== fresh && age >= 0 && age < WRITTEN_AFTER_MS) {
      fresh = found;
      return limits;
    }
    mark = found;
    try {
      limits = read();
    } catch (error) {
      onFault(`.env was changed and cannot be used, so the caps stay as they were. ${messageOf(error)}`);
    }
    return limits;
  };
  return {
    get directCap() {
      return look().directCap;
    },
    get dayCap() {
      return look().dayCap;
    },
  };
}
