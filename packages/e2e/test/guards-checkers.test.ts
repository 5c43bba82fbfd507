/**
 * A checker counts only when it is seen failing: each one is run on a tree that keeps the rules (and says so), then on the same tree with
 * faults planted (and names each), then on the repository itself.
 */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPlantedTree, type PlantedTree } from './planted-tree.ts';
import { root, runTool } from './repository.ts';

const tool = (path: string): string => join(root, 'node_modules', path);
const checkers = {
  layers: (directory: string) => runTool([join(root, 'scripts/check-layers.mjs'), directory], directory),
  lint: (directory: string) => runTool([tool('oxlint/bin/oxlint'), '--format=unix'], directory),
  format: (directory: string) => runTool([tool('oxfmt/bin/oxfmt'), '--list-different'], directory),
  unused: (directory: string) =>
    runTool(
      [tool('knip/bin/knip.js'), '--no-progress', '--no-config-hints', '--reporter=compact'],
      directory,
    ),
};

/** Where a fault is planted, what it is, and what its checker has to say of it. */
type Fault = readonly [path: string, text: string, says: string];

const layerFaults: readonly Fault[] = [
  [
    'packages/budget/src/reads-disk.ts',
    `import '@vivarium/home';`,
    'constitution|budget|ledger-imports-only',
  ],
  ['packages/core/src/climbs.ts', `import '@vivarium/contracts';`, 'core-imports-only-itself'],
  ['packages/contracts/src/climbs.ts', `import '@vivarium/queue';`, 'contracts-imports-only-core'],
  ['packages/safety/src/spends.ts', `import '@vivarium/budget';`, 'safety-imports-only'],
  ['packages/community/src/judges.ts', `import '@vivarium/safety';`, 'community-imports-only'],
  ['packages/queue/src/sideways.ts', `import '@vivarium/platform';`, 'imports-only-core|contracts'],
  ['packages/home/src/rules.ts', `import type {} from '@vivarium/budget';`, 'imports-only-core|contracts'],
  ['packages/platform/src/app.ts', `import '../../../apps/grind/src/main.ts';`, 'packages-import-no-app'],
  ['apps/worker/src/app.ts', `import '../../grind/src/main.ts';`, 'apps-import-no-app'],
  ['apps/worker/src/tests.ts', `import '@vivarium/e2e';`, 'nothing-depends-on-e2e'],
  ['apps/worker/src/inside.ts', `import '../../../packages/queue/src/inner.ts';`, 'only-through-the-entry'],
  ['packages/queue/src/inner.ts', `import './index.ts';`, ''],
  ['packages/queue/src/testing/index.ts', `import '../index.ts';`, ''],
  [
    'apps/worker/src/twins.ts',
    `import '../../../packages/queue/src/testing/index.ts';`,
    'testing-only-from-tests',
  ],
  ['packages/ledger/src/files.ts', `import 'node:fs';`, 'pure-knows-no-node'],
  ['packages/queue/src/plan/files.ts', `import 'node:fs';`, 'pure-knows-no-node'],
  ['packages/safety/src/hash.ts', `import 'node:crypto';`, 'hashing-only-in-contracts'],
  ['packages/core/src/library.ts', `import 'vitest';`, 'pure-needs-no-library'],
  ['packages/home/src/groq.ts', `import 'groq-sdk';`, 'groq-sdk-only-in-its-place'],
  ['packages/home/node_modules/groq-sdk/package.json', '{ "name": "groq-sdk", "main": "index.js" }', ''],
  ['packages/home/node_modules/groq-sdk/index.js', '', ''],
  ['packages/model/src/chicken.ts', `import './egg.ts';`, 'no-cycle'],
  ['packages/model/src/egg.ts', `import './chicken.ts';`, ''],
  ['packages/config/src/forgotten.ts', `export const forgotten = 1;`, 'no-orphan'],
  ['packages/config/src/missing.ts', `import './nowhere.ts';`, 'everything-resolves'],
];

