/** Money of the record as screens show it: real and simulated never in one figure (M5). */
import { formatUsd } from '@vivarium/core';
import {
  committed,
  createBreakerFold,
  createMoneyFold,
  type BreakerFold,
  type Cursor,
  type MoneyFold,
  type RecordStore,
  readApiAuditLine,
  readOn,
  type Sums,
} from '@vivarium/contracts';
import type { Snapshot } from '../snapshot.ts';

export interface MoneyReader {
  readonly money: MoneyFold;
  readonly breakers: BreakerFold;
  /** Lines that could not be read or understood so far. */
  readonly unreadable: number;
  /** Where the next look goes on; undefined before the first. */
  readonly place: Cursor | undefined;
  readonly bytesRead: number;
  /** Folds what is new in api_audit.log. */
  refresh(): void;
}

const SUMS_ONLY = { replies: false, tasks: false } as const;

/** Reads, never writes: that is grind's alone. `from`: what an earlier reader had come to. */
export function createMoneyReader(record: RecordStore, from?: Snapshot['money']): MoneyReader {
  const tail = record.tail('apiAudit', from?.to);
  let money = createMoneyFold({ ...SUMS_ONLY, from: from?.state });
  let breakers = createBreakerFold();
  for (const line of from?.breakers ?? []) breakers.apply(line);
  let unreadableBefore = from?.unreadable ?? 0;
  let strange = 0;
  let place: Cursor | undefined;
  let bytesRead = 0;
  return {
    get money() {
      return money;
    },
    get breakers() {
      return breakers;
    },
    get unreadable() {
      return unreadableBefore + tail.unreadable + strange;
    },
    get place() {
      return place;
    },
    get bytesRead() {
      return bytesRead;
    },
    refresh() {
      const began = place?.offset ?? from?.to.offset ?? 0;
      readOn(tail, ({ entries, restarted, cursor }) => {
        if (restarted) {
          money = createMoneyFold(SUMS_ONLY);
          breakers = createBreakerFold();
          unreadableBefore = 0;
          strange = 0;
        }
        place = cursor;
        for (const entry of entries) {
          if (entry.kind !== 'line') continue;
          const line = readApiAuditLine(entry.value, record.home);
          if (line === undefined) strange += 1;
          else {
            money.apply(line);
            breakers.apply(line);
          }
        }
      });
      bytesRead += Math.max(0, (place?.offset ?? 0) - began);
    },
  };
}

/** `$0.0012, 3 calls, 1,203 + 410 tokens`; what is not certain is said. */
export function sumsText(sums: Sums): string {
  const parts = [formatUsd(committed(sums)), `${sums.calls} ${sums.calls === 1 ? 'call' : 'calls'}`];
  if (sums.inputTokens + sums.outputTokens > 0)
    parts.push(`${count(sums.inputTokens)} + ${count(sums.outputTokens)} tokens`);
  if (sums.unknown > 0) parts.push(`${formatUsd(sums.unknown)} of it unknown, charged at worst case`);
  if (sums.held > 0) parts.push(`${formatUsd(sums.held)} of it held`);
  return parts.join(', ');
}

export const hasSums = (sums: Sums): boolean => sums.calls > 0 || committed(sums) > 0;
const count = (value: number): string => value.toLocaleString('en-US');
