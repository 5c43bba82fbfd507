/** What a proof of the budget found, on one page. Pure. */
import { SLOTS, WORKERS, type BudgetProof } from './budget-proof.ts';

/** One page for somebody who has never seen any of this. */
export function budgetPage(proof: BudgetProof): readonly string[] {
  const { money, events, kills, capsMet, violations } = proof;
  const counts = (of: Readonly<Record<string, number>>): string =>
    Object.entries(of)
      .toSorted(([one], [other]) => (one < other ? -1 : 1))
      .map(([name, number]) => `${number} ${name}`)
      .join(', ');
  return [
    '',
    `Proof of the budget, seed ${proof.seed}, ${proof.seconds} s. Everything is simulated; no real money moved.`,
    '',
    `  slots         ${WORKERS * SLOTS} in ${WORKERS} workers, and 8 callers with a token`,
    `  killed        ${counts(kills)} (SIGKILL)`,
    `  lines         ${counts(events)}`,
    `  caps met      ${counts(capsMet)} (times a call was held back for it)`,
    `  settled       ${money.settled} nano-dollars in ${money.calls.settled} calls, each as on the bill`,
    `  charged       ${money.unknown} nano-dollars in ${money.calls.unknown} calls whose usage never became known, at worst case`,
    `  billed        ${money.billed} nano-dollars in ${money.calls.billed} calls, by the simulator's own bill`,
    `  so            ${money.settled} <= ${money.billed} <= ${money.settled + money.unknown}, and ${money.held} is still held`,
    '',
    '  checked       every cap (task, run, day, principal) after every line · every hold and cost by prices written down anew · every settled call',
    '                against its line of the bill · what was billed of each prompt against what is settled and charged for it · no key paid twice',
    `  again         npm run prove -- budget --minutes ${Math.max(1, Math.round(proof.seconds / 60))} --seed ${proof.seed}`,
    '',
    ...violations
      .slice(0, 20)
      .map(
        ({ promise, what, line }) =>
          `VIOLATION ${promise}: ${what}${line === undefined ? '' : `\n    api_audit.log ${line}`}`,
      ),
    violations.length === 0 ? 'No violation.' : `${violations.length} violations.`,
  ];
}
