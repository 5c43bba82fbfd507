/** The product's own command line, as a process on the home of this run. */
import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';

export interface Ended {
  readonly code: number | NodeJS.Signals;
  readonly out: string;
  readonly err: string;
}

export interface Running {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly ended: Promise<Ended>;
}

export interface CommandLine {
  /** `clocks`: its wall clock, and those of its children, can be moved. */
  launch(words: readonly string[], clocks?: boolean): Running;
}

/** Of what is said, only the end is kept: a run speaks for minutes. A report of many tasks still fits. */
const KEPT_CHARACTERS = 20_000_000;
/** Seconds one attempt may take: a call that was never answered must not outlast the run. */
const ATTEMPT_SECONDS = 20;

/** `more`: of the environment, asked for at each launch. */
export function createCommandLine(
  repository: string,
  home: string,
  clocks: string,
  more: () => Readonly<Record<string, string>> = () => ({}),
): CommandLine {
  const main = join(repository, 'apps/orchestrator/bundle/main.js');
  const preload = new URL(`file://${join(repository, 'packages/e2e/chaos/shifted-clock.mjs')}`);
  preload.searchParams.set('clocks', clocks);
  return {
    launch(words, withClocks = false) {
      const child = spawn(process.execPath, [main, '--home', home, ...words], {
        cwd: clocks,
        // Nothing else of the environment: no key by chance, and no home but this.
        env: {
          PATH: process.env['PATH'] ?? '',
          HOME: clocks,
          NO_COLOR: '1',
          // Its provider fails all the time, on purpose: a breaker would keep the queue and the money from being disturbed.
          VIVARIUM_BREAKER_FAILURES: '1000000',
          WORKER_TIMEOUT_SECONDS: String(ATTEMPT_SECONDS),
          ...more(),
          ...(withClocks ? { NODE_OPTIONS: `--import=${preload.href}` } : {}),
        },
        stdio: ['ignore', 'pipe', 'pipe'],
        // Ctrl-C is for chaos: it ends what it started, in its own order.
        detached: true,
      });
      const said = { out: '', err: '' };
      child.stdout.setEncoding('utf8').on('data', (text: string) => (said.out = keep(said.out + text)));
      child.stderr.setEncoding('utf8').on('data', (text: string) => (said.err = keep(said.err + text)));
      const ended = new Promise<Ended>((resolve, reject) => {
        child.once('error', reject);
        child.once('close', (code, signal) => resolve({ code: code ?? signal ?? 'SIGKILL', ...said }));
      });
      return { child, pid: child.pid ?? 0, ended };
    },
  };
}

const keep = (text: string): string => text.slice(-KEPT_CHARACTERS);

/** Of a file in packages/e2e/chaos/, or compiled in packages/e2e/dist/chaos/. */
export const repositoryOf = (url: string): string => {
  const here = fileURLToPath(new URL('.', url));
  return join(here, here.endsWith('/dist/chaos/') ? '../../../..' : '../../..');
};
