/**
 * The doors of a grind: one on loopback, and one on the network when it was asked for. Owns both servers. All of it is made before anything listens, so that what
 * cannot be opened as it was asked for is told before anything begins.
 *
 * - S8: nothing listens beyond loopback without a token that could be used there; the certificate is config's to ask for.
 */
import { messageOf, VivariumError, type Clock } from '@vivarium/core';
import type { TokenStore } from '@vivarium/home';
import { createApp, type AppDeps, type Tls } from './app.ts';
import { bindLoopback, bindNetwork, closeServer } from './bind.ts';

export interface Network {
  readonly host: string;
  readonly port: number;
  readonly tls: Tls | undefined;
}

export interface Doors {
  /** `wanted`, or any free port when it is taken. Answers which. Throws `port_unavailable`. */
  openLoopback(wanted: number): Promise<number>;
  /** Nothing when none was asked for. Throws `port_unavailable`. */
  openNetwork(): Promise<void>;
  /** Resolves when no connection is left. */
  close(): Promise<void>;
}

export interface DoorsDeps {
  readonly faces: AppDeps;
  readonly network: Network | undefined;
  readonly tokens: Pick<TokenStore, 'list'>;
  readonly clock: Clock;
}

/** Throws `config_invalid` for a network that cannot be opened. */
export function makeDoors({ faces, network, tokens, clock }: DoorsDeps): Doors {
  let port = 0;
  const loopback = createApp({ kind: 'loopback', port: () => port }, faces);
  const beyond = network && { ...network, app: makeNetworkDoor(network, faces, tokens) };
  return {
    openLoopback: async (wanted) => (port = await bindLoopback(loopback, wanted)),
    openNetwork: async () => beyond && bindNetwork(beyond.app, beyond),
    async close() {
      await Promise.all(
        [loopback, ...(beyond === undefined ? [] : [beyond.app])].map((app) => closeServer(app, clock)),
      );
    },
  };
}

export const networkUrl = ({ host, port, tls }: Network): string =>
  `${tls === undefined ? 'http' : 'https'}://${host.includes(':') ? `[${host}]` : host}:${port}`;

function makeNetworkDoor(
  { host, port, tls }: Network,
  faces: AppDeps,
  tokens: DoorsDeps['tokens'],
): ReturnType<typeof createApp> {
  if (tokens.list().every(({ revoked_at }) => revoked_at !== undefined))
    throw new VivariumError(
      'config_invalid',
      `VIVARIUM_LISTEN is ${host} port ${port}, and there is no token: nobody could be answered there`,
      {
        remedy: { kind: 'stop' },
        hint: 'orchestrator token create <name> --budget <usd> makes one; without VIVARIUM_LISTEN it listens on loopback alone.',
      },
    );
  try {
    return createApp({ kind: 'network', tls }, faces);
  } catch (cause) {
    throw new VivariumError('config_invalid', `VIVARIUM_TLS_CERT and VIVARIUM_TLS_KEY: ${messageOf(cause)}`, {
      remedy: { kind: 'stop' },
      hint: 'Both are PEM files; the key is that of the certificate, and has no passphrase.',
      cause,
    });
  }
}
