/**
 * The write-ahead log of money: api_audit.log and its fold. Owns the fold; there is one writer for a home, the grind that holds it.
 *
 * - M1, M2: nothing counts that is not in the log. A line is folded after its append, never before; when the append throws, nothing is folded
 *   and whoever asked was granted nothing. The same line may then be written again.
 * - What the log says is what the fold of these schemas says. A line that is not one of them is refused before it is written; one found in the
 *   log (a fragment, another version) is counted, and a hold it might have settled stays charged.
 */
import {
  createMoneyFold,
  readApiAuditLine,
  readOn,
  type BudgetStore,
  type RecordStore,
} from '@vivarium/contracts';
import { VivariumError } from '@vivarium/core';

export interface FileBudgetStore extends BudgetStore {
  /** Lines of the log that could not be read, or are not of a kind known here. */
  readonly skipped: number;
}

export function createBudgetStore({ record }: { readonly record: RecordStore }): FileBudgetStore {
  // A whole line that lacks only its newline would be read by everybody once the next line stands behind it: it must count from now on.
  record.mend('apiAudit');
  const money = createMoneyFold();
  let skipped = 0;
  readOn(record.tail('apiAudit'), ({ entries }) => {
    for (const entry of entries) {
      const line = entry.kind === 'line' ? readApiAuditLine(entry.value, record.home) : undefined;
      if (line === undefined) skipped += 1;
      else money.apply(line);
    }
  });

  return {
    money,
    write(line) {
      const checked = readApiAuditLine(line, record.home);
      if (checked === undefined) {
        throw new VivariumError('internal', 'this is not a line of api_audit.log; it was not written', {
          remedy: { kind: 'stop' },
        });
      }
      record.append('apiAudit', line);
      money.apply(checked);
    },
    get skipped() {
      return skipped;
    },
  };
}
