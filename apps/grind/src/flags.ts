/** The command line of grind, read strictly. Pure. */
import { parseArgs } from 'node:util';
import { DEFAULT_GRIND_PORT } from '@vivarium/contracts';
import { messageOf } from '@vivarium/core';

export interface Flags {
  /** Undefined: VIVARIUM_HOME, or the nearest directory upwards with a queue.json. */
  readonly home: string | undefined;
  readonly port: number;
  /** Address of a simulator to work with instead of Groq. */
  readonly simulator: string | undefined;
  /** In US dollars, as written. */
  readonly runCap: string | undefined;
  /** In US dollars, as written. */
  readonly dayCap: string | undefined;
  readonly durability: string | undefined;
  readonly listen: string | undefined;
  readonly tlsCert: string | undefined;
  readonly tlsKey: string | undefined;
  readonly unencrypted: boolean;
}

export const usage = `grind [--home DIR] [--port N] [--simulator URL] [--run-cap USD] [--day-cap USD] [--durability os|fsync]
      [--listen IP:PORT [--tls-cert FILE --tls-key FILE | --unencrypted]]

  --home DIR        directory with queue.json (VIVARIUM_HOME, or the nearest one upwards)
  --port N          port on 127.0.0.1 (${DEFAULT_GRIND_PORT}; another free one when it is taken; 0: any)
  --simulator URL   ask this simulator instead of Groq; no real money moves
  --run-cap USD     most that all requests of a UTC day that name no run may spend (VIVARIUM_RUN_CAP_USD, 2.00);
                    runs bring caps of their own
  --day-cap USD     most that everything held on a UTC day may cost (VIVARIUM_DAY_CAP_USD, 10.00)
  --durability D    os: what is recorded survives the death of any process; fsync: and a power loss (VIVARIUM_DURABILITY, os)
  --listen IP:PORT  listen there too, for those who bring a token (VIVARIUM_LISTEN); beyond loopback with
  --tls-cert FILE   a certificate (VIVARIUM_TLS_CERT) and
  --tls-key FILE    its key (VIVARIUM_TLS_KEY), or
  --unencrypted     without: whoever can listen in reads tokens and texts (VIVARIUM_UNENCRYPTED=allow)`;

export type FlagsAnswer =
  | { readonly kind: 'flags'; readonly flags: Flags }
  | { readonly kind: 'help' }
  | { readonly kind: 'faulty'; readonly problems: readonly string[] };

export function readFlags(argv: readonly string[]): FlagsAnswer {
  let values;
  try {
    ({ values } = parseArgs({
      args: [...argv],
      options: {
        home: { type: 'string' },
        port: { type: 'string', default: String(DEFAULT_GRIND_PORT) },
        simulator: { type: 'string' },
        'run-cap': { type: 'string' },
        'day-cap': { type: 'string' },
        durability: { type: 'string' },
        listen: { type: 'string' },
        'tls-cert': { type: 'string' },
        'tls-key': { type: 'string' },
        unencrypted: { type: 'boolean' },
        help: { type: 'boolean' },
      },
    }));
  } catch (error) {
    return { kind: 'faulty', problems: [messageOf(error)] };
  }
  if (values.help === true) return { kind: 'help' };
  const problems: string[] = [];
  const port = /^\d{1,5}$/.test(values.port) ? Number(values.port) : Number.NaN;
  if (!(port <= 65_535)) problems.push(`--port ${values.port}: a whole number from 0 to 65535 is needed`);
  if (values.simulator !== undefined && !isLoopback(values.simulator))
    problems.push(
      `--simulator ${values.simulator}: an http address of this machine is needed, such as http://127.0.0.1:8430`,
    );
  if (problems.length > 0) return { kind: 'faulty', problems };
  return {
    kind: 'flags',
    flags: {
      home: values.home,
      port,
      simulator: values.simulator,
      runCap: values['run-cap'],
      dayCap: values['day-cap'],
      durability: values.durability,
      listen: values.listen,
      tlsCert: values['tls-cert'],
      tlsKey: values['tls-key'],
      unencrypted: values.unencrypted === true,
    },
  };
}

/** Simulated money is booked apart without a doubt: what is asked then must not be able to charge any. */
function isLoopback(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url?.protocol === 'http:' && ['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname);
}