const lintFaults: readonly Fault[] = [
  ['packages/queue/src/environment.ts', `export const home = process.env['HOME'];`, 'process.env'],
  ['apps/grind/src/environment.ts', `export const { env } = process;`, 'process.env'],
  [
    'packages/home/src/environment.ts',
    `export { env } from 'node:process';`,
    `'node:process' import is restricted`,
  ],
  ['packages/budget/src/clock.ts', `export const now = () => Date.now();`, `Unexpected use of 'Date'`],
  ['packages/home/src/clock.ts', `export const now = () => Date.now();`, `'Date.now' is restricted`],
  ['packages/safety/src/luck.ts', `export const luck = () => Math.random();`, 'Math.random'],
  ['packages/ledger/src/process.ts', `export const id = () => process.pid;`, `Unexpected use of 'process'`],
  ['packages/community/src/speaks.ts', `export const speak = () => console.log('hello');`, 'no-console'],
  ['packages/home/src/groq.ts', `export { Groq } from 'groq-sdk';`, `'groq-sdk' import is restricted`],
  [
    'packages/queue/src/lock.ts',
    `export { lock } from 'proper-lockfile';`,
    `'proper-lockfile' import is restricted`,
  ],
  ['apps/grind/src/http.ts', `export { fetch } from 'undici';`, `'undici' import is restricted`],
  [
    'packages/model/src/chicken.ts',
    `import { egg } from './egg.ts';\nexport const chicken = () => egg;`,
    'no-cycle',
  ],
  [
    'packages/model/src/egg.ts',
    `import { chicken } from './chicken.ts';\nexport const egg = () => chicken;`,
    'no-cycle',
  ],
  ['apps/worker/src/floats.ts', `export const go = () => { Promise.resolve(1); };`, 'no-floating-promises'],
  ['apps/worker/src/any.ts', `export const cast = (value: any) => value;`, 'no-explicit-any'],
  [
    'apps/worker/src/partial.ts',
    `export const f = (kind: 'a' | 'b'): number => { switch (kind) { case 'a': return 1; } return 2; };`,
    'switch-exhaustiveness-check',
  ],
  [
    'apps/worker/src/early.ts',
    `export const f = async () => { try { return Promise.resolve(1); } finally { await f(); } };`,
    'return-await',
  ],
  ['apps/worker/src/hush.ts', `// @ts-expect-error\nexport const f: string = 1;`, 'ban-ts-comment'],
  [
    'apps/worker/src/one.test.ts',
    `import { it } from 'vitest';\nit.only('runs alone', () => {});`,
    'no-focused-tests',
  ],
];

const formatFaults: readonly Fault[] = [
  ['packages/core/src/quotes.ts', `export const quotes = "double"\n`, 'packages/core/src/quotes.ts'],
];

const unusedFaults: readonly Fault[] = [
  ['packages/core/src/half-used.ts', `export const used = 1;\nexport const unheardOf = 2;\n`, 'unheardOf'],
  ['packages/core/src/index.ts', `import { used } from './half-used.ts';\nexport const core = [used];\n`, ''],
  ['packages/home/src/forgotten-file.ts', `export const x = 1;\n`, 'forgotten-file.ts'],
  ['packages/config/src/index.ts', `export const config = 1;\n`, '@vivarium/contracts'],
];

const cases: readonly (readonly [checker: keyof typeof checkers, faults: readonly Fault[]])[] = [
  ['layers', layerFaults],
  ['lint', lintFaults],
  ['format', formatFaults],
  ['unused', unusedFaults],
];

describe.each(cases)('the checker of %s', (name, faults) => {
  let tree: PlantedTree;
  beforeAll(() => {
    tree = createPlantedTree();
  });
  afterAll(() => tree.remove());

  it('is silent on a tree that keeps the rules, and fails on the same tree with each fault planted', async () => {
    const before = await checkers[name](tree.directory);
    expect(before.code, before.output).toBe(0);

    tree.plant(Object.fromEntries(faults.map(([path, text]) => [path, text])));
    const after = await checkers[name](tree.directory);
    expect(after.code).not.toBe(0);
    const lines = after.output.split('\n');
    const unnoticed = faults.filter(
      ([path, , says]) =>
        says !== '' &&
        !lines.some((line) => line.includes(says) && (line.includes(path) || name === 'unused')),
    );
    expect(
      unnoticed.map(([path, , says]) => `${path}: ${says}`),
      after.output,
    ).toEqual([]);
  });

  it('is silent on this repository', async () => {
    const { code, output } = await checkers[name](root);
    expect(code, output).toBe(0);
  });
});

it('the checker of layers fails when it was given nothing to check', async () => {
  const tree = createPlantedTree();
  try {
    for (const group of ['packages', 'apps']) tree.plant({ [`${group}/.keep`]: '' });
    const { rmSync, readdirSync } = await import('node:fs');
    for (const group of ['packages', 'apps']) {
      for (const entry of readdirSync(join(tree.directory, group))) {
        rmSync(join(tree.directory, group, entry), { recursive: true });
      }
    }
    expect(await checkers.layers(tree.directory)).toMatchObject({ code: 1 });
  } finally {
    tree.remove();
  }
});
