/** The engines and their twins under the same suites. */
import { mkdirSync, mkdtempSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createNodeClock } from './clock.ts';
import { createNodeFileLock } from './file-lock.ts';
import { createNodeFiles } from './files.ts';
import { createManualClock } from './memory/clock.ts';
import { createMemoryDisk } from './memory/disk.ts';
import { createMemoryMachine } from './memory/machine.ts';
import { describeClock } from './testing/describe-clock.ts';
import { describeFileLock } from './testing/describe-file-lock.ts';
import { describeFiles } from './testing/describe-files.ts';

const temporaryDirectory = (): { readonly directory: string; readonly stop: () => void } => {
  const directory = mkdtempSync(join(tmpdir(), 'vivarium-platform-'));
  return { directory, stop: () => rmSync(directory, { recursive: true, force: true }) };
};
const sleep = async (duration: number): Promise<void> => createNodeClock().sleep(duration);

describeFiles('on disk', () => ({
  ours: createNodeFiles(),
  theirs: createNodeFiles(),
  pass: sleep,
  ...temporaryDirectory(),
}));

describeFiles('in memory', () => {
  const disk = createMemoryDisk();
  const clock = createManualClock();
  const ours = createMemoryMachine({ disk, clock }).files;
  ours.makeDirectory('/home');
  const theirs = createMemoryMachine({ disk, clock }).files;
  return { ours, theirs, directory: '/home', pass: (ms) => clock.advance(ms), stop: () => undefined };
});

describeFileLock('on disk', () => {
  const { directory, stop } = temporaryDirectory();
  return {
    ours: createNodeFileLock(),
    theirs: createNodeFileLock(),
    path: join(directory, 'queue.json'),
    pass: sleep,
    // What the next holder does with a lock that looks stale: remove it, make its own, and keep it fresh from then on.
    steal: (path) => {
      rmSync(`${path}.lock`, { recursive: true });
      mkdirSync(`${path}.lock`);
      const later = new Date(Date.now() + 6_000);
      utimesSync(`${path}.lock`, later, later);
    },
    stop,
  };
});

describeFileLock('in memory', () => {
  const disk = createMemoryDisk();
  const ours = createMemoryMachine({ disk });
  return {
    ours: ours.fileLock,
    theirs: createMemoryMachine({ disk, clock: ours.clock }).fileLock,
    path: '/home/queue.json',
    pass: ours.clock.advanceSettled,
    steal: (path) => void ours.fileLock.compromise(path),
    stop: () => undefined,
  };
});

describeClock('of Node', () => ({ clock: createNodeClock(), pass: sleep }));

describeClock('moved by hand', () => {
  const { clock } = createMemoryMachine();
  return { clock, pass: clock.advanceSettled };
});
