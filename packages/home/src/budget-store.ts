/**
 * The write-ahead log of money: api_audit.log and its fold. Owns the fold; there is one writer for a home, the grind that holds it.
 *
 * - M1, M2: nothing counts that is not in the log. A line is folded after its append, never before; when the append throws, nothing is folded
 *   and whoever asked was granted nothing. The same line may then be written again.
 * - What the log says is what the fold of these schemas says. A line that is not one of them is refused before it is written; one found in the
 *   log (a fragment, another version) is counted, and a hold it might have settled stays charged.
 * - M3: memory holds the last used replies whole and of the others the key; a late duplicate of one of those costs a reading of the log.
 */
import {
  ApiAuditLine,
  createMoneyFold,
  LOGS,
  readApiAuditLine,
  readOn,
  type BudgetStore,
  type MoneyFold,
  type RecordedReply,
  type RecordStore,
} from '@vivarium/contracts';
import { VivariumError } from '@vivarium/core';

export interface FileBudgetStore extends BudgetStore {
  /** Lines of the log that could not be read, or are not of a kind known here. */
  readonly skipped: number;
}

/** A duplicate comes while its task is tried again: within the calls of minutes, not of days. */
const KEPT_REPLIES = 4_096;

export interface BudgetStoreOptions {
  readonly record: RecordStore;
  /** Is told every line that is read at the opening, in the order of the log. */
  readonly also?: ((line: ApiAuditLine) => void) | undefined;
  /** Replies kept in memory. */
  readonly keptReplies?: number;
}

export function createBudgetStore({
  record,
  also,
  keptReplies = KEPT_REPLIES,
}: BudgetStoreOptions): FileBudgetStore {
  // A whole line that lacks only its newline would be read by everybody once the next line stands behind it: it must count from now on.
  record.mend('apiAudit');
  const money = createMoneyFold({ older: { kept: keptReplies, find: findAgain } });
  const skipped = foldLog(record, money, also);

  return {
    money,
    write(line) {
      const checked = readApiAuditLine(line, record.home);
      if (checked === undefined) {
        throw new VivariumError('internal', `not written to logs/${LOGS.apiAudit}: ${whyNot(line)}`, {
          remedy: { kind: 'fail' },
        });
      }
      record.append('apiAudit', line);
      money.apply(checked);
    },
    skipped,
  };

  /** By the same fold, so that it is the reply that was kept once. */
  function findAgain(simulated: boolean, idempotencyKey: string): RecordedReply {
    const again = createMoneyFold({ tasks: false, replies: (key) => key === idempotencyKey });
    foldLog(record, again);
    const found = again.replyFor(simulated, idempotencyKey);
    if (found !== undefined) return found;
    throw new VivariumError(
      'record_unreadable',
      `a reply that was recorded is gone from logs/${LOGS.apiAudit}; it is not paid for again under its key`,
      {
        remedy: { kind: 'fail' },
        hint: 'Bring the log back from a copy, or ask under a new key, which is paid for.',
      },
    );
  }
}

/** Answers how many lines could not be read. */
function foldLog(record: RecordStore, money: MoneyFold, also?: (line: ApiAuditLine) => void): number {
  let skipped = 0;
  readOn(record.tail('apiAudit'), ({ entries }) => {
    for (const entry of entries) {
      const line = entry.kind === 'line' ? readApiAuditLine(entry.value, record.home) : undefined;
      if (line === undefined) skipped += 1;
      else {
        money.apply(line);
        also?.(line);
      }
    }
  });
  return skipped;
}

/** Names fields, quotes no values (S6). */
const whyNot = (line: unknown): string =>
  ApiAuditLine.safeParse(line)
    .error?.issues.slice(0, 5)
    .map(({ path, message }) => `${path.join('.') || 'the line'}: ${message}`)
    .join('; ') ?? 'it is not a line of this log';
