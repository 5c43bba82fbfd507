/** What a checkout needs before it runs: three steps, in order, and how one of their commands is run. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { buildStamp, compiledProjectsOf, installStamp, pageStamp } from './stamps.mjs';

/** A step that did not work: the message says what failed and what to do about it. */
export class BootstrapFailure extends Error {}

/**
 * @typedef {object} Command
 * @property {string} what named when it fails
 * @property {readonly string[]} run program and arguments
 * @property {string} cwd
 * @property {string} remedy
 *
 * @typedef {object} Step
 * @property {string} say told when it is done
 * @property {string} file remembers what it was last done from
 * @property {() => string} stamp hash of what it is done from
 * @property {() => boolean} isThere whether its output still stands
 * @property {'when changed' | 'on request too'} redo
 * @property {() => readonly Command[]} commands
 */

const connection =
  'Check that the npm registry can be reached (npm ping) and that this directory can be written, then run the command again.';
const mend = 'Mend the errors above; `npm run build` shows them again.';

/** @param {string} project */
const isBuilt = (project) =>
  existsSync(join(project, 'dist')) &&
  (!existsSync(join(project, 'dist/main.js')) || existsSync(join(project, 'bundle/main.js')));

/** Tools are called by their files: npx costs a second or two each, and asks. @param {string} root @returns {readonly Step[]} */
export const stepsOf = (root) => {
  /** @param {string} tool @param {readonly string[]} args */
  const node = (tool, ...args) => [process.execPath, join(root, tool), ...args];
  const npmScript = process.env['npm_execpath']; // set by npm itself; npx, pnpm and yarn put their own here
  const npm = npmScript?.endsWith('npm-cli.js') ? [process.execPath, npmScript] : ['npm'];
  const panel = join(root, 'apps/control-panel');
  return [
    {
      say: 'Installing dependencies (the first time takes about 20 s)…',
      file: join(root, 'node_modules/.vivarium-stamp'),
      stamp: () => installStamp(root),
      isThere: () => true,
      redo: 'when changed',
      commands: () => [
        {
          what: 'Installing the package manager',
          run: [...npm, 'ci', '--ignore-scripts', '--no-audit', '--no-fund'],
          // Not by --prefix: that moves npm's global settings too, where a machine may keep its registry and certificates.
          cwd: join(root, 'tools/pnpm'),
          remedy: connection,
        },
        {
          what: 'Installing dependencies',
          run: node(
            'tools/pnpm/node_modules/pnpm/bin/pnpm.cjs',
            'install',
            '--frozen-lockfile',
            '--reporter=append-only',
            '--config.manage-package-manager-versions=false',
            '--config.confirm-modules-purge=false',
          ),
          cwd: root,
          remedy: connection,
        },
      ],
    },
    {
      say: 'Building…',
      file: join(root, 'node_modules/.vivarium-build-stamp'),
      stamp: () => buildStamp(root),
      isThere: () => compiledProjectsOf(root).every(isBuilt),
      redo: 'on request too',
      commands: () => [
        { what: 'Building', run: node('node_modules/ts7/bin/tsc', '-b'), cwd: root, remedy: mend },
        { what: 'Bundling the programs', run: node('scripts/bundle-programs.mjs'), cwd: root, remedy: mend },
      ],
    },
    {
      say: 'Bundling the page…',
      file: join(root, 'node_modules/.vivarium-page-stamp'),
      stamp: () => pageStamp(root),
      isThere: () => !existsSync(join(panel, 'vite.config.ts')) || existsSync(join(panel, 'dist/web')),
      redo: 'on request too',
      commands: () =>
        existsSync(join(panel, 'vite.config.ts'))
          ? [
              {
                what: 'Bundling the page',
                run: node('node_modules/vite/bin/vite.js', 'build', '--logLevel', 'warn'),
                cwd: panel,
                remedy: mend,
              },
            ]
          : [],
    },
  ];
};

/**
 * Runs a command to its end, without input and with its output kept back; a failure shows the last of it.
 * @param {Command} command @param {(pid: number) => void} onStart
 * @returns {Promise<void>}
 */
export const runCommand = ({ what, run: [program = '', ...args], cwd, remedy }, onStart) =>
  new Promise((resolve, reject) => {
    const env = { ...process.env, CI: 'true' };
    const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    if (child.pid !== undefined) onStart(child.pid);
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        output += text;
      });
    }
    /** @param {string} why */
    const fail = (why) => {
      const last = output.trimEnd().split('\n').slice(-40).join('\n');
      reject(new BootstrapFailure(`${last}\n\n${what} failed (${why}). ${remedy}`));
    };
    child.on('error', (error) => fail(error.message));
    child.on('close', (code, signal) => (code === 0 ? resolve() : fail(signal ?? `exit code ${code}`)));
  });
