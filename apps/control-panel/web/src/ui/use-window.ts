/**
 * Shows the part of a long list that is in view. Rows have one height; some are opened and taller, by an amount that was measured.
 * The list's own element scrolls. Positions are arithmetic, so a list of a hundred thousand rows costs as much as one of thirty.
 */
import { type RefObject, useCallback, useLayoutEffect, useRef, useState } from 'react';

export interface WindowedList {
  readonly ref: RefObject<HTMLDivElement | null>;
  readonly first: number;
  /** One past the last row to render. */
  readonly end: number;
  readonly height: number;
  /** Of the part in view. */
  readonly viewHeight: number;
  topOf(index: number): number;
  /** Row at a height of the list. */
  indexAt(top: number): number;
  onScroll(): void;
  /** Scrolls as little as needed to bring a row into view. */
  reveal(index: number): void;
}

/** Index of an opened row, and what it is taller. */
export type Opened = readonly { readonly index: number; readonly extra: number }[];

const OVERSCAN = 6;

export function useWindow(length: number, rowHeight: number, opened: Opened): WindowedList {
  const ref = useRef<HTMLDivElement | null>(null);
  const [view, setView] = useState({ top: 0, height: 600 });

  const measure = useCallback((): void => {
    const element = ref.current;
    if (element === null) return;
    setView((before) =>
      before.top === element.scrollTop && before.height === element.clientHeight
        ? before
        : { top: element.scrollTop, height: element.clientHeight },
    );
  }, []);
  useLayoutEffect(() => {
    const element = ref.current;
    if (element === null) return undefined;
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, [measure]);
  // A list that became shorter may have moved under us.
  useLayoutEffect(measure, [measure, length, rowHeight, opened]);

  const topOf = (index: number): number => topOfRow(index, rowHeight, opened);
  const indexAt = (top: number): number => rowAt(top, length, rowHeight, opened);
  return {
    ref,
    first: Math.max(0, indexAt(view.top) - OVERSCAN),
    end: Math.min(length, indexAt(view.top + view.height) + 1 + OVERSCAN),
    height: topOf(length),
    viewHeight: view.height,
    topOf,
    indexAt,
    onScroll: measure,
    reveal(index) {
      const element = ref.current;
      if (element === null) return;
      const top = topOf(index);
      if (top < element.scrollTop) element.scrollTop = top;
      else if (top + rowHeight > element.scrollTop + element.clientHeight)
        element.scrollTop = top + rowHeight - element.clientHeight;
    },
  };
}

export function topOfRow(index: number, rowHeight: number, opened: Opened): number {
  return opened.reduce((top, row) => (row.index < index ? top + row.extra : top), index * rowHeight);
}

export function rowAt(top: number, length: number, rowHeight: number, opened: Opened): number {
  let low = 0;
  let high = Math.max(0, length - 1);
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (topOfRow(middle, rowHeight, opened) <= top) low = middle;
    else high = middle - 1;
  }
  return low;
}
