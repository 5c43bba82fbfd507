/**
 * Loaded into a process before its program (`node --import`): what `Date` says is off by what stands, in milliseconds, in a file named after the
 * process in the directory `?clocks=`. The monotonic clock and the timers are left alone, as a real step of the wall clock leaves them.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const path = join(new URL(import.meta.url).searchParams.get('clocks') ?? '', String(process.pid));
const LOOK_EVERY_MS = 100;
const RealDate = Date;
let offset = 0;
let lookedAt = -Infinity;

const now = () => {
  const at = performance.now();
  if (at - lookedAt >= LOOK_EVERY_MS) {
    lookedAt = at;
    try {
      offset = Number(readFileSync(path, 'utf8')) || 0;
    } catch {
      // Nobody has moved the clock of this process.
    }
  }
  return RealDate.now() + offset;
};

globalThis.Date = new Proxy(RealDate, {
  construct: (target, words, self) => Reflect.construct(target, words.length === 0 ? [now()] : words, self),
  apply: () => new RealDate(now()).toString(),
  get: (target, name) => (name === 'now' ? now : Reflect.get(target, name)),
});
