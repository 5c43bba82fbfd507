/** What the developer's commands say at their end: a green line and a green exit code never without green work. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { root, runTool } from './repository.ts';
import { createToyCheckout } from './toy-checkout.ts';

const lastLine = (output: string): string => output.trimEnd().split('\n').at(-1) ?? '';

describe('the closing line of a test run', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'vivarium-closing-'));
    const reporter = JSON.stringify(join(root, 'scripts/plain-reporter.mjs'));
    writeFileSync(
      join(directory, 'vitest.config.mjs'),
      `export default { test: { globals: true, reporters: ['default', ${reporter}] } };`,
    );
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  const run = async (files: Readonly<Record<string, string>>, ...words: readonly string[]) => {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text);
    const { code, output } = await runTool([
      join(root, 'node_modules/vitest/vitest.mjs'),
      'run',
      '--root',
      directory,
      ...words,
    ]);
    return { code, last: lastLine(output) };
  };

  it('counts what passed, failed and was skipped', async () => {
    const passing = { 'a.test.js': `it('a', () => {}); it('b', () => {}); it.skip('c', () => {});` };
    expect(await run(passing)).toEqual({ code: 0, last: '2 passed, 0 failed, 1 skipped' });
    const failing = { 'b.test.js': `it('d', () => { throw new Error('no'); });` };
    expect(await run(failing)).toEqual({ code: 1, last: '2 passed, 1 failed, 1 skipped' });
  });

  it('a file that does not load, a hook that throws and a stray rejection count as failed', async () => {
    const files = {
      'a.test.js': `import './nowhere.js'; it('a', () => {});`,
      'b.test.js': `describe('b', () => { beforeAll(() => { throw new Error('no'); }); it('b', () => {}); });`,
      'c.test.js': `it('c', async () => { Promise.reject(new Error('stray')); await new Promise((r) => setTimeout(r, 20)); });`,
    };
    expect(await run(files)).toEqual({ code: 1, last: '1 passed, 3 failed, 1 skipped' });
  });

  it('a run in which no test was executed fails', async () => {
    const files = { 'a.test.js': `it('a', () => {});` };
    expect(await run(files, '-t', 'nothing is called so')).toEqual({
      code: 1,
      last: '0 passed, 0 failed, 1 skipped',
    });
    expect((await run({}, 'no-such-file')).code).toBe(1);
  });
});

it('npm run bench without a known name lists the benches and exits with 2', async () => {
  for (const words of [[], ['no-such-bench']]) {
    const { code, output } = await runTool([join(root, 'scripts/bench.mjs'), ...words]);
    expect(code).toBe(2);
    expect(output).toMatch(/Usage: npm run bench -- <name>/);
    expect(output).toMatch(
      /\n {2}bulk\n {2}grind\n {2}latency\n {2}pacing\n {2}pipeline\n {2}queue\n {2}restart\n {2}seal\n$/,
    );
  }
});

it('npm run chaos with words it does not know says how it is called and exits with 2', async () => {
  for (const words of [['--minutes', '0'], ['--tasks', 'many'], ['--gently']]) {
    const { code, output } = await runTool([join(root, 'scripts/chaos.mjs'), ...words]);
    expect(code).toBe(2);
    expect(output).toMatch(/--minutes M[\s\S]*--seed S[\s\S]*--tasks N[\s\S]*--json/);
  }
});

it('npm run prove with words it does not know says how it is called and exits with 2', async () => {
  for (const words of [[], ['everything'], ['control', '--halts', '0'], ['control', '--gently']]) {
    const { code, output } = await runTool([join(root, 'scripts/prove.mjs'), ...words]);
    expect(code).toBe(2);
    expect(output).toMatch(/npm run prove -- control[\s\S]*--halts N[\s\S]*--pauses N/);
  }
});

it('npm run verify runs every check, lists what does not hold, and counts it in its last line', async () => {
  const checkout = createToyCheckout();
  try {
    // The checkout in small has none of the tools: of all the checks only the preparation and, by its stand-in, the compiler succeed.
    checkout.write(
      'package.json',
      '{ "type": "module", "scripts": { "test": "echo && echo 5 passed, 0 failed, 1 skipped" } }',
    );
    mkdirSync(join(checkout.root, 'bench'));
    const { code, output } = await checkout.run('scripts/verify.mjs').done;
    expect(code).toBe(1);
    expect(output).toContain('Does not hold: format, lint, layers, unused code.');
    expect(lastLine(output)).toBe('9 passed, 4 failed, 1 skipped');
  } finally {
    checkout.remove();
  }
});
