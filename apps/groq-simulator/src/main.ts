/**
 * The process. Owns nothing but its own life: reads the flags, starts the server, says so (one JSON line on stdout, and a message
 * to whoever forked it), and ends cleanly on SIGTERM, SIGINT or when that parent is gone: then only after its clients, who may still wait for
 * answers and would have to charge those that never came.
 * Exit codes: 0 ended as asked · 2 faulty flags · 4 cannot start (port taken, bill unreadable).
 */
import { readFileSync } from 'node:fs';
import { messageOf, VivariumError } from '@vivarium/core';
import { createNodeMachine } from '@vivarium/platform';
import { z } from 'zod';
import { readFlags, usage, type Flags } from './flags.ts';
import { createSimulator } from './server.ts';

const { version } = z
  .object({ version: z.string() })
  .parse(JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')));

/** Longer than grind's: it has calls under way when the same parent dies. */
const ORPHAN_PATIENCE_MS = 12_000;

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const complain = (line: string): void => void process.stderr.write(`groq-simulator: ${line}\n`);

async function serve(flags: Flags): Promise<void> {
  const simulator = await createSimulator({ ...flags, version, clock: createNodeMachine().clock });
  const end = (): void => void simulator.stop().then(() => process.exit(0));
  process.once('SIGTERM', end);
  process.once('SIGINT', end);
  const orphaned = (): void => {
    void simulator.untilLeft().then(end);
    setTimeout(end, ORPHAN_PATIENCE_MS).unref();
  };
  process.once('disconnect', orphaned);
  // It may have gone while this process was starting.
  if (process.send !== undefined && !process.connected) orphaned();

  const ready = { kind: 'ready', simulated: true, url: simulator.url, pid: process.pid, version } as const;
  say(JSON.stringify(ready));
  // A parent that left meanwhile is told nothing; `disconnect` ends this process.
  process.send?.(ready, undefined, undefined, () => undefined);
}

const command = readFlags(process.argv.slice(2), (path) => readFileSync(path, 'utf8'));
switch (command.kind) {
  case 'help':
    say(usage);
    break;
  case 'version':
    say(version);
    break;
  case 'faulty':
    for (const problem of command.problems) complain(problem);
    complain('--help lists the flags');
    process.exitCode = 2;
    break;
  case 'serve':
    await serve(command.flags).catch((error: unknown) => {
      complain(messageOf(error));
      if (error instanceof VivariumError && error.hint !== undefined) complain(error.hint);
      process.exitCode = 4;
      process.disconnect?.();
    });
    break;
}
