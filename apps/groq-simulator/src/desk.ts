/** What one running simulator shares between its requests, and the options it was started with. */
import type { Clock } from '@vivarium/core';
import type { Bill } from './bill.ts';
import type { ChatContext } from './chat.ts';
import type { FaultRule } from './faults.ts';
import type { Pace } from './latency.ts';
import type { LimitOptions } from './limits.ts';

export interface SimulatorOptions {
  /** 0 picks a free one. */
  readonly port: number;
  readonly seed: string;
  readonly pace: Pace;
  readonly limits: Partial<LimitOptions>;
  readonly faults: readonly FaultRule[];
  /** Without it the bill lives as long as the process. */
  readonly billPath: string | undefined;
  readonly rejectedKeys: readonly string[];
  readonly version: string;
  readonly clock: Clock;
}

export interface Desk {
  readonly options: SimulatorOptions;
  readonly context: ChatContext;
  readonly bill: Bill;
  readonly port: number;
  readonly stopping: AbortSignal;
  readonly fingerprint: string;
  readonly rejectedKeys: ReadonlySet<string>;
  readonly startedAt: number;
  readonly counts: Counts;
}

/** As `GET /simulator/state` shows them. */
export interface Counts {
  completions_asked: number;
  billed: number;
  in_flight: number;
  hung: number;
  /** Error replies by status. */
  readonly refused: Record<string, number>;
}
