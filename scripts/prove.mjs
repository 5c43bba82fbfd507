/**
 * `npm run prove -- [words]`: prepares the checkout, compiles packages/e2e/chaos/ and becomes it. In this same process, so that Ctrl-C reaches the
 * one that has to clean up.
 */
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { runCommand } from './bootstrap-steps.mjs';
import { bootstrapOrExit } from './bootstrap.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

await bootstrapOrExit();
const compiler = [process.execPath, join(root, 'node_modules/ts7/bin/tsc'), '-b', 'packages/e2e/chaos'];
const remedy = 'Mend the errors above.';
await runCommand({ what: 'Compiling the proofs', run: compiler, cwd: root, remedy }, () => {}).catch(
  (error) => {
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  },
);
await import(pathToFileURL(join(root, 'packages/e2e/dist/chaos/prove.js')).href);
