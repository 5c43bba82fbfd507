/** What of the run's cap is settled, charged without known usage, and held. Real and simulated money are two books and never one figure. */
import type { MoneyFigures, MoneyPart, Overview } from '@vivarium/contracts';
import { type ReactElement, useState } from 'react';
import { age, count, money } from '../ui/format.ts';
import { MoneyLines } from './money-lines.tsx';

const PARTS = ['settled', 'held', 'unknown'] as const;

export function MoneyBar({ overview }: { readonly overview: Overview }): ReactElement {
  const { real, simulated, is_simulated: isSimulated, cap_nano_usd: cap, refused } = overview.money;
  const { total_real, total_simulated, lately_nano_usd: lately, cap_lasts_ms: lasts } = overview.money;
  const [shown, setShown] = useState<MoneyPart | undefined>(undefined);
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
            <dd>
              <button
                type="button"
                className="figure behind"
                title="The lines behind it"
                onClick={() => setShown(part)}
              >
                {money(book[part])}
              </button>
            </dd>
          </div>
        ))}
        {refused > 0 && (
          <div data-part="refused">
            <dt>refused</dt>
            <dd>
              <button
                type="button"
                className="figure behind"
                title="The lines behind it"
                onClick={() => setShown('refused')}
              >
                {count(refused)}
              </button>
            </dd>
          </div>
        )}
      </dl>
      {lately > 0 && (
        <p className="books">
          <b className="figure">{money(lately)}</b> in ten minutes
          {lasts !== null && <>: at that pace the cap lasts {age(lasts)}</>}
        </p>
      )}
      <p className="books">
        All time: <b className="figure">{money(total(total_real))}</b> real
        {isUsed(total_simulated) && (
          <>
            {' '}
            · <b className="figure">{money(total(total_simulated))}</b> simulated
          </>
        )}
      </p>
      {shown !== undefined && (
        <MoneyLines part={shown} overview={overview} onClose={() => setShown(undefined)} />
      )}
    </div>
  );
}

const isUsed = (figures: MoneyFigures): boolean => figures.calls > 0 || figures.held > 0;
const total = (figures: MoneyFigures): number => figures.settled + figures.unknown;
