/** One line about one task that ended, as people read it. Pure. */
import { formatDuration, formatUsd } from '@vivarium/core';
import type { TaskRecord } from '@vivarium/contracts';
import { printable, shorten, type Colours } from '../terminal.ts';

export interface TaskEnd {
  readonly id: string;
  readonly record: TaskRecord;
}

export function taskLine({ id, record }: TaskEnd, colours: Colours, width: number): string {
  const name = colours.bold(printable(id));
  switch (record.status) {
    case 'completed': {
      const facts = [
        ...(record.latencyMs === undefined ? [] : [formatDuration(record.latencyMs)]),
        `${formatUsd(record.cost)}${record.simulated ? ' simulated' : ''}`,
        ...(record.model === undefined ? [] : [record.model]),
        ...(record.finishReason === 'length' ? [CUT_WORDS[record.cutBy ?? 'unknown']] : []),
      ].join(', ');
      const room = width - id.length - facts.length - 6;
      const beginning = room > 20 ? colours.dim(`  ${shorten(printable(record.summary ?? ''), room)}`) : '';
      return `${colours.green('✓')} ${name}  ${facts}${beginning}`;
    }
    case 'failed':
      return `${colours.red('✗')} ${name}  failed: ${reasonOf(record)}`;
    case 'refused':
      return `${colours.red('✗')} ${name}  refused: ${reasonOf(record)}`;
    case 'skipped':
      return `${colours.yellow('-')} ${name}  skipped: ${reasonOf(record)}`;
    case 'cancelled':
      return `${colours.yellow('-')} ${name}  cancelled: ${reasonOf(record)}`;
    case 'deferred':
      return `${colours.yellow('…')} ${name}  deferred: ${reasonOf(record)}`;
    case 'retrying':
      return `${colours.yellow('…')} ${name}  will be tried again: ${reasonOf(record)}`;
    case 'queued':
      return `${colours.yellow('…')} ${name}  given back: ${reasonOf(record)}`;
    case 'in_progress':
      return `  ${name}  in progress`;
  }
}

/** An answer that was cut is a result, and not a whole one. */
export const CUT_WORDS = {
  max_tokens: 'cut at its max_tokens',
  model: 'cut at the most tokens the model gives',
  budget: 'cut where its budget ended: raise --max or --run-cap',
  rate_limit: 'cut at what the rate limits of the provider take of one request',
  unknown: 'cut at its limit',
} as const;

const reasonOf = (record: TaskRecord): string => printable(record.reason ?? 'no reason on record');
