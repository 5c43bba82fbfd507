/** What of the run's cap is settled, charged without known usage, and held. Real and simulated money are two books and never one figure. */
import type { MoneyFigures, Overview } from '@vivarium/contracts';
import type { ReactElement } from 'react';
import { money } from '../ui/format.ts';

const PARTS = ['settled', 'held', 'unknown'] as const;

export function MoneyBar({ overview }: { readonly overview: Overview }): ReactElement {
  const { real, simulated, cap_nano_usd: cap, total_real, total_simulated } = overview.money;
  const isSimulated = !isUsed(real) && (isUsed(simulated) || (overview.grind?.simulated ?? false));
  const book = isSimulated ? simulated : real;
  const shares =
    cap === null || cap === 0
      ? undefined
      : PARTS.map((part) => ({ part, share: Math.min(1, book[part] / cap) }));
  let left = 0;
  return (
    <div className="money">
      <svg className="money-bar" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">
        <rect className="cap" width="100" height="4" rx="1" />
        {shares?.map(({ part, share }) => {
          const x = left;
          left += share * 100;
          // Thinner than a hair would read as nothing spent.
          const width = share === 0 ? 0 : Math.max(0.6, share * 100);
          return <rect key={part} data-part={part} x={Math.min(x, 100 - width)} width={width} height="4" />;
        })}
      </svg>
      <dl className="money-parts">
        {PARTS.map((part) => (
          <div key={part} data-part={part}>
            <dt>{part === 'settled' ? 'spent' : part}</dt>
            <dd className="figure">{money(book[part])}</dd>
          </div>
        ))}
      </dl>
      <p className="books">
        All time: <b className="figure">{money(total(total_real))}</b> real
        {isUsed(total_simulated) && (
          <>
            {' '}
            · <b className="figure">{money(total(total_simulated))}</b> simulated
          </>
        )}
      </p>
    </div>
  );
}

const isUsed = (figures: MoneyFigures): boolean => figures.calls > 0 || figures.held > 0;
const total = (figures: MoneyFigures): number => figures.settled + figures.unknown;
