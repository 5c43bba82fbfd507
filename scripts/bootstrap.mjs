/**
 * Makes a checkout ready to run: dependencies installed, sources built, page bundled. Quiet when there is nothing to do.
 *
 * What was done is remembered as hashes of what it was done from (stamps.mjs). A hash is taken before the work and written after it, so an
 * edit or a crash in the middle only means that the step is done again. Works without a terminal, with an empty HOME, as any user who may
 * write here; asks nothing, reads no input, needs no dependency. Two at once do not meet: the second waits for the first (exclusive.mjs).
 */
import { existsSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BootstrapFailure, runCommand, stepsOf } from './bootstrap-steps.mjs';
import { acquire } from './exclusive.mjs';

const checkout = dirname(dirname(fileURLToPath(import.meta.url)));
/** The first minor of each line that all dependencies run on; lines that are not here, and are not newer than all of them, are left out. */
const oldestMinors = new Map([
  [20, 19],
  [22, 13],
  [24, 0],
]);

/** Why this Node cannot run Vivarium, or undefined. @param {string} version */
export const whyNotNode = (version) => {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
  const oldestMinor = major > Math.max(...oldestMinors.keys()) ? 0 : oldestMinors.get(major);
  if (oldestMinor !== undefined && minor >= oldestMinor) return undefined;
  return [
    `Vivarium needs Node 20.19 or newer of 20, 22.13 or newer of 22, or 24 and up; this is ${version}.`,
    'Install one of them (from nodejs.org or by your version manager) and run the command again.',
  ].join('\n');
};

/**
 * @param {object} [options]
 * @param {string} [options.root] the checkout
 * @param {boolean} [options.rebuild] build and bundle even when nothing changed
 * @param {(line: string) => void} [options.say] told of each step that is done
 * @throws {BootstrapFailure}
 */
export const bootstrap = async ({ root = checkout, rebuild = false, say = sayOnStderr } = {}) => {
  const unfit = whyNotNode(process.version);
  if (unfit !== undefined) throw new BootstrapFailure(unfit);

  const steps = stepsOf(root);
  /** @param {import('./bootstrap-steps.mjs').Step} step */
  const isDone = ({ file, stamp, isThere, redo }) =>
    !(rebuild && redo === 'on request too') &&
    existsSync(file) &&
    readFileSync(file, 'utf8') === stamp() &&
    isThere();
  if (steps.every(isDone)) return;

  const lock = await acquire(join(root, '.bootstrap.lock'), ({ pid }) =>
    say(`Process ${pid} is preparing this checkout; waiting for it…`),
  ).catch((/** @type {Error} */ error) => {
    throw new BootstrapFailure(
      `This checkout is to be installed or built, but cannot be written: ${error.message}\nUse a clone that belongs to you.`,
    );
  });
  try {
    for (const step of steps) {
      if (isDone(step)) continue; // asked again, and only now: somebody else may have done it meanwhile
      const stamp = step.stamp();
      const commands = step.commands();
      if (commands.length > 0) say(step.say);
      for (const command of commands) await runCommand(command, lock.working);
      writeFileSync(step.file, stamp);
    }
  } finally {
    lock.release();
  }
};

/** @param {string} line */
const sayOnStderr = (line) => {
  process.stderr.write(`${line}\n`);
};

/**
 * For the scripts that begin with a bootstrap: a failure is told without a stack, and ends the process.
 * @param {Parameters<typeof bootstrap>[0]} [options]
 */
export const bootstrapOrExit = async (options) => {
  try {
    await bootstrap(options);
  } catch (error) {
    if (!(error instanceof BootstrapFailure)) throw error;
    sayOnStderr(error.message);
    process.exit(1);
  }
};

const isCommand =
  process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url);
if (isCommand) await bootstrapOrExit({ rebuild: process.argv.includes('--build') });
