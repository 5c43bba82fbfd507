/** `npm run docs`: writes docs/logs.md anew from the schemas. */
import { writeFileSync } from 'node:fs';
import { bootstrapOrExit } from './bootstrap.mjs';
import { logsPage } from './logs-page.mjs';

await bootstrapOrExit();
const contracts = await import(new URL('../packages/contracts/dist/index.js', import.meta.url).href);
writeFileSync(new URL('../docs/logs.md', import.meta.url), logsPage(contracts));
