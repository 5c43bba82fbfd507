/** What needs somebody: one notice per cause, gone when the cause is. */
import { useState, type ReactElement, type ReactNode } from 'react';
import type { PageState } from '../feed/feed-store.ts';
import { clockTime, count, plural } from '../ui/format.ts';
import { ControlSheet } from './control-sheet.tsx';
import type { Command } from './use-command.ts';

export function Notices({
  page,
  command,
  isLive,
}: {
  readonly page: PageState;
  readonly command: Command;
  readonly isLive: boolean;
}): ReactElement | null {
  const [model, setModel] = useState<string | undefined>(undefined);
  const { overview } = page.feed;
  const notices = noticesOf(page, setModel);
  return (
    <>
      {notices.length > 0 && (
        <ul className="notices" aria-label="Notices">
          {notices.map(({ cause, level, text }) => (
            <li key={cause} data-level={level}>
              {text}
            </li>
          ))}
        </ul>
      )}
      {model !== undefined && overview !== undefined && (
        <ControlSheet
          subject={{ verb: 'reset-breaker', model }}
          overview={overview}
          isLive={isLive}
          onClose={() => setModel(undefined)}
          onConfirm={(reason) => {
            setModel(undefined);
            command.give({ verb: 'reset-breaker', model, reason });
          }}
        />
      )}
    </>
  );
}

interface Notice {
  readonly cause: string;
  readonly level: 'bad' | 'attention' | 'quiet';
  readonly text: ReactNode;
}

function noticesOf({ connection, feed }: PageState, onReset: (model: string) => void): readonly Notice[] {
  const notices: Notice[] = [];
  const { overview } = feed;
  if (connection === 'locked') {
    notices.push({
      cause: 'locked',
      level: 'bad',
      text: (
        <>
          <b>The panel was started anew.</b> Open the link it printed, in any window of this browser: this
          page then goes on by itself, where it stopped.
        </>
      ),
    });
  }
  if (connection === 'lost') {
    notices.push({
      cause: 'lost',
      level: 'attention',
      text: (
        <>
          <b>The panel does not answer.</b> What you see is old; the page tries again by itself. Without a
          panel the same verbs work by <code>orchestrator pause</code>, <code>resume</code> and{' '}
          <code>halt</code>.
        </>
      ),
    });
  }
  if (overview === undefined) return notices;
  if (overview.queue_fault !== null) {
    notices.push({
      cause: 'queue',
      level: 'bad',
      text: (
        <>
          <b>queue.json cannot be read.</b> The tasks shown are those it held before.{' '}
          <span className="mono">{overview.queue_fault}</span>
        </>
      ),
    });
  }
  if (overview.grind !== null && overview.grind.status === 'silent') {
    notices.push({
      cause: 'grind',
      level: 'attention',
      text: (
        <>
          <b>Grind does not answer</b> at {overview.grind.url}. Workers give their tasks back and wait;
          nothing fails.
        </>
      ),
    });
  }
  if (overview.grind !== null && overview.grind.status === 'foreign') {
    notices.push({
      cause: 'foreign',
      level: 'bad',
      text: (
        <>
          <b>The grind at {overview.grind.url} serves another home.</b> Its figures are not shown here.
        </>
      ),
    });
  }
  if (overview.record.fault !== null) {
    notices.push({
      cause: 'record',
      level: 'bad',
      text: (
        <>
          <b>The record is not what it was when it was sealed.</b>{' '}
          <span className="mono">{overview.record.fault}</span>. <code>orchestrator audit verify</code> says
          the same.
        </>
      ),
    });
  }
  for (const { model, upstream, state, why, until } of overview.grind?.breakers ?? []) {
    notices.push({
      cause: `breaker ${model}`,
      level: 'attention',
      text: (
        <>
          <b>
            The circuit of {model} at {upstream} is {state}.
          </b>{' '}
          {why}. Its tasks wait; one call is let through after {clockTime(until).slice(0, 8)}.{' '}
          <button type="button" className="plain small" onClick={() => onReset(model)}>
            Reset…
          </button>
        </>
      ),
    });
  }
  for (const { model, waiting, under_way, tokens } of overview.grind?.paces ?? []) {
    notices.push({
      cause: `pace ${model}`,
      level: 'quiet',
      text: (
        <>
          {plural(waiting, 'call')} to {model} {waiting === 1 ? 'waits' : 'wait'} for the rate limits of the
          provider, {under_way} under way
          {tokens !== null && (
            <>
              ; {count(tokens.left)} of {count(tokens.limit)} tokens left
            </>
          )}
          . Nothing is lost: they go on as fast as it lets them.
        </>
      ),
    });
  }
  const unreadable =
    overview.unreadable.execution + overview.unreadable.apiAudit + overview.unreadable.action;
  if (unreadable > 0) {
    notices.push({
      cause: 'unreadable',
      level: 'quiet',
      text: (
        <>
          {plural(unreadable, 'line')} of the record could not be read and {unreadable === 1 ? 'was' : 'were'}{' '}
          skipped: execution {overview.unreadable.execution}, api_audit {overview.unreadable.apiAudit}, action{' '}
          {overview.unreadable.action}.
        </>
      ),
    });
  }
  if (feed.tasksLeftOut > 0) {
    notices.push({
      cause: 'many',
      level: 'quiet',
      text: (
        <>
          The queue is long: {plural(feed.tasksLeftOut, 'task')} are counted but not listed until something
          happens to them. <code>orchestrator status --json</code> lists all.
        </>
      ),
    });
  }
  return notices;
}
