/**
 * The turns of the event loop: what is done when one ends, and what is known for one. Owns the order of the two: whoever goes on because of what was done at an end
 * knows nothing of before (S9): what was done there may have taken its time, as a sync does.
 */
export interface Turns {
  /** Does something at the end of this turn. */
  atEnd(act: () => void): void;
  /** Forgets something at the end of this turn, or when something was done at the end of one. */
  forgetting(forget: () => void): void;
}

/** `afterTurn`: `setImmediate`. */
export function createTurns(afterTurn: (then: () => void) => void): Turns {
  let known: (() => void)[] = [];
  const forgetAll = (): void => {
    const forgotten = known;
    known = [];
    for (const forget of forgotten) forget();
  };
  return {
    atEnd: (act) =>
      afterTurn(() => {
        try {
          act();
        } finally {
          forgetAll();
        }
      }),
    forgetting(forget) {
      known.push(forget);
      if (known.length === 1) afterTurn(forgetAll);
    },
  };
}
