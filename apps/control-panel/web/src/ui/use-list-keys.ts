/**
 * One tab stop for a whole list, arrow keys inside it. The list's rows are windowed: the row that is to have the focus is brought into view
 * first, and takes the focus when it is there.
 */
import { type KeyboardEvent, type RefObject, useEffect, useRef, useState } from 'react';

export interface ListKeys {
  /** Row that is the list's tab stop. */
  readonly cursor: number;
  setCursor(index: number): void;
  onKeyDown(event: KeyboardEvent): void;
}

export function useListKeys(
  length: number,
  list: RefObject<HTMLElement | null>,
  reveal: (index: number) => void,
): ListKeys {
  const [wanted, setCursor] = useState(0);
  const moves = useRef(false);
  const cursor = Math.max(0, Math.min(wanted, length - 1));

  useEffect(() => {
    if (!moves.current) return;
    const row = list.current?.querySelector<HTMLElement>(`[data-index="${cursor}"] [data-row-button]`);
    if (row === null || row === undefined) return;
    row.focus({ preventScroll: true });
    moves.current = false;
  });

  const step = (key: string): number | undefined => {
    switch (key) {
      case 'ArrowDown':
        return cursor + 1;
      case 'ArrowUp':
        return cursor - 1;
      case 'PageDown':
        return cursor + 10;
      case 'PageUp':
        return cursor - 10;
      case 'Home':
        return 0;
      case 'End':
        return length - 1;
      default:
        return undefined;
    }
  };

  return {
    cursor,
    setCursor,
    onKeyDown(event) {
      const isRow = event.target instanceof HTMLElement && event.target.hasAttribute('data-row-button');
      const next = isRow ? step(event.key) : undefined;
      if (next === undefined) return;
      event.preventDefault();
      const index = Math.max(0, Math.min(length - 1, next));
      moves.current = true;
      setCursor(index);
      reveal(index);
    },
  };
}
