/** The edge of the command line: wiring, and the one place where what was thrown is told. Exit codes: see deps.ts. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { CommanderError } from 'commander';
import { processEnvironment } from '@vivarium/config';
import { isVivariumError, messageOf } from '@vivarium/core';
import { createNodeMachine } from '@vivarium/platform';
import { createCli } from './cli.ts';
import type { RunExitCode } from './deps.ts';
import { ancestry } from './supervisor/parents.ts';
import { createTerminal, isReaderGone, type Terminal } from './terminal.ts';

/** Looked at before anything else: who is gone by the time it is asked for cannot be missed any more. */
const startedBy = ancestry();
const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

// A reader that left (`| head`) or a terminal that was closed must not end what is being worked on. A disk that is full must not either, but
// whoever asked for that output has to hear that it is not there.
let isOutputLost = false;
process.stderr.on('error', () => undefined);
process.stdout.on('error', (error) => {
  if (isOutputLost || isReaderGone(error, process.stdout.isTTY)) return;
  isOutputLost = true;
  process.stderr.write(`ERROR: the output cannot be written: ${messageOf(error)}\n`);
});
process.on('exit', (code) => {
  if (isOutputLost && code === 0) process.exitCode = 1;
});

async function main(argv: readonly string[]): Promise<RunExitCode> {
  const env = processEnvironment();
  const terminal = createTerminal({ noColor: (env['NO_COLOR'] ?? '') !== '', dumb: env['TERM'] === 'dumb' });
  const cli = createCli(
    versionOf(readFileSync(here('../package.json'), 'utf8')),
    () => ({
      machine: createNodeMachine(),
      terminal,
      env,
      cwd: process.cwd(),
      repository: here('../../../'),
    }),
    env['npm_lifecycle_event'] === undefined ? undefined : startedBy,
  );
  if (argv.length === 0) {
    cli.program.outputHelp({ error: true });
    return 2;
  }
  try {
    await cli.program.parseAsync([...argv], { from: 'user' });
    return cli.exitCode();
  } catch (error) {
    return tell(error, terminal);
  }
}

function tell(error: unknown, terminal: Terminal): RunExitCode {
  // Commander has said it already; help and version are no faults.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (!isVivariumError(error)) {
    terminal.complain(`ERROR: ${error instanceof Error ? (error.stack ?? error.message) : messageOf(error)}`);
    return 1;
  }
  // The queue's own hint is for a run, which reads the file again by itself.
  const hint =
    error.code === 'queue_unreadable' && error.hint !== undefined
      ? 'Correct the file at the places named and run the command again. Nothing of it was used.'
      : error.hint;
  terminal.complain(`ERROR: ${error.message}${hint === undefined ? '' : `\n  → ${hint}`}`);
  switch (error.code) {
    case 'usage':
      return 2;
    case 'internal':
      return 1;
    default:
      return 4;
  }
}

function versionOf(manifest: string): string {
  const parsed: unknown = JSON.parse(manifest);
  return typeof parsed === 'object' && parsed !== null && 'version' in parsed
    ? String(parsed.version)
    : 'unknown';
}

process.exitCode = await main(process.argv.slice(2));
