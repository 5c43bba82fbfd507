/** The queue at a glance: a bar with one stretch per status, and under it the same as buttons with counts, which filter the table. */
import type { Overview, TaskStatus } from '@vivarium/contracts';
import type { ReactElement } from 'react';
import { count } from '../ui/format.ts';
import { StatusShape } from '../ui/shapes.tsx';
import { STATUS_ORDER } from './task-list.ts';

export const statusWord = (status: TaskStatus): string => status.replace('_', ' ');

export function StatusFilter({
  counts,
  chosen,
  onChoose,
}: {
  readonly counts: Overview['counts'] | undefined;
  readonly chosen: ReadonlySet<TaskStatus>;
  readonly onChoose: (chosen: ReadonlySet<TaskStatus>) => void;
}): ReactElement | null {
  if (counts === undefined || counts.total === 0) return null;
  const present = STATUS_ORDER.filter((status) => counts[status] > 0 || chosen.has(status));
  const toggle = (status: TaskStatus): void => {
    const next = new Set(chosen);
    if (!next.delete(status)) next.add(status);
    onChoose(next);
  };
  // Done at the left, as progress grows; what is at work next to it.
  const inBar = STATUS_ORDER.toReversed().filter((status) => counts[status] > 0);
  let left = 0;
  return (
    <div className="statuses">
      <svg className="status-bar" viewBox="0 0 100 3" preserveAspectRatio="none" aria-hidden="true">
        {inBar.map((status) => {
          const width = (100 * counts[status]) / counts.total;
          const x = left;
          left += width;
          return <rect key={status} data-status={status} x={x} width={width} height="3" />;
        })}
      </svg>
      <div className="chips" role="group" aria-label="Filter tasks by status">
        {present.map((status) => (
          <button
            key={status}
            type="button"
            className="chip"
            data-status={status}
            aria-pressed={chosen.has(status)}
            onClick={() => toggle(status)}
          >
            <StatusShape status={status} />
            {statusWord(status)} <span className="figure">{count(counts[status])}</span>
          </button>
        ))}
      </div>
    </div>
  );
}
