/**
 * A small workspace with the repository's own rules, in which every layer has a package that keeps them, and into which faults can be
 * planted. It shares the repository's installed tools and nothing else.
 */
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { root } from './repository.ts';

const packages: Readonly<Record<string, readonly string[]>> = {
  'packages/core': [],
  'packages/contracts': ['core'],
  'packages/constitution': ['contracts'],
  'packages/safety': ['constitution', 'contracts', 'core'],
  'packages/budget': ['contracts'],
  'packages/ledger': ['core'],
  'packages/community': ['ledger', 'core'],
  'packages/queue': ['contracts'],
  'packages/model': ['contracts'],
  'packages/home': ['contracts', 'core'],
  'packages/config': ['contracts'],
  'packages/platform': ['core'],
  'packages/e2e': ['home'],
  'apps/grind': ['safety', 'community', 'budget', 'model', 'home', 'config', 'platform'],
  'apps/worker': ['queue'],
};
const configuration = [
  '.oxlintrc.json',
  '.oxfmtrc.json',
  '.dependency-cruiser.mjs',
  'knip.json',
  'tsconfig.base.json',
];

/** Packages, and .bin, in which oxlint looks for its type-aware part; not the state of pnpm. */
const isTool = (name: string): boolean => name === '.bin' || !name.startsWith('.');

const nameOf = (path: string): string => path.split('/')[1] ?? '';

export interface PlantedTree {
  readonly directory: string;
  /** Writes files; answers nothing, because the checkers are asked from outside. */
  plant(files: Readonly<Record<string, string>>): void;
  remove(): void;
}

export const createPlantedTree = (): PlantedTree => {
  const directory = mkdtempSync(join(tmpdir(), 'vivarium-planted-'));
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), text);
  };
  for (const file of configuration) copyFileSync(join(root, file), join(directory, file));
  const ofTheRoot = {
    name: 'planted',
    private: true,
    type: 'module',
    devDependencies: { 'dependency-cruiser': '*' },
  };
  write('package.json', `${JSON.stringify(ofTheRoot, null, 2)}\n`);
  write('pnpm-workspace.yaml', 'packages:\n  - packages/*\n  - apps/*\n');
  mkdirSync(join(directory, 'node_modules/@vivarium'), { recursive: true });
  for (const tool of readdirSync(join(root, 'node_modules')).filter(isTool)) {
    symlinkSync(join(root, 'node_modules', tool), join(directory, 'node_modules', tool));
  }

  for (const [path, needs] of Object.entries(packages)) {
    const name = nameOf(path);
    const isApp = path.startsWith('apps/');
    const manifest = {
      name: `@vivarium/${name}`,
      private: true,
      type: 'module',
      ...(isApp
        ? {}
        : { exports: { '.': { 'vivarium-src': './src/index.ts', default: './dist/index.js' } } }),
      dependencies: Object.fromEntries(needs.map((need) => [`@vivarium/${need}`, 'workspace:*'])),
    };
    write(`${path}/package.json`, `${JSON.stringify(manifest, null, 2)}\n`);
    write(`${path}/tsconfig.json`, '{ "extends": "../../tsconfig.base.json", "include": ["src"] }\n');
    const imports = needs.map((need) => `import { ${need} } from '@vivarium/${need}';\n`).join('');
    const value = `[${needs.join(', ')}]`;
    const entry = isApp
      ? `${imports}\nprocess.stdout.write(JSON.stringify(${value}));\n`
      : `${imports}\nexport const ${name} = ${value};\n`;
    write(`${path}/src/${isApp ? 'main' : 'index'}.ts`, entry.replace(/^\n/, ''));
    symlinkSync(join(directory, path), join(directory, 'node_modules/@vivarium', name));
  }
  return {
    directory,
    plant: (files) => {
      for (const [path, text] of Object.entries(files)) write(path, text);
    },
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
};
