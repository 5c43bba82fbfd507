/** What does it cost? What is committed against the cap of the run, of the book it spends from. */
import type { MoneyFigures, Verdict } from '@vivarium/contracts';
import { formatUsd, nanoUsd } from '@vivarium/core';
import { advise } from './words.ts';

export interface MoneyInputs {
  /** Of the run at work or the last one, in the book it spends from. */
  readonly figures: MoneyFigures;
  readonly simulated: boolean;
  readonly capNanoUsd: number | null;
  readonly hasRun: boolean;
}

export function moneyVerdict({ figures, simulated, capNanoUsd, hasRun }: MoneyInputs): Verdict {
  const money = (amount: number): string => formatUsd(nanoUsd(amount));
  const spent = figures.settled + figures.unknown;
  const committed = spent + figures.held;
  const words = capNanoUsd === null ? money(spent) : `${money(spent)} of ${money(capNanoUsd)}`;
  const book = simulated ? 'simulated, no real money' : 'real money';
  const rule =
    'Committed = settled + unknown + held. It never exceeds the cap of the run; near means 80 % of it.';
  const inputs = [
    { name: 'book', value: book },
    { name: 'settled', value: money(figures.settled) },
    { name: 'unknown, charged in full', value: money(figures.unknown) },
    { name: 'held for calls in flight', value: money(figures.held) },
    {
      name: 'cap of the run',
      value: capNanoUsd === null ? 'none: no run has begun' : money(capNanoUsd),
    },
    { name: 'calls', value: String(figures.calls) },
  ];
  const said = (
    kind: string,
    tone: Verdict['tone'],
    detail: string,
    advice: Verdict['advice'] = null,
  ): Verdict => ({ kind, tone, words, detail, rule, inputs, advice });
  if (!hasRun) return said('none', 'quiet', 'nothing spent yet');
  if (capNanoUsd !== null && spent >= capNanoUsd)
    return said(
      'reached',
      'bad',
      'the cap is reached',
      advise('A new run begins with its whole cap.', 'orchestrator start 4'),
    );
  if (capNanoUsd !== null && committed >= 0.8 * capNanoUsd)
    return said(
      'near',
      'attention',
      `${Math.floor((100 * committed) / capNanoUsd)} % of the cap is committed`,
    );
  return said('within', 'good', book);
}
