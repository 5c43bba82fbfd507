/**
 * `npm run bench -- <name> [words]`: prepares the checkout, compiles bench/ and becomes that bench. Each file bench/<name>.ts is one;
 * what they share is in bench/lib/.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { runCommand } from './bootstrap-steps.mjs';
import { bootstrapOrExit } from './bootstrap.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const [name, ...words] = process.argv.slice(2);
const benches = readdirSync(join(root, 'bench'))
  .filter((file) => file.endsWith('.ts'))
  .map((file) => file.slice(0, -'.ts'.length));

if (name === undefined || !benches.includes(name)) {
  process.stderr.write(
    `${name === undefined ? '' : `There is no bench "${name}".\n`}Usage: npm run bench -- <name> [--json]\n`,
  );
  for (const bench of benches) process.stderr.write(`  ${bench}\n`);
  process.exit(2);
}

await bootstrapOrExit();
const compiler = [process.execPath, join(root, 'node_modules/ts7/bin/tsc'), '-b', 'bench'];
const remedy = 'Mend the errors above.';
await runCommand({ what: 'Compiling the benches', run: compiler, cwd: root, remedy }, () => {}).catch(
  (error) => {
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  },
);

const script = join(root, 'bench/dist', `${name}.js`);
if (!existsSync(script)) throw new Error(`${script} was not written by the compiler`);
process.argv = [process.execPath, script, ...words];
await import(pathToFileURL(script).href);
