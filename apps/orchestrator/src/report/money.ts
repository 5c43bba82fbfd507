/** Money of the record as screens show it: real and simulated never in one figure (M5). */
import { formatUsd } from '@vivarium/core';
import {
  committed,
  createMoneyFold,
  type MoneyFold,
  type RecordStore,
  readApiAuditLine,
  readOn,
  type Sums,
} from '@vivarium/contracts';

export interface MoneyReader {
  readonly money: MoneyFold;
  /** Lines that could not be read or understood so far. */
  readonly unreadable: number;
  /** Folds what is new in api_audit.log. */
  refresh(): void;
}

/** Reads, never writes: that is grind's alone. */
export function createMoneyReader(record: RecordStore): MoneyReader {
  const tail = record.tail('apiAudit');
  let money = createMoneyFold({ replies: false });
  let strange = 0;
  return {
    get money() {
      return money;
    },
    get unreadable() {
      return tail.unreadable + strange;
    },
    refresh() {
      readOn(tail, ({ entries, restarted }) => {
        if (restarted) {
          money = createMoneyFold({ replies: false });
          strange = 0;
        }
        for (const entry of entries) {
          if (entry.kind !== 'line') continue;
          const line = readApiAuditLine(entry.value, record.home);
          if (line === undefined) strange += 1;
          else money.apply(line);
        }
      });
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
