/** The command line of a worker, read strictly. It is written by the supervisor; by hand for a look at one worker alone. Pure. */
import { parseArgs } from 'node:util';
import type { Durability } from '@vivarium/contracts';
import { messageOf, type Milliseconds } from '@vivarium/core';

export interface Flags {
  readonly home: string;
  readonly runId: string;
  readonly concurrency: number;
  /** Undefined: grind is found through run/grind.json alone. */
  readonly grindUrl: string | undefined;
  readonly timeoutMs: Milliseconds;
  readonly durability: Durability;
  /** The run goes on when nothing can run. */
  readonly stays: boolean;
}

export const usage = `worker --home DIR [--run RUN_ID] [--concurrency K] [--grind URL] [--timeout-seconds S]
       [--durability os|fsync] [--stays]

  --home DIR            directory with queue.json
  --run RUN_ID          run the work is booked on (a new one)
  --concurrency K       tasks at a time, 1 to 256 (1)
  --grind URL           grind to ask; default: the one named in run/grind.json
  --timeout-seconds S   most seconds one attempt may take (900)
  --durability D        os: a recorded end survives the death of any process; fsync: and a power loss (os)
  --stays               the run goes on when nothing can run: what is deferred to the next day is done then`;

const MOST_SLOTS = 256;

export type FlagsAnswer =
  | { readonly kind: 'flags'; readonly flags: Flags }
  | { readonly kind: 'help' }
  | { readonly kind: 'faulty'; readonly problems: readonly string[] };

export function readFlags(argv: readonly string[], newRunId: () => string): FlagsAnswer {
  let values;
  try {
    ({ values } = parseArgs({
      args: [...argv],
      options: {
        home: { type: 'string' },
        run: { type: 'string' },
        concurrency: { type: 'string', default: '1' },
        grind: { type: 'string' },
        'timeout-seconds': { type: 'string', default: '900' },
        durability: { type: 'string', default: 'os' },
        stays: { type: 'boolean' },
        help: { type: 'boolean' },
      },
    }));
  } catch (error) {
    return { kind: 'faulty', problems: [messageOf(error)] };
  }
  if (values.help === true) return { kind: 'help' };
  const problems: string[] = [];
  const concurrency = Number(values.concurrency);
  const seconds = Number(values['timeout-seconds']);
  if (values.home === undefined || values.home === '') problems.push('--home is missing');
  if (!Number.isInteger(concurrency) || concurrency < 1 || concurrency > MOST_SLOTS) {
    problems.push(`--concurrency ${values.concurrency}: a whole number from 1 to ${MOST_SLOTS} is needed`);
  }
  if (!(seconds > 0) || seconds > 86_400)
    problems.push(`--timeout-seconds ${values['timeout-seconds']}: more than 0 and up to 86400 is needed`);
  const { durability } = values;
  if (durability !== 'os' && durability !== 'fsync')
    problems.push(`--durability ${durability}: os or fsync is needed`);
  if (values.grind !== undefined && !URL.canParse(values.grind))
    problems.push(`--grind ${values.grind}: this is not an address`);
  if (problems.length > 0 || values.home === undefined || (durability !== 'os' && durability !== 'fsync'))
    return { kind: 'faulty', problems };
  return {
    kind: 'flags',
    flags: {
      home: values.home,
      runId: values.run ?? newRunId(),
      concurrency,
      grindUrl: values.grind,
      timeoutMs: Math.ceil(seconds * 1_000),
      durability,
      stays: values.stays === true,
    },
  };
}
