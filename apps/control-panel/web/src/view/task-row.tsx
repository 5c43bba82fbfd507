/** One task in one line. Everything in it that a person or a model wrote is a text node. */
import type { TaskRow } from '@vivarium/contracts';
import { formatDuration } from '@vivarium/core';
import type { ReactElement } from 'react';
import { age, count, exactTime, modelName, money, short, workerName } from '../ui/format.ts';
import { Chevron, StatusShape } from '../ui/shapes.tsx';
import { statusWord } from './status-filter.tsx';

interface TaskRowProps {
  readonly row: TaskRow;
  readonly now: number;
  readonly rowIndex: number;
  readonly isOpen: boolean;
  readonly isTabStop: boolean;
  readonly onToggle: () => void;
}

export function TaskRowView({ row, now, rowIndex, isOpen, isTabStop, onToggle }: TaskRowProps): ReactElement {
  return (
    // oxlint-disable-next-line jsx-a11y/click-events-have-key-events -- a larger target for the pointer; keys use the button inside
    <div
      role="row"
      aria-rowindex={rowIndex}
      className="task-grid task-row"
      data-status={row.status}
      data-open={isOpen}
      onClick={onToggle}
    >
      <div role="cell" className="c-status status" data-status={row.status}>
        <StatusShape status={row.status} /> {statusWord(row.status)}
      </div>
      <div role="cell" className="c-task">
        <button
          type="button"
          className="row-button"
          data-row-button
          tabIndex={isTabStop ? 0 : -1}
          aria-expanded={isOpen}
          onClick={(event) => {
            event.stopPropagation();
            onToggle();
          }}
        >
          <Chevron />
          <span className="task-id">{row.id}</span>
        </button>
        <span className="task-type">{row.type}</span>
        <span className="task-hint">{hintOf(row)}</span>
      </div>
      <div role="cell" className="c-try figure" title={`round ${row.round}, attempt ${row.attempt}`}>
        {row.attempt === 0 && row.round === 1
          ? ''
          : row.round === 1
            ? row.attempt
            : `${row.round}·${row.attempt}`}
      </div>
      <div role="cell" className="c-worker mono" title={row.worker_id ?? undefined}>
        {row.worker_id === null ? '' : workerName(row.worker_id)}
      </div>
      <div role="cell" className="c-model" title={modelTitle(row)}>
        {modelText(row)}
      </div>
      <div
        role="cell"
        className="c-tokens number figure"
        title={`${count(row.input_tokens)} in, ${count(row.output_tokens)} out`}
      >
        {row.input_tokens + row.output_tokens === 0
          ? ''
          : `${short(row.input_tokens)}→${short(row.output_tokens)}`}
      </div>
      <div role="cell" className="c-latency number figure">
        {row.latency_ms === null ? '' : formatDuration(row.latency_ms)}
      </div>
      <div role="cell" className="c-cost number figure" title={costTitle(row)}>
        {costText(row)}
      </div>
      <div
        role="cell"
        className="c-age number figure"
        title={row.since === null ? undefined : exactTime(row.since)}
      >
        {row.since === null ? '' : age(now - Date.parse(row.since))}
      </div>
    </div>
  );
}

/** What one would ask next: why it waits, why it failed, or what it is about. */
function hintOf(row: TaskRow): string {
  if (row.edited) return 'edited after its end: will run again';
  if (row.status === 'blocked') return `waits for ${row.waits_for.join(', ')}`;
  return row.reason ?? row.prompt;
}

function modelText(row: TaskRow): string {
  const requested = row.requested_model === null ? null : modelName(row.requested_model);
  const billed = row.model === null ? null : modelName(row.model);
  if (billed === null) return requested ?? '';
  return requested === null || requested === billed ? billed : `${requested} → ${billed}`;
}

const modelTitle = (row: TaskRow): string =>
  `requested: ${row.requested_model ?? 'the default model'}\nbilled: ${row.model ?? 'nothing yet'}`;

function costText(row: TaskRow): ReactElement | string {
  if (row.cost_nano_usd === 0 && row.held_nano_usd > 0)
    return <span className="held">{money(row.held_nano_usd)}</span>;
  if (row.cost_nano_usd === 0 && row.status !== 'completed') return '';
  return <span className={row.simulated ? 'is-simulated' : undefined}>{money(row.cost_nano_usd)}</span>;
}

function costTitle(row: TaskRow): string {
  const parts = [`${money(row.cost_nano_usd)} ${row.simulated ? 'simulated' : 'real'}`];
  if (row.unknown_nano_usd > 0)
    parts.push(`${money(row.unknown_nano_usd)} of it charged without known usage`);
  if (row.held_nano_usd > 0) parts.push(`${money(row.held_nano_usd)} held for a call in flight`);
  return parts.join('\n');
}
