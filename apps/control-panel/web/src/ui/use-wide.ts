import { useSyncExternalStore } from 'react';

/** True while the window is at least so many pixels wide. */
export function useWide(pixels: number): boolean {
  return useSyncExternalStore(
    (onChange) => {
      const query = window.matchMedia(`(min-width: ${pixels}px)`);
      query.addEventListener('change', onChange);
      return () => query.removeEventListener('change', onChange);
    },
    () => window.matchMedia(`(min-width: ${pixels}px)`).matches,
  );
}
