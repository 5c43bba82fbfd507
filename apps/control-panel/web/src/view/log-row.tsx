/** One line of the action log, its opened form, and the places where lines were not loaded or cannot be read. Text nodes only. */
import { type ReactElement, useState } from 'react';
import type { LogItem } from '../feed/log-items.ts';
import { clockTime, count, exactTime, workerName } from '../ui/format.ts';
import { useText } from '../ui/use-fetched.ts';
import { searchFor } from './log-filter.ts';

interface LogRowProps {
  readonly item: LogItem;
  readonly rowIndex: number;
  readonly isOpen: boolean;
  readonly isTabStop: boolean;
  readonly onLoad: (from: number, to: number) => Promise<void>;
  readonly onToggle: () => void;
}

export function LogRow({ item, rowIndex, isOpen, isTabStop, onLoad, onToggle }: LogRowProps): ReactElement {
  const row = { role: 'row', 'aria-rowindex': rowIndex } as const;
  if (item.kind === 'gap') {
    return (
      <div {...row} className="log-gap">
        <div role="cell">
          <LoadButton from={item.from} to={item.to} isTabStop={isTabStop} onLoad={onLoad} />
        </div>
      </div>
    );
  }
  const button = {
    type: 'button',
    className: 'row-button',
    'data-row-button': true,
    tabIndex: isTabStop ? 0 : -1,
    'aria-expanded': isOpen,
  } as const;
  const toggle = { onClick: onToggle };
  if (item.kind === 'unreadable') {
    return (
      <div {...row} className="log-row" data-type="UNREADABLE" data-open={isOpen} {...toggle}>
        <div role="cell" className="l-time">
          <button {...button} onClick={(event) => (event.stopPropagation(), onToggle())}>
            ─
          </button>
        </div>
        <div role="cell" className="l-type">
          ⚠ ???
        </div>
        <div role="cell" className="l-text">
          unreadable line, bytes {count(item.from)} to {count(item.to)}: {item.why}
        </div>
      </div>
    );
  }
  return (
    <div
      {...row}
      className="log-row"
      data-tone={item.tone}
      data-type={item.action_type}
      data-open={isOpen}
      {...toggle}
    >
      <div role="cell" className="l-time">
        <button {...button} onClick={(event) => (event.stopPropagation(), onToggle())}>
          <time dateTime={item.timestamp} title={exactTime(item.timestamp)}>
            {clockTime(item.timestamp).slice(0, 8)}
          </time>
        </button>
      </div>
      <div role="cell" className="l-type">
        {item.action_type}
      </div>
      <div role="cell" className="l-actor" title={item.actor}>
        {workerName(item.actor)}
      </div>
      <div role="cell" className="l-text">
        <b>{item.action}</b> {item.detail}
      </div>
    </div>
  );
}

function LoadButton({
  from,
  to,
  isTabStop,
  onLoad,
}: {
  readonly from: number;
  readonly to: number;
  readonly isTabStop: boolean;
  readonly onLoad: LogRowProps['onLoad'];
}): ReactElement {
  const [isLoading, setLoading] = useState(false);
  return (
    <button
      type="button"
      className="plain small"
      data-row-button
      tabIndex={isTabStop ? 0 : -1}
      disabled={isLoading}
      onClick={() => {
        setLoading(true);
        void onLoad(from, to).then(() => setLoading(false));
      }}
    >
      {isLoading
        ? 'Loading…'
        : `${from === 0 ? 'Older lines' : 'Lines not loaded'} (${count(Math.ceil((to - from) / 1_024))} KB): load the last of them`}
    </button>
  );
}

export function LogLineDetails({
  item,
  generation,
  onSearch,
}: {
  readonly item: Exclude<LogItem, { kind: 'gap' }>;
  readonly generation: string;
  readonly onSearch: (search: string) => void;
}): ReactElement {
  const isClipped = item.kind === 'line' && item.clipped > 0;
  const whole = useText(
    isClipped
      ? `/api/line?${new URLSearchParams({ generation, from: String(item.from) }).toString()}`
      : undefined,
  );
  if (item.kind === 'unreadable') {
    return (
      <div className="log-details">
        <p>
          Bytes {count(item.from)} to {count(item.to)} of action_log.jsonl: {item.why}. It was skipped; the
          lines around it are whole.
        </p>
      </div>
    );
  }
  const taskId = item.task_id;
  return (
    <div className="log-details">
      <p className="dim">
        {exactTime(item.timestamp)} · byte {count(item.from)}
        {item.simulated && <span className="tag">simulated</span>}
      </p>
      <pre>{whole.kind === 'here' ? whole.value : item.detail}</pre>
      {isClipped && whole.kind !== 'here' && (
        <p className="dim">
          {whole.kind === 'failed'
            ? `The rest could not be fetched: ${whole.why}`
            : `Fetching ${count(item.clipped)} more characters…`}
        </p>
      )}
      <p>
        {taskId !== null && (
          <button type="button" className="plain small" onClick={() => onSearch(searchFor('task', taskId))}>
            Only task {taskId}
          </button>
        )}{' '}
        <button
          type="button"
          className="plain small"
          onClick={() => onSearch(searchFor('actor', item.actor))}
        >
          Only {item.actor}
        </button>
      </p>
    </div>
  );
}
