import { type ReactElement, type ReactNode, useLayoutEffect, useRef } from 'react';

/** Tells its own height, whenever it changes: what an opened row of a windowed list is taller. */
export function Measured({
  onHeight,
  children,
}: {
  readonly onHeight: (height: number) => void;
  readonly children: ReactNode;
}): ReactElement {
  const ref = useRef<HTMLDivElement | null>(null);
  const tell = useRef(onHeight);
  useLayoutEffect(() => {
    tell.current = onHeight;
  });
  useLayoutEffect(() => {
    const element = ref.current;
    if (element === null) return undefined;
    const observer = new ResizeObserver(() => tell.current(element.offsetHeight));
    observer.observe(element);
    tell.current(element.offsetHeight);
    return () => observer.disconnect();
  }, []);
  return <div ref={ref}>{children}</div>;
}
