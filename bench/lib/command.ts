/** A command line that runs to its own end, within a limit of time. What it says on standard error is kept for the case that it fails. */
import { spawn } from 'node:child_process';
import { bareEnvironment, inCheckout } from './checkout.ts';

export interface CommandOptions {
  /** After which it is ended and counts as failed. */
  readonly limitMs?: number;
  /** What it prints is thrown away unless this is set. */
  readonly keepOutput?: boolean;
  /** Beside the little every program of a bench is given. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface CommandEnd {
  readonly code: number | NodeJS.Signals;
  readonly out: string;
  readonly err: string;
  /** From the call that started it to the news that it had ended. */
  readonly elapsedMs: number;
  /** By the wall clock, to be held against timestamps. */
  readonly endedAt: number;
  readonly wasTooSlow: boolean;
}

export interface Command {
  readonly pid: number;
  readonly ended: Promise<CommandEnd>;
  signal(signal: NodeJS.Signals): void;
  /** Ends it, if need be the hard way, and waits for that. Idempotent. */
  stop(): Promise<void>;
}

const LIMIT_MS = 120_000;
/** Between asking a command to leave and making it. */
const PATIENCE_MS = 15_000;
const KEPT_ERRORS = 4_000;

/** `path`: a script of the checkout, or `-e` for Node's own start-up. */
export function startCommand(path: string, args: readonly string[], options: CommandOptions = {}): Command {
  const { limitMs = LIMIT_MS, keepOutput = false, env = {} } = options;
  const began = performance.now();
  const child = spawn(process.execPath, [path === '-e' ? path : inCheckout(path), ...args], {
    env: { ...bareEnvironment(), ...env },
    stdio: ['ignore', keepOutput ? 'pipe' : 'ignore', 'pipe'],
  });
  const { pid } = child;
  if (pid === undefined) throw new Error(`${path} could not be started`);
  let out = '';
  let err = '';
  let wasTooSlow = false;
  let elapsedMs = Number.NaN;
  let endedAt = Number.NaN;
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (err = (err + text).slice(-KEPT_ERRORS)));
  child.once('exit', () => {
    elapsedMs = performance.now() - began;
    endedAt = Date.now();
  });
  const isGone = (): boolean => child.exitCode !== null || child.signalCode !== null;
  const ended = new Promise<CommandEnd>((resolve) =>
    child.once('close', (code, signal) =>
      resolve({ code: code ?? signal ?? 'SIGKILL', out, err, elapsedMs, endedAt, wasTooSlow }),
    ),
  );
  const stop = async (): Promise<void> => {
    if (!isGone()) child.kill('SIGTERM');
    const last = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
    await ended;
    clearTimeout(last);
  };
  const limit = setTimeout(() => {
    wasTooSlow = true;
    void stop();
  }, limitMs);
  void ended.then(() => clearTimeout(limit));
  return { pid, ended, stop, signal: (signal) => void child.kill(signal) };
}

/** Fails the bench when a command did not end as it should. */
export function mustEndWith(code: CommandEnd['code'], what: string, end: CommandEnd): CommandEnd {
  if (end.code === code && !end.wasTooSlow) return end;
  throw new Error(
    `${what} ended with ${end.code}${end.wasTooSlow ? ', after its limit' : ''}: ${end.err}${end.out.slice(-KEPT_ERRORS)}`,
  );
}
