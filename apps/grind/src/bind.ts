/** Taking a port, and giving it back with every connection on it. */
import type { AddressInfo } from 'node:net';
import { messageOf, VivariumError, type Clock } from '@vivarium/core';
import type { App } from './plugins/zod-validation.ts';

export const HOST = '127.0.0.1';

/** `wanted`, or any free one when it is taken. Answers which. Throws `port_unavailable`. */
export async function bindLoopback(app: App, wanted: number): Promise<number> {
  try {
    await app.listen({ host: HOST, port: wanted }).catch(async (error: unknown) => {
      if (!isTaken(error)) throw error;
      await app.listen({ host: HOST, port: 0 });
    });
  } catch (error) {
    throw new VivariumError('port_unavailable', `no port can be bound on ${HOST}: ${messageOf(error)}`, {
      remedy: { kind: 'stop' },
      hint: 'Name a free one with --port.',
      cause: error,
    });
  }
  // A server that listens on TCP has an address of this form.
  return (app.server.address() as AddressInfo).port;
}

/** Exactly there: others were told this address. Throws `port_unavailable`. */
export async function bindNetwork(app: App, { host, port }: { host: string; port: number }): Promise<void> {
  try {
    await app.listen({ host, port });
  } catch (error) {
    throw new VivariumError(
      'port_unavailable',
      `cannot listen on ${host} port ${port}: ${messageOf(error)}`,
      {
        remedy: { kind: 'stop' },
        hint: 'VIVARIUM_LISTEN names an address of this machine and a port that is free; remove it to listen on loopback alone.',
        cause: error,
      },
    );
  }
}

const isTaken = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'EADDRINUSE' || error.code === 'EACCES');

const LOOK_AGAIN_MS = 20;
const PATIENCE_MS = 2_000;

/** Ends when no connection is left. A connection that idles only after the close began would else be kept for its client's sake for over a minute. */
export async function closeServer(app: App, clock: Clock): Promise<void> {
  const closed = new AbortController();
  const closing = app.close().finally(() => closed.abort());
  const until = clock.monotonic() + PATIENCE_MS;
  while (!closed.signal.aborted) {
    if (clock.monotonic() < until) app.server.closeIdleConnections();
    else app.server.closeAllConnections();
    await clock.sleep(LOOK_AGAIN_MS, closed.signal);
  }
  await closing;
}
