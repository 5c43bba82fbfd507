/**
 * Forking the other programs of this checkout. Every child gets a channel, by which it notices that we are gone, and a session of its own, so that
 * Ctrl-C reaches us alone and a first one can mean "finish what runs". Only grind gets the environment with the key (S6).
 */
import { fork, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { scrubbedEnv, type Environment } from '@vivarium/config';

export type Program = 'worker' | 'grind' | 'groq-simulator' | 'control-panel';

export interface Children {
  fork(program: Program, args: readonly string[]): ChildProcess;
  /** Closes what the children share. They keep their own ends. */
  close(): void;
}

const LARGEST_DIAGNOSTICS = 1_000_000;

export function createChildren(options: {
  /** The root of this checkout. */
  readonly repository: string;
  readonly env: Environment;
  readonly diagnostics: string;
  readonly cwd: string;
}): Children {
  const { repository, env, diagnostics, cwd } = options;
  const said = openSync(diagnostics, sizeOf(diagnostics) > LARGEST_DIAGNOSTICS ? 'w' : 'a');
  const scrubbed = scrubbedEnv(env);
  let isOpen = true;
  return {
    fork(program, args) {
      return fork(join(repository, 'apps', program, 'bundle/main.js'), [...args], {
        cwd,
        env: program === 'grind' ? { ...env } : scrubbed,
        execArgv: [],
        stdio: ['ignore', 'ignore', said, 'ipc'],
        detached: true,
      });
    },
    close() {
      if (isOpen) closeSync(said);
      isOpen = false;
    },
  };
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

/** `exit code 3`, `SIGKILL`. */
export const howItEnded = (code: number | null, signal: NodeJS.Signals | null): string =>
  signal ?? `exit code ${code ?? 'unknown'}`;
