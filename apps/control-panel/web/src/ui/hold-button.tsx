/** A button that acts after it was held for a second, by pointer or by key; at once when it is armed (the word was typed). */
import { type ReactElement, type ReactNode, useEffect, useRef, useState } from 'react';

const HOLD_MS = 1_000;

export function HoldButton({
  className,
  isArmed,
  onDone,
  children,
}: {
  readonly className: string;
  readonly isArmed: boolean;
  readonly onDone: () => void;
  readonly children: ReactNode;
}): ReactElement {
  const [isHeld, setHeld] = useState(false);
  const timer = useRef<number | undefined>(undefined);
  const release = (): void => {
    window.clearTimeout(timer.current);
    timer.current = undefined;
    setHeld(false);
  };
  useEffect(() => () => window.clearTimeout(timer.current), []);
  const hold = (): void => {
    if (isArmed || timer.current !== undefined) return;
    setHeld(true);
    timer.current = window.setTimeout(() => {
      release();
      onDone();
    }, HOLD_MS);
  };
  const isKey = (key: string): boolean => key === ' ' || key === 'Enter';
  return (
    <button
      type="button"
      className={`hold ${className}`}
      data-verb="halt"
      data-held={isHeld}
      onPointerDown={hold}
      onPointerUp={release}
      onPointerLeave={release}
      onPointerCancel={release}
      onBlur={release}
      onKeyDown={(event) => {
        if (!isKey(event.key) || event.repeat) return;
        hold();
      }}
      onKeyUp={(event) => {
        if (isKey(event.key)) release();
      }}
      onContextMenu={(event) => event.preventDefault()}
      onClick={() => {
        if (isArmed) onDone();
      }}
    >
      <span className="hold-fill" aria-hidden="true" />
      <span className="hold-text">{isHeld ? 'Keep holding…' : children}</span>
    </button>
  );
}
