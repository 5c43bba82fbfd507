/** Writing a line of api_audit.log that an order depends on. Owns nothing. */
import type { ApiAuditLine, BudgetStore } from '@vivarium/contracts';
import { messageOf } from '@vivarium/core';
import type { Notices } from './notices.ts';
import type { Order } from './order.ts';

/** False when the line could not be written; then it counts for nothing, and whoever needed it goes no further. The operator is told. */
export type Note = (order: Order, line: ApiAuditLine) => boolean;

export function createNote(budget: Pick<BudgetStore, 'write'>, notices: Pick<Notices, 'trouble'>): Note {
  return (order, line) => {
    try {
      budget.write(line);
      return true;
    } catch (error) {
      notices.trouble(order, 'record_unwritable', messageOf(error));
      return false;
    }
  };
}
