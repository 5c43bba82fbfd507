/** A run and the two services it needs, as a bench starts them: a simulator whose rate limits are out of the way unless a bench is about them, and a grind that `start` finds. */
import type { Durability } from '@vivarium/contracts';
import type { Command, CommandOptions } from './command.ts';
import type { Service } from './service.ts';
import type { Stage } from './stage.ts';

const UNLIMITED = '1000000000';
/** More than any bench can spend of what is simulated anyway. */
const CAP_USD = '100000';

export const startSimulator = (
  stage: Stage,
  latencyMs: number,
  bill: string,
  tokensPerMinute: number | string = UNLIMITED,
): Promise<Service> =>
  stage.service('apps/groq-simulator/bundle/main.js', [
    '--latency-ms',
    String(latencyMs),
    '--bill',
    bill,
    '--tokens-per-minute',
    String(tokensPerMinute),
    '--requests-per-day',
    UNLIMITED,
  ]);

export const startGrind = (
  stage: Stage,
  home: string,
  simulator: Service,
  durability: Durability = 'os',
): Promise<Service> =>
  stage.service('apps/grind/bundle/main.js', [
    '--home',
    home,
    '--port',
    '0',
    '--simulator',
    simulator.url,
    '--run-cap',
    CAP_USD,
    '--day-cap',
    CAP_USD,
    '--durability',
    durability,
  ]);

/** A run that finds this grind; its cap is out of the way too. */
export const startRun = (
  stage: Stage,
  home: string,
  run: {
    readonly workers: number;
    readonly slots: number;
    readonly watch?: boolean;
    readonly durability?: Durability;
  },
  options: CommandOptions = {},
): Command =>
  stage.command(
    'bin/orchestrator',
    [
      '--home',
      home,
      'start',
      String(run.workers),
      '--concurrency',
      String(run.slots),
      '--run-cap',
      CAP_USD,
      '--durability',
      run.durability ?? 'os',
      '--json',
      ...(run.watch === true ? ['--watch'] : []),
    ],
    options,
  );
