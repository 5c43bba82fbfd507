/** What was not done, and why, one line each. */
import { printable, type Terminal } from '../terminal.ts';

export interface Refusal {
  readonly id: string;
  readonly reason: string;
}

const MOST_SHOWN = 20;

export function tellRefusals(refusals: readonly Refusal[], terminal: Terminal): void {
  for (const { id, reason } of refusals.slice(0, MOST_SHOWN))
    terminal.complain(`${terminal.colours.red('✗')} ${printable(id)}: ${printable(reason)}`);
  if (refusals.length > MOST_SHOWN)
    terminal.complain(`  and ${refusals.length - MOST_SHOWN} more; --json lists all`);
}
