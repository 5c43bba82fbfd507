/**
 * M2: a hold that stands open when a grind starts belongs to one that died in the middle of a call. Whether the provider billed it cannot be known
 * any more, so it is charged whole and never released. Only the one grind of a home may do this, after it has made sure of being the one.
 */
import type { BudgetStore } from '@vivarium/contracts';
import { addUsd, formatUsd, zeroUsd } from '@vivarium/core';
import type { CallLines } from './call-lines.ts';
import type { Notices } from './notices.ts';

/** Answers how many there were. Throws `record_unwritable`: without this nothing may be spent. */
export function chargeDeadHolds(
  budget: BudgetStore,
  lines: Pick<CallLines, 'leftOpen'>,
  notices: Notices,
): number {
  const open = budget.money.openHolds();
  let real = zeroUsd;
  let simulated = zeroUsd;
  for (const hold of open) {
    budget.write(lines.leftOpen(hold));
    if (hold.line.simulated === true) simulated = addUsd(simulated, hold.amount);
    else real = addUsd(real, hold.amount);
  }
  if (open.length > 0) {
    const sums = [
      ...(real > 0 ? [formatUsd(real)] : []),
      ...(simulated > 0 ? [`${formatUsd(simulated)} (simulated)`] : []),
    ];
    const calls = open.length === 1 ? 'One call was' : `${open.length} calls were`;
    notices.trouble(
      undefined,
      'call_aborted',
      `${calls} in flight when grind ended; charged in full as usage unknown: ${sums.join(' and ')}`,
    );
  }
  return open.length;
}
