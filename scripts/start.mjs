/**
 * `npm start`: prepares the checkout, then becomes the orchestrator. In this same process, so that nothing stands between npm and the one
 * who owns the workers: a signal to it reaches it, and its exit code is the answer.
 */
import { bootstrapOrExit } from './bootstrap.mjs';
import { fileURLToPath } from 'node:url';

await bootstrapOrExit();
const main = new URL('../apps/orchestrator/bundle/main.js', import.meta.url);
process.argv = [process.execPath, fileURLToPath(main), 'up', ...process.argv.slice(2)];
await import(main.href);
