/**
 * A checkout in small: the real scripts/ and bin/, one package, one app, and stand-ins for npm, pnpm and tsc that leave a line in
 * calls.log where the real ones would take seconds and a network. What is tested is what the scripts do around them.
 */
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { spawn, type ChildProcess } from 'node:child_process';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const repository = fileURLToPath(new URL('../../..', import.meta.url));

export interface Run {
  readonly child: ChildProcess;
  readonly done: Promise<{ readonly code: number | null; readonly output: string }>;
}

export interface ToyCheckout {
  readonly root: string;
  write(path: string, text: string): void;
  exists(path: string): boolean;
  /** What the stand-ins were asked, in order. */
  calls(): readonly string[];
  /** Starts a script of the checkout with Node, from `cwd`. */
  run(script: string, args?: readonly string[], cwd?: string): Run;
  remove(): void;
}

/** A stand-in says that it began, waits while the file `hold` exists, fails while the file `fail` does, and says that it ended. */
const standIn = (name: string, effect: string) => `
const { appendFileSync, existsSync, mkdirSync, writeFileSync } = require('node:fs');
const { dirname } = require('node:path');
const root = process.env.TOY_ROOT;
const put = (path, text) => { mkdirSync(dirname(root + path), { recursive: true }); writeFileSync(root + path, text); };
appendFileSync(root + '/calls.log', '${name} begins\\n');
const wait = () => {
  if (existsSync(root + '/hold')) return setTimeout(wait, 5);
  if (existsSync(root + '/fail')) { console.log('no space left'); process.exit(3); }
  ${effect}
  appendFileSync(root + '/calls.log', '${name} ends\\n');
};
wait();
`;

const tsc = standIn(
  'tsc',
  `put('/packages/a/dist/index.js', ''); put('/apps/orchestrator/dist/main.js', '');`,
);
/** Stands for the bundler: each program says how it was called. */
const vite = `
import { mkdirSync, writeFileSync } from 'node:fs';
export const build = async ({ root, build: { outDir } }) => {
  mkdirSync(root + '/' + outDir, { recursive: true });
  writeFileSync(root + '/' + outDir + '/main.js', ${JSON.stringify(
    'console.log(JSON.stringify({ pid: process.pid, cwd: process.cwd(), args: process.argv.slice(2) }));',
  )});
};
`;
const VITE_MANIFEST = '{ "type": "module", "exports": "./index.js" }';
const pnpm = standIn(
  'pnpm',
  `put('/node_modules/ts7/bin/tsc', ${JSON.stringify(tsc)}); put('/node_modules/vite/index.js', ${JSON.stringify(vite)}); put('/node_modules/vite/package.json', ${JSON.stringify(VITE_MANIFEST)});`,
);
const npm = standIn('npm', `put('/tools/pnpm/node_modules/pnpm/bin/pnpm.cjs', ${JSON.stringify(pnpm)});`);

export const createToyCheckout = (): ToyCheckout => {
  const root = mkdtempSync(join(tmpdir(), 'vivarium-checkout-'));
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  for (const name of ['scripts', 'bin'])
    cpSync(join(repository, name), join(root, name), { recursive: true });
  chmodSync(join(root, 'bin/orchestrator'), 0o755);
  write('package.json', '{ "type": "module" }');
  write('node_modules/ts7/package.json', '{ "type": "commonjs" }');
  for (const name of ['pnpm-lock.yaml', 'pnpm-workspace.yaml', 'tsconfig.base.json']) write(name, '');
  write('tsconfig.json', '{ "references": [{ "path": "packages/a" }, { "path": "apps/orchestrator" }] }');
  for (const name of ['package.json', 'package-lock.json']) write(`tools/pnpm/${name}`, '{}');
  for (const project of ['packages/a', 'apps/orchestrator'])
    write(`${project}/package.json`, '{ "type": "module" }');
  write('packages/a/src/index.ts', 'export {};');
  write('fake/npm-cli.js', npm);
  write('fake/package.json', '{ "type": "commonjs" }');

  const env = {
    PATH: process.env['PATH'],
    HOME: root,
    TOY_ROOT: root,
    npm_execpath: join(root, 'fake/npm-cli.js'),
  };
  return {
    root,
    write,
    exists: (path) => existsSync(join(root, path)),
    calls: () =>
      existsSync(join(root, 'calls.log'))
        ? readFileSync(join(root, 'calls.log'), 'utf8').trim().split('\n')
        : [],
    run(script, args = [], cwd = root) {
      const child = spawn(process.execPath, [join(root, script), ...args], {
        cwd,
        env,
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let output = '';
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (text: Buffer) => (output += text.toString()));
      return {
        child,
        done: new Promise((resolve) => child.on('close', (code) => resolve({ code, output }))),
      };
    },
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
};

/** Resolves when `predicate` holds; asks every few milliseconds, because what it asks about is another process. */
export const until = async (predicate: () => boolean): Promise<void> => {
  while (!predicate()) await new Promise((resolve) => setTimeout(resolve, 5));
};
