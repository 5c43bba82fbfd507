/**
 * What is known for one turn of the event loop, by all that is done in it. Owns what is to be forgotten when the turn ends, or earlier: a write may take its time, as a
 * sync does, and whoever goes on after it knows nothing of before (S9).
 */
export interface Turns {
  /** Forgets something at the end of this turn, or when `forgetAll` says so. */
  forgetting(forget: () => void): void;
  forgetAll(): void;
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
    forgetAll,
    forgetting(forget) {
      known.push(forget);
      if (known.length === 1) afterTurn(forgetAll);
    },
  };
}
