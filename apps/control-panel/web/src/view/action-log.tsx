/**
 * The action log, newest last. Follows the end while the end is in view; once somebody scrolls up to read, nothing moves under them: lines
 * that arrive, are loaded above or are let go keep the line they read where it is. New ones are counted on the button that leads back.
 */
import type { ActionType } from '@vivarium/contracts';
import { type ReactElement, useCallback, useLayoutEffect, useMemo, useRef, useState } from 'react';
import type { FeedState } from '../feed/feed-state.ts';
import { endOf, type LogItem } from '../feed/log-items.ts';
import { count, plural } from '../ui/format.ts';
import { Measured } from '../ui/measured.tsx';
import { useListKeys } from '../ui/use-list-keys.ts';
import { useOpened } from '../ui/use-opened.ts';
import { useWide } from '../ui/use-wide.ts';
import { useWindow } from '../ui/use-window.ts';
import { countTypes, filterLog, TYPES } from './log-filter.ts';
import { LogLineDetails, LogRow } from './log-row.tsx';

interface ActionLogProps {
  readonly feed: FeedState;
  readonly load: (from: number, to: number) => Promise<void>;
  readonly search: string;
  readonly onSearch: (search: string) => void;
}

/** The line somebody reads, and how far below the top edge it stands. */
interface Anchor {
  readonly from: number;
  readonly below: number;
}

export function ActionLog({ feed, load, search, onSearch }: ActionLogProps): ReactElement {
  const [types, setTypes] = useState<ReadonlySet<ActionType>>(new Set());
  const isCompact = !useWide(720);
  const items = useMemo(() => filterLog(feed.log, { types, search }), [feed.log, types, search]);
  const typeCounts = useMemo(() => countTypes(feed.log), [feed.log]);
  const open = useOpened<number>();
  const opened = useMemo(() => open.among((from) => placeOf(items, from)), [open, items]);
  const list = useWindow(items.length, isCompact ? 44 : 24, opened);
  const keys = useListKeys(items.length, list.ref, list.reveal);
  const [isFollowing, setFollowing] = useState(true);
  /** End of the log when somebody stopped following it. */
  const [seenTo, setSeenTo] = useState(0);
  const anchor = useRef<Anchor | undefined>(undefined);

  const onScroll = useCallback((): void => {
    const element = list.ref.current;
    list.onScroll();
    if (element === null) return;
    const isAtEnd = element.scrollHeight - element.scrollTop - element.clientHeight < 6;
    const first = list.indexAt(element.scrollTop);
    const item = items[first];
    anchor.current =
      isAtEnd || item === undefined
        ? undefined
        : { from: item.from, below: list.topOf(first) - element.scrollTop };
    if (isAtEnd !== isFollowing) {
      setFollowing(isAtEnd);
      setSeenTo(endOf(feed.log));
    }
  }, [list, items, isFollowing, feed.log]);

  useLayoutEffect(() => {
    const element = list.ref.current;
    if (element === null) return;
    if (isFollowing) {
      element.scrollTop = element.scrollHeight;
      return;
    }
    const reading = anchor.current;
    if (reading === undefined) return;
    const index = placeOf(items, reading.from);
    if (index >= 0) element.scrollTop = list.topOf(index) - reading.below;
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- only what moves lines may move the view; the list's own functions are new at every render
  }, [items, isFollowing, list.height, list.viewHeight]);

  const unseen = isFollowing ? 0 : items.filter((item) => item.from >= seenTo).length;
  const toggle = (type: ActionType): void => {
    const next = new Set(types);
    if (!next.delete(type)) next.add(type);
    setTypes(next);
  };

  return (
    <section className="board log" aria-label="Action log">
      <div className="toolbar">
        <h2>
          Action log{' '}
          <span className="dim figure">
            {items.length === feed.log.length ? '' : `${count(items.length)} of ${count(feed.log.length)}`}
          </span>
        </h2>
        <input
          type="search"
          className="search"
          placeholder={isCompact ? 'Search' : 'Search: words, task:id, actor:name'}
          aria-label="Search the action log"
          value={search}
          onChange={(event) => onSearch(event.target.value)}
        />
      </div>
      <div className="chips types" role="group" aria-label="Filter the log by type">
        {TYPES.map((type) => (
          <button
            key={type}
            type="button"
            className="chip"
            data-type={type}
            aria-pressed={types.has(type)}
            data-none={typeCounts[type] === 0}
            title={plural(typeCounts[type], 'line')}
            onClick={() => toggle(type)}
          >
            {type}
          </button>
        ))}
      </div>
      <div className="table log-table" role="table" aria-label="Action log" aria-rowcount={items.length}>
        {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- the rows take the focus; their keys are heard once, here */}
        <div
          role="rowgroup"
          className="scroller"
          ref={list.ref}
          onScroll={onScroll}
          onKeyDown={keys.onKeyDown}
        >
          {items.length === 0 && (
            <p className="empty">
              {feed.log.length === 0
                ? 'No line yet. Whatever happens in this home appears here.'
                : 'No line matches.'}
            </p>
          )}
          <div className="sizer" style={{ height: list.height }}>
            {items.slice(list.first, list.end).map((item, offset) => {
              const index = list.first + offset;
              return (
                <div
                  key={keyOf(item)}
                  className="window-row"
                  data-index={index}
                  style={{ transform: `translateY(${list.topOf(index)}px)` }}
                >
                  <LogRow
                    item={item}
                    rowIndex={index + 1}
                    isOpen={open.isOpen(item.from)}
                    isTabStop={index === keys.cursor}
                    onLoad={load}
                    onToggle={() => {
                      keys.setCursor(index);
                      open.toggle(item.from);
                    }}
                  />
                  {open.isOpen(item.from) && item.kind !== 'gap' && (
                    <Measured onHeight={(height) => open.setHeight(item.from, height)}>
                      <LogLineDetails
                        item={item}
                        generation={feed.position?.generation ?? ''}
                        onSearch={onSearch}
                      />
                    </Measured>
                  )}
                </div>
              );
            })}
          </div>
        </div>
        {!isFollowing && (
          <button
            type="button"
            className="follow"
            onClick={() => {
              anchor.current = undefined;
              setFollowing(true);
            }}
          >
            ↓ {unseen === 0 ? 'Follow the end' : `${plural(unseen, 'new line')}, follow`}
          </button>
        )}
      </div>
    </section>
  );
}

const keyOf = (item: LogItem): string => `${item.kind === 'gap' ? 'gap' : ''}${item.from}`;

/** Index of the item that begins at this byte, or −1. Items are in the order of the file. */
function placeOf(items: readonly LogItem[], from: number): number {
  let low = 0;
  let high = items.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const found = items[middle]?.from ?? 0;
    if (found === from) return middle;
    if (found < from) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}
