/**
 * Where a bench works: a directory of its own and the processes it starts. Owns both, and ends both however the bench ends, by a signal too.
 * Only processes started here are ever ended, by their id.
 */
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startCommand, type Command, type CommandOptions } from './command.ts';
import { startService, type Service } from './service.ts';

export interface Stage {
  /** Its real path: that is what names a home. */
  readonly directory: string;
  /** A new directory within. */
  makeDirectory(name: string): string;
  service(path: string, args: readonly string[]): Promise<Service>;
  command(path: string, args: readonly string[], options?: CommandOptions): Command;
}

/** Answers once nothing of it is left. */
export async function onStage<T>(bench: (stage: Stage) => Promise<T>): Promise<T> {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), 'vivarium-bench-')));
  const stops: (() => Promise<void>)[] = [];
  const end = async (): Promise<void> => {
    for (const stop of stops.toReversed()) await stop();
    rmSync(directory, { recursive: true, force: true });
  };
  const leave = (signal: NodeJS.Signals): void =>
    void end().then(() => process.exit(signal === 'SIGINT' ? 130 : 143));
  process.once('SIGINT', leave).once('SIGTERM', leave);
  try {
    return await bench({
      directory,
      makeDirectory: (name) => mkdtempSync(join(directory, `${name}-`)),
      async service(path, args) {
        const service = await startService(path, args);
        stops.push(service.stop);
        return service;
      },
      command(path, args, options) {
        const command = startCommand(path, args, options);
        stops.push(command.stop);
        return command;
      },
    });
  } finally {
    await end();
    process.off('SIGINT', leave).off('SIGTERM', leave);
  }
}
