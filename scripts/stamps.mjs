/**
 * What a checkout was installed and built from, as hashes of content: modification times lie after a clone, a branch switch or a copy.
 * Hashing the whole tree costs a few milliseconds.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const outputs = new Set(['node_modules', 'dist', 'bundle']);

/** All files below `directory` but outputs and installed packages, in a stable order. @param {string} directory @returns {string[]} */
const filesIn = (directory) =>
  readdirSync(directory, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      if (entry.isDirectory()) return outputs.has(entry.name) ? [] : filesIn(join(directory, entry.name));
      return entry.isFile() ? [join(directory, entry.name)] : [];
    });

/** @param {readonly string[]} files @param {readonly string[]} salt */
const hashOf = (files, salt) => {
  const hash = createHash('sha256').update(JSON.stringify(salt));
  for (const file of files) hash.update(`\0${file}\0`).update(readFileSync(file));
  return hash.digest('hex');
};

/** The workspace projects: every directory of packages/ and apps/ with a manifest, and bench/. @param {string} root */
const projectsOf = (root) =>
  [
    ...['packages', 'apps'].flatMap((group) =>
      readdirSync(join(root, group)).map((name) => join(group, name)),
    ),
    'bench',
  ]
    .map((project) => join(root, project))
    .filter((project) => existsSync(join(project, 'package.json')));

/** The projects that `tsc -b` writes a dist/ for: those that the root tsconfig.json names. @param {string} root @returns {string[]} */
export const compiledProjectsOf = (root) =>
  JSON.parse(readFileSync(join(root, 'tsconfig.json'), 'utf8')).references.map(
    (/** @type {{ path: string }} */ { path }) => join(root, path),
  );

/** What the installation was made from. @param {string} root */
export const installStamp = (root) => {
  const manifests = [root, join(root, 'tools/pnpm'), ...projectsOf(root)].map((project) =>
    join(project, 'package.json'),
  );
  const locks = ['pnpm-lock.yaml', 'pnpm-workspace.yaml', 'tools/pnpm/package-lock.json'].map((name) =>
    join(root, name),
  );
  return hashOf([...manifests, ...locks], [process.version, process.platform, process.arch]);
};

const compilerFiles = ['tsconfig.base.json', 'tsconfig.json'];

/** What `tsc -b` compiled and the programs were bundled from, the installation included. @param {string} root */
export const buildStamp = (root) =>
  hashOf(
    [
      join(root, 'scripts/bundle-programs.mjs'),
      ...compilerFiles.map((name) => join(root, name)),
      ...compiledProjectsOf(root).flatMap(filesIn),
    ],
    [installStamp(root)],
  );

const pageProjects = ['apps/control-panel', 'packages/contracts', 'packages/core'];

/** What the panel's page was bundled from: its own sources and the two packages a browser may import. @param {string} root */
export const pageStamp = (root) =>
  hashOf(
    pageProjects
      .map((name) => join(root, name))
      .filter(existsSync)
      .flatMap(filesIn),
    [installStamp(root)],
  );
