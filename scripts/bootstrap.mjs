/**
 * Makes a checkout ready to run: dependencies installed, sources built, page bundled. Quiet when there is nothing to do.
 *
 * What was done is remembered as hashes of what it was done from (stamps.mjs). A hash is taken before the work and written after it, so an
 * edit or a crash in the middle only means that the step is done again. Works without a terminal, with an empty HOME, as any user who may
 * write here; asks nothing, reads no input, needs no dependency. Two at once do not meet: the second waits for the first (exclusive.mjs).
 */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { acquire } from './exclusive.mjs';
import { buildStamp, installStamp, pageStamp, projectsOf } from './stamps.mjs';

const checkout = dirname(dirname(fileURLToPath(import.meta.url)));
const oldestNode = { major: 20, minor: 19 };

/** A step that did not work: the message says what failed and what to do about it. */
export class BootstrapFailure extends Error {}

/** Why this Node cannot run Vivarium, or undefined. @param {string} version */
export const whyNotNode = (version) => {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
  if (major > oldestNode.major || (major === oldestNode.major && minor >= oldestNode.minor)) return undefined;
  return `Vivarium needs Node ${oldestNode.major}.${oldestNode.minor} or newer; this is ${version}.\nInstall a newer Node (nodejs.org or your version manager) and run the command again.`;
};

/** Runs a program to its end with its output kept back; a failure shows the last of it. @param {string} root @param {(pid: number) => void} onStart */
const runner =
  (root, onStart) =>
  /** @param {string} step @param {string} remedy @param {readonly string[]} command @returns {Promise<void>} */
  (step, remedy, [program = '', ...args], cwd = root) =>
    new Promise((resolve, reject) => {
      const child = spawn(program, args, { cwd, env: { ...process.env, CI: 'true' }, stdio: ['ignore', 'pipe', 'pipe'] });
      if (child.pid !== undefined) onStart(child.pid);
      /** @type {string[]} */
      const output = [];
      for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => output.push(text));
      /** @param {string} why */
      const fail = (why) => {
        const last = output.join('').trimEnd().split('\n').slice(-40).join('\n');
        reject(new BootstrapFailure(`${last}\n\n${step} failed (${why}). ${remedy}`));
      };
      child.on('error', (error) => fail(error.message));
      child.on('close', (code, signal) => (code === 0 ? resolve() : fail(signal ?? `exit code ${code}`)));
    });

/**
 * The three steps, in order: each with the file that remembers it and the hash of what it is made from.
 * @param {string} root
 */
const stepsOf = (root) => {
  /** @param {string} tool @param {readonly string[]} args */
  const node = (tool, ...args) => [process.execPath, join(root, tool), ...args];
  const npmScript = process.env['npm_execpath']; // set by npm itself; npx, pnpm and yarn set their own here
  const npm = npmScript?.endsWith('npm-cli.js') ? [process.execPath, npmScript] : ['npm'];
  const panel = join(root, 'apps/control-panel');
  const pnpmFlags = ['--frozen-lockfile', '--reporter=append-only', '--config.manage-package-manager-versions=false', '--config.confirm-modules-purge=false'];
  const offline = 'Check that the npm registry can be reached (npm ping) and that this directory can be written, then run the command again.';
  const mend = 'Mend the errors above; `npm run build` shows them again.';
  return [
    {
      say: 'Installing dependencies (the first time takes about 20 s)…',
      file: join(root, 'node_modules/.vivarium-stamp'),
      stamp: () => installStamp(root),
      isThere: () => true,
      forced: false,
      // In its directory, not with --prefix: that would also move npm's global settings, where a machine keeps its registry and certificates.
      commands: () => [
        { step: 'Installing the package manager', remedy: offline, command: [...npm, 'ci', '--ignore-scripts', '--no-audit', '--no-fund'], cwd: join(root, 'tools/pnpm') },
        { step: 'Installing dependencies', remedy: offline, command: node('tools/pnpm/node_modules/pnpm/bin/pnpm.cjs', 'install', ...pnpmFlags), cwd: root },
      ],
    },
    {
      say: 'Building…',
      file: join(root, 'node_modules/.vivarium-build-stamp'),
      stamp: () => buildStamp(root),
      isThere: () => projectsOf(root).every((project) => !existsSync(join(project, 'tsconfig.json')) || existsSync(join(project, 'dist'))),
      forced: true,
      commands: () => [{ step: 'Building', remedy: mend, command: node('node_modules/ts7/bin/tsc', '-b'), cwd: root }],
    },
    {
      say: 'Bundling the page…',
      file: join(root, 'node_modules/.vivarium-page-stamp'),
      stamp: () => pageStamp(root),
      isThere: () => existsSync(join(panel, 'dist')),
      forced: true,
      commands: () =>
        existsSync(join(panel, 'vite.config.ts'))
          ? [{ step: 'Bundling the page', remedy: mend, command: node('node_modules/vite/bin/vite.js', 'build', '--logLevel', 'warn'), cwd: panel }]
          : [],
    },
  ];
};

/**
 * @param {{ root?: string, rebuild?: boolean, say?: (line: string) => void }} [options] `rebuild`: build even when nothing changed.
 * @throws {BootstrapFailure}
 */
export const bootstrap = async ({ root = checkout, rebuild = false, say = (line) => process.stderr.write(`${line}\n`) } = {}) => {
  const unfit = whyNotNode(process.version);
  if (unfit !== undefined) throw new BootstrapFailure(unfit);
  const steps = stepsOf(root);
  /** @param {typeof steps[number]} step */
  const isDone = (step) => !(rebuild && step.forced) && existsSync(step.file) && readFileSync(step.file, 'utf8') === step.stamp() && step.isThere();
  if (steps.every(isDone)) return;

  const lock = await acquire(join(root, '.bootstrap.lock'), ({ pid }) => say(`Process ${pid} is preparing this checkout; waiting for it…`)).catch((error) => {
    throw new BootstrapFailure(`This checkout has to be installed or built, but cannot be written: ${error.message}.\nUse a copy that belongs to you.`);
  });
  try {
    const run = runner(root, lock.working);
    for (const step of steps) {
      if (isDone(step)) continue; // asked again, and only now: somebody else may have done it, or an earlier step undone it
      const stamp = step.stamp();
      const commands = step.commands();
      if (commands.length > 0) say(step.say);
      for (const { step: name, remedy, command, cwd } of commands) await run(name, remedy, command, cwd);
      writeFileSync(step.file, stamp);
    }
  } finally {
    lock.release();
  }
};

/** For the scripts that begin with a bootstrap: a failure is told without a stack, and ends the process. @param {Parameters<typeof bootstrap>[0]} [options] */
export const bootstrapOrExit = async (options) => {
  try {
    await bootstrap(options);
  } catch (error) {
    if (!(error instanceof BootstrapFailure)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  }
};

const isCommand = process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url);
if (isCommand) await bootstrapOrExit({ rebuild: process.argv.includes('--build') });
