/** Which rows of a list are open, and how much taller they are. */
import { useCallback, useMemo, useState } from 'react';
import type { Opened } from './use-window.ts';

export interface OpenRows<Key> {
  isOpen(key: Key): boolean;
  toggle(key: Key): void;
  /** Height of the open part of a row, once it is known. */
  setHeight(key: Key, height: number): void;
  /** Where the open rows are among those shown now. */
  among(indexOf: (key: Key) => number): Opened;
}

export function useOpened<Key>(): OpenRows<Key> {
  const [heights, setHeights] = useState<ReadonlyMap<Key, number>>(new Map());
  const toggle = useCallback((key: Key) => {
    setHeights((before) => {
      const next = new Map(before);
      if (!next.delete(key)) next.set(key, 0);
      return next;
    });
  }, []);
  const setHeight = useCallback((key: Key, height: number) => {
    setHeights((before) =>
      before.has(key) && before.get(key) !== height ? new Map(before).set(key, height) : before,
    );
  }, []);
  return useMemo(
    () => ({
      isOpen: (key) => heights.has(key),
      toggle,
      setHeight,
      among: (indexOf) =>
        [...heights]
          .map(([key, extra]) => ({ index: indexOf(key), extra }))
          .filter(({ index }) => index >= 0),
    }),
    [heights, toggle, setHeight],
  );
}
