/** The lines of api_audit.log behind a figure, newest first: what each says, and where it stands, so that anyone can look it up in the file. */
import type { MoneyLinesReply, MoneyPart, Overview } from '@vivarium/contracts';
import { type ReactElement, useEffect, useId, useRef } from 'react';
import { clockTime, count, exactTime, money, plural } from '../ui/format.ts';
import { useJson } from '../ui/use-fetched.ts';

const titles: Readonly<Record<MoneyPart, string>> = {
  settled: 'Spent',
  held: 'Held for calls under way',
  unknown: 'Charged as unknown',
  refused: 'Refused for want of money',
};

export function MoneyLines({
  part,
  overview,
  onClose,
}: {
  readonly part: MoneyPart;
  readonly overview: Overview;
  readonly onClose: () => void;
}): ReactElement {
  const dialog = useRef<HTMLDialogElement | null>(null);
  const title = useId();
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  const { run_id: run, is_simulated: isSimulated } = overview.money;
  const words = new URLSearchParams({ part, book: isSimulated ? 'simulated' : 'real', run: run ?? '' });
  const fetched = useJson<MoneyLinesReply>(`/api/money?${words}`, String(overview.position.apiAudit));
  return (
    <dialog ref={dialog} className="sheet wide" aria-labelledby={title} onClose={onClose}>
      <h2 id={title}>
        {titles[part]} <span className="dim">{isSimulated ? 'simulated, no real money' : 'real money'}</span>
      </h2>
      {fetched.kind === 'here' ? (
        <Lines reply={fetched.value} part={part} />
      ) : (
        <p>{fetched.kind === 'failed' ? `They cannot be had: ${fetched.why}.` : 'Reading…'}</p>
      )}
      <div className="sheet-buttons">
        <button type="button" className="plain" onClick={() => dialog.current?.close()}>
          Close
        </button>
      </div>
    </dialog>
  );
}

function Lines({ reply, part }: { readonly reply: MoneyLinesReply; readonly part: MoneyPart }): ReactElement {
  const { lines, count: all } = reply;
  if (lines.length === 0) return <p>There is no such line.</p>;
  const sum = lines.reduce((total, { nano_usd }) => total + nano_usd, 0);
  return (
    <>
      <p>
        {all > lines.length
          ? `The last ${count(lines.length)} of ${plural(all, 'line')}`
          : plural(all, 'line')}{' '}
        of <code>logs/api_audit.log</code>
        {part !== 'refused' && <>, {money(sum)} together</>}.
        {all > lines.length && (
          <>
            {' '}
            <code>orchestrator spend</code> adds up all.
          </>
        )}
      </p>
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a list that scrolls is to be scrolled by keyboard too */}
      <div className="money-lines" tabIndex={0} role="region" aria-label="Lines">
        <table>
          <thead>
            <tr>
              <th>Byte</th>
              <th>Time</th>
              <th>Task</th>
              <th>By</th>
              <th>Says</th>
              <th>{part === 'refused' ? 'Wanted' : 'Amount'}</th>
            </tr>
          </thead>
          <tbody>
            {lines.map(({ byte, timestamp, task_id, user, text, nano_usd }) => (
              <tr key={byte}>
                <td className="figure" title={`tail -c +${byte + 1} logs/api_audit.log | head -1`}>
                  {byte}
                </td>
                <td className="figure">
                  <time dateTime={timestamp} title={exactTime(timestamp)}>
                    {clockTime(timestamp)}
                  </time>
                </td>
                <td className="mono">{task_id ?? '–'}</td>
                <td>{user}</td>
                <td>{text}</td>
                <td className="figure">{money(nano_usd)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}
