/** The tasks: what is wanted, and what became of it. Rows come from the record and change in place; the order stays that of queue.json until asked. */
import type { TaskStatus } from '@vivarium/contracts';
import { type ReactElement, useMemo, useState } from 'react';
import type { FeedState } from '../feed/feed-state.ts';
import { count } from '../ui/format.ts';
import { Measured } from '../ui/measured.tsx';
import { useListKeys } from '../ui/use-list-keys.ts';
import { useNow } from '../ui/use-now.ts';
import { useOpened } from '../ui/use-opened.ts';
import { useWide } from '../ui/use-wide.ts';
import { useWindow } from '../ui/use-window.ts';
import { StatusFilter } from './status-filter.tsx';
import { TaskDetails } from './task-details.tsx';
import { listTasks, nextSort, QUEUE_ORDER, type Sort, type SortKey } from './task-list.ts';
import { TaskRowView } from './task-row.tsx';

const COLUMNS: readonly { readonly name: string; readonly sort?: SortKey; readonly className: string }[] = [
  { name: 'Status', sort: 'status', className: 'c-status' },
  { name: 'Task', sort: 'task', className: 'c-task' },
  { name: 'Try', className: 'c-try' },
  { name: 'Worker', className: 'c-worker' },
  { name: 'Model', className: 'c-model' },
  { name: 'Tokens', sort: 'tokens', className: 'c-tokens number' },
  { name: 'Latency', sort: 'latency', className: 'c-latency number' },
  { name: 'Cost', sort: 'cost', className: 'c-cost number' },
  { name: 'Age', sort: 'age', className: 'c-age number' },
];

export function TaskBoard({
  feed,
  skewMs,
  onShowInLog,
}: {
  readonly feed: FeedState;
  readonly skewMs: number;
  readonly onShowInLog: (taskId: string) => void;
}): ReactElement {
  const [statuses, setStatuses] = useState<ReadonlySet<TaskStatus>>(new Set());
  const [search, setSearch] = useState('');
  const [sort, setSort] = useState<Sort>(QUEUE_ORDER);
  const now = useNow(1_000) + skewMs;
  const isCompact = !useWide(720);
  const rows = useMemo(
    () => listTasks(feed.tasks.values(), statuses, search, sort),
    [feed.tasks, statuses, search, sort],
  );
  const places = useMemo(() => new Map(rows.map((row, index) => [row.id, index])), [rows]);
  const open = useOpened<string>();
  const opened = useMemo(() => open.among((id) => places.get(id) ?? -1), [open, places]);
  const rowHeight = isCompact ? 56 : 30;
  const list = useWindow(rows.length, rowHeight, opened);
  const keys = useListKeys(rows.length, list.ref, list.reveal);

  return (
    <section className="board tasks" aria-label="Tasks">
      <div className="toolbar">
        <h2>
          Tasks{' '}
          <span className="dim figure">
            {rows.length === feed.tasks.size
              ? count(rows.length)
              : `${count(rows.length)} of ${count(feed.tasks.size)}`}
          </span>
        </h2>
        <input
          type="search"
          className="search"
          placeholder={isCompact ? 'Filter' : 'Filter: id, type, model, worker, text'}
          aria-label="Filter tasks by text"
          value={search}
          onChange={(event) => setSearch(event.target.value)}
        />
      </div>
      <StatusFilter counts={feed.overview?.counts} chosen={statuses} onChoose={setStatuses} />
      <div className="table" role="table" aria-label="Tasks" aria-rowcount={rows.length + 1}>
        <div role="rowgroup" className="table-head">
          <div role="row" className="task-grid" aria-rowindex={1}>
            {COLUMNS.map((column) => (
              <Heading key={column.name} column={column} sort={sort} onSort={setSort} />
            ))}
          </div>
        </div>
        {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- the rows take the focus; their keys are heard once, here */}
        <div
          role="rowgroup"
          className="scroller"
          ref={list.ref}
          onScroll={list.onScroll}
          onKeyDown={keys.onKeyDown}
        >
          {rows.length === 0 ? (
            <p className="empty">
              No task matches.{' '}
              <button type="button" className="plain" onClick={() => (setStatuses(new Set()), setSearch(''))}>
                Show all {count(feed.tasks.size)}
              </button>
            </p>
          ) : (
            <div className="sizer" style={{ height: list.height }}>
              {rows.slice(list.first, list.end).map((row, offset) => {
                const index = list.first + offset;
                return (
                  <div
                    key={row.id}
                    className="window-row"
                    data-index={index}
                    style={{ transform: `translateY(${list.topOf(index)}px)` }}
                  >
                    <TaskRowView
                      row={row}
                      now={now}
                      rowIndex={index + 2}
                      isOpen={open.isOpen(row.id)}
                      isTabStop={index === keys.cursor}
                      onToggle={() => {
                        keys.setCursor(index);
                        open.toggle(row.id);
                      }}
                    />
                    {open.isOpen(row.id) && (
                      <Measured onHeight={(height) => open.setHeight(row.id, height)}>
                        <TaskDetails row={row} tasks={feed.tasks} log={feed.log} onShowInLog={onShowInLog} />
                      </Measured>
                    )}
                  </div>
                );
              })}
            </div>
          )}
        </div>
      </div>
    </section>
  );
}

function Heading({
  column,
  sort,
  onSort,
}: {
  readonly column: (typeof COLUMNS)[number];
  readonly sort: Sort;
  readonly onSort: (sort: Sort) => void;
}): ReactElement {
  const key = column.sort;
  if (key === undefined) {
    return (
      <div role="columnheader" className={column.className}>
        {column.name}
      </div>
    );
  }
  const direction = sort.key !== key ? 'none' : sort.isDescending ? 'descending' : 'ascending';
  return (
    <div role="columnheader" className={column.className} aria-sort={direction}>
      <button type="button" className="heading" onClick={() => onSort(nextSort(sort, key))}>
        {column.name}
        {direction !== 'none' && sort !== QUEUE_ORDER && (
          <span aria-hidden="true">{sort.isDescending ? ' ↓' : ' ↑'}</span>
        )}
      </button>
    </div>
  );
}
