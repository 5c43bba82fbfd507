/**
 * `npm test [-- words for vitest]`: prepares the checkout (end-to-end tests run the built programs), then becomes vitest.
 * The last line is `N passed, N failed, N skipped`; a run in which no test was executed fails.
 */
import { fileURLToPath } from 'node:url';
import { bootstrapOrExit } from './bootstrap.mjs';

await bootstrapOrExit();
process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const vitest = new URL('../node_modules/vitest/vitest.mjs', import.meta.url);
const reporters = ['--reporter=default', '--reporter=./scripts/plain-reporter.mjs'];
process.argv = [process.execPath, fileURLToPath(vitest), 'run', ...reporters, ...process.argv.slice(2)];
await import(vitest.href);
