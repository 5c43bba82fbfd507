/**
 * Checks the import graph against .dependency-cruiser.mjs. `node scripts/check-layers.mjs [root]`.
 *
 * The number of modules is part of the answer: dependency-cruiser needs the JavaScript API of TypeScript 6, and with a TypeScript that has
 * none it reads no file, finds no violation and reports success. Fewer modules than sources is therefore a failure of its own.
 */
import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { cruise } from 'dependency-cruiser';
import configuration from '../.dependency-cruiser.mjs';

const root = resolve(process.argv[2] ?? join(import.meta.dirname, '..'));
process.chdir(root);

const sources = ['packages', 'apps'].flatMap((group) =>
  readdirSync(group, { recursive: true, encoding: 'utf8' })
    .map((file) => `${group}/${file}`)
    .filter((file) => /\.tsx?$/.test(file) && !/(^|\/)(node_modules|dist)\//.test(file)),
);

const { options, forbidden } = configuration;
const { output } = await cruise(
  ['packages', 'apps'],
  { ...options, ruleSet: { forbidden }, validate: true, outputType: 'json' },
  options.enhancedResolveOptions,
);
/** @type {import('dependency-cruiser').ICruiseResult} */
const { modules, summary } = JSON.parse(/** @type {string} */ (output));

const cruised = new Set(modules.map(({ source }) => source));
const unread = sources.filter((file) => !cruised.has(file));
for (const file of unread) console.log(`${file}: not read by dependency-cruiser`);
for (const { rule, from, to, cycle } of summary.violations) {
  const path = cycle === undefined ? [from, to] : [from, ...cycle.map(({ name }) => name)];
  console.log(`${rule.name}: ${[...new Set(path)].join(' → ')}`);
}
console.log(`${sources.length} sources, ${cruised.size} modules, ${summary.violations.length} violations`);
if (sources.length === 0 || unread.length > 0 || summary.violations.length > 0) process.exitCode = 1;
