/** Who this is: the home, whether its work is simulated, and how fresh the page is. */
import type { Overview } from '@vivarium/contracts';
import type { ReactElement } from 'react';
import type { PageState } from '../feed/feed-store.ts';
import { age, clockTime } from '../ui/format.ts';
import { useNow } from '../ui/use-now.ts';
import type { Freshness } from './app.tsx';

export function Header({
  page,
  freshness,
}: {
  readonly page: PageState;
  readonly freshness: Freshness;
}): ReactElement {
  const { overview, root } = page.feed;
  const isSimulated =
    overview !== undefined && (overview.grind?.simulated ?? overview.money.simulated.calls > 0);
  return (
    <header className="header">
      <img src="/favicon.svg" alt="" width="26" height="26" />
      <h1>Vivarium</h1>
      <span className="home" title={root}>
        <bdi>{root}</bdi>
      </span>
      {isSimulated && (
        <strong
          className="simulated"
          title="Answers come from the simulator. No real model is asked, no real money moves."
        >
          Simulated<span className="wide-only"> · no real model, no real money</span>
        </strong>
      )}
      {overview !== undefined && <RecordBadge record={overview.record} />}
      <ConnectionBadge page={page} freshness={freshness} />
    </header>
  );
}

/** Verified up to, verifying, broken at: what the seals of the record say of it. */
function RecordBadge({ record }: { readonly record: Overview['record'] }): ReactElement {
  const unsealed = record.unsealed_bytes === 0 ? '' : `; ${record.unsealed_bytes} bytes are not sealed yet`;
  const title = record.fault ?? `${record.lines} lines are what they were when they were sealed${unsealed}`;
  return (
    <span className="record-badge" data-state={record.state} title={title}>
      <span className="wide-only">Record </span>
      {recordWords(record)}
    </span>
  );
}

function recordWords({ state, verified_to, progress }: Overview['record']): string {
  switch (state) {
    case 'unsealed':
      return 'not sealed yet';
    case 'verifying':
      return `verifying ${Math.round(100 * progress)} %`;
    case 'broken':
      return 'BROKEN';
    case 'verified':
      return `verified up to ${verified_to === null ? '' : clockTime(verified_to).slice(0, 8)}`;
  }
}

const words = {
  connecting: 'Connecting',
  live: 'Live',
  lost: 'Reconnecting',
  locked: 'Locked',
} as const;

function ConnectionBadge({
  page,
  freshness,
}: {
  readonly page: PageState;
  readonly freshness: Freshness;
}): ReactElement {
  useNow(500);
  const silence = page.heardAt === undefined ? undefined : performance.now() - page.heardAt;
  const asOf =
    silence === undefined ? 'nothing heard yet' : silence < 1_500 ? 'as of now' : `as of ${age(silence)} ago`;
  const word = page.connection === 'live' && freshness !== 'live' ? 'Late' : words[page.connection];
  return (
    <span className="connection" data-freshness={freshness}>
      <span className="connection-mark" aria-hidden="true" />
      <b role="status">{word}</b>
      <span className="as-of">{asOf}</span>
    </span>
  );
}
