/**
 * The action log as the page holds it: rows in the order of the file, and gaps where lines exist that were not loaded. Pure.
 *
 * - W1: items cover the file without overlap: each begins at or after the end of the one before, and what is not covered by rows is a gap.
 * - W2: placing a stretch twice changes nothing the second time.
 */
import type { ActionRow } from '@vivarium/contracts';

export interface LogGap {
  readonly kind: 'gap';
  readonly from: number;
  readonly to: number;
}
export type LogItem = ActionRow | LogGap;

/** Rows `rows`, complete from `rowsFrom` to `to`; what lies between `from` and `rowsFrom` exists and is not here. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
  readonly rowsFrom: number;
  readonly rows: readonly ActionRow[];
}

/** Rows kept; a page that follows a busy log for days must not grow for ever. */
export const MOST_ITEMS = 20_000;

export const endOf = (items: readonly LogItem[]): number => items.at(-1)?.to ?? 0;

export function placeStretch(items: readonly LogItem[], stretch: Stretch): readonly LogItem[] {
  const end = endOf(items);
  if (stretch.from >= end) {
    // Nothing between the end and a later beginning was ever told: it is a gap like any other.
    return trim(join(items, [gap(end, Math.max(end, stretch.rowsFrom)), ...stretch.rows]));
  }
  const index = items.findIndex(
    (item) => item.kind === 'gap' && item.from < stretch.to && item.to > stretch.from,
  );
  const found = items[index];
  if (found === undefined) return stretch.to > end ? placeStretch(items, cutFront(stretch, end)) : items;
  const inside = cutFront(
    {
      ...stretch,
      to: Math.min(stretch.to, found.to),
      rows: stretch.rows.filter((row) => row.to <= found.to),
    },
    found.from,
  );
  const filled = [gap(found.from, inside.rowsFrom), ...inside.rows, gap(inside.to, found.to)];
  const placed = join([...items.slice(0, index), ...filled.filter(isReal)], items.slice(index + 1));
  return stretch.to > end ? placeStretch(placed, cutFront(stretch, end)) : placed;
}

const gap = (from: number, to: number): LogGap => ({ kind: 'gap', from, to });
const isReal = (item: LogItem): boolean => item.kind !== 'gap' || item.to > item.from;
const join = (before: readonly LogItem[], after: readonly LogItem[]): readonly LogItem[] => [
  ...before,
  ...after.filter(isReal),
];

/** The part of a stretch from `from` on. */
function cutFront(stretch: Stretch, from: number): Stretch {
  if (stretch.from >= from) return stretch;
  return {
    from,
    to: stretch.to,
    rowsFrom: Math.max(from, stretch.rowsFrom),
    rows: stretch.rows.filter((row) => row.from >= from),
  };
}

/** Lets the oldest rows go; they become a gap that can be filled again. Cuts a good part at once, so that it happens seldom. */
function trim(items: readonly LogItem[]): readonly LogItem[] {
  if (items.length <= MOST_ITEMS) return items;
  const kept = items.slice(-Math.floor(MOST_ITEMS * 0.8));
  return [gap(0, kept[0]?.from ?? 0), ...kept].filter(isReal);
}
