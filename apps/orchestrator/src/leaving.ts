/** When a command that goes on for ever is to end: a signal, or nobody reads any more. */
import type { Terminal } from './terminal.ts';

export interface Leaving {
  readonly signal: AbortSignal;
  /** Gives the signals back to Node. */
  forget(): void;
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export function watchForLeaving(terminal: Terminal): Leaving {
  const leaving = new AbortController();
  const leave = (): void => leaving.abort();
  for (const signal of SIGNALS) process.on(signal, leave);
  terminal.whenReaderLeaves(leave);
  return {
    signal: leaving.signal,
    forget() {
      for (const signal of SIGNALS) process.off(signal, leave);
    },
  };
}
