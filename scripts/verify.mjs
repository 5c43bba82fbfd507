/**
 * `npm run verify`: everything that has to hold, the same here and in CI. Every check runs, whatever the ones before it said; what failed is
 * listed at the end. The last line counts the checks among the tests, so that it is never greener than the whole.
 */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bootstrap } from './bootstrap.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const limit = 18 * 60_000;
const node = process.execPath;
const pages = readdirSync(join(root, 'apps'))
  .map((app) => `apps/${app}/web`)
  .filter((web) => existsSync(join(root, web, 'tsconfig.json')));
const tsc = 'node_modules/ts7/bin/tsc';

/** @type {readonly (readonly [name: string, ...command: string[]])[]} */
const checks = [
  ['format', node, 'node_modules/oxfmt/bin/oxfmt', '--check'],
  ['lint', node, 'node_modules/oxlint/bin/oxlint'],
  ['types', node, tsc, '-b', 'tsconfig.json', 'bench'],
  ['types of the tests', node, tsc, '-p', 'packages/e2e'],
  ['types of the scripts', node, tsc, '-p', 'scripts'],
  ...pages.map((web) => /** @type {const} */ ([`types of ${web}`, node, tsc, '--noEmit', '-p', web])),
  ['layers', node, 'scripts/check-layers.mjs'],
  ['unused code', node, 'node_modules/knip/bin/knip.js', '--no-progress', '--no-config-hints'],
];

/**
 * Runs a program from the root, without input. Its output is told to `hear` as it comes.
 * @param {readonly string[]} command @param {(text: string) => void} hear @returns {Promise<boolean>} whether it succeeded
 */
const succeeds = ([program = '', ...args], hear) =>
  new Promise((resolve) => {
    const child = spawn(program, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], timeout: limit });
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', hear);
    child.on('error', (error) => hear(`${error.message}\n`));
    child.on('close', (code) => resolve(code === 0));
  });

/** @param {string} text */
const say = (text) => {
  process.stdout.write(text);
};

/** @type {{ name: string, passed: boolean, seconds: number }[]} */
const results = [];
/** @param {string} name @param {() => Promise<boolean>} work */
const timed = async (name, work) => {
  const began = performance.now();
  const passed = await work();
  results.push({ name, passed, seconds: (performance.now() - began) / 1000 });
};

await timed('install and build', () =>
  bootstrap({ say: (line) => say(`${line}\n`) }).then(
    () => true,
    (error) => {
      say(`${error.message}\n`);
      return false;
    },
  ),
);
for (const [name, ...command] of checks) {
  await timed(name, async () => {
    let output = '';
    const passed = await succeeds(command, (text) => {
      output += text;
    });
    say(passed ? `✓ ${name}\n` : `\n✗ ${name}: ${command.slice(1).join(' ')}\n${output}\n`);
    return passed;
  });
}
let tail = '';
// The README's command itself, not what stands behind it.
await timed('tests', () =>
  succeeds(['npm', 'test', '--silent'], (text) => {
    tail = (tail + text).slice(-10_000);
    say(text);
  }),
);

say('\n');
for (const { name, passed, seconds } of results)
  say(`${passed ? '✓' : '✗'} ${name.padEnd(24)}${seconds.toFixed(1).padStart(7)} s\n`);
const failed = results.filter(({ passed }) => !passed).map(({ name }) => name);
say(failed.length === 0 ? 'Everything holds.\n' : `Does not hold: ${failed.join(', ')}.\n`);

// "N passed, N failed, N skipped": the tests' own count, plus one for each other check. Without a count the tests themselves are one failure.
const [, passedTests = 0, failedTests = 1, skippedTests = 0] =
  [...tail.matchAll(/^(\d+) passed, (\d+) failed, (\d+) skipped$/gm)].at(-1)?.map(Number) ?? [];
const others = results.filter(({ name }) => name !== 'tests');
const failedOthers = others.filter(({ passed }) => !passed).length;
const lost = failed.includes('tests') && failedTests === 0 ? 1 : 0;
say(
  `\n${passedTests + others.length - failedOthers} passed, ${failedTests + failedOthers + lost} failed, ${skippedTests} skipped\n`,
);
process.exitCode = failed.length === 0 ? 0 : 1;
