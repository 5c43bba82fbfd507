/**
 * Whether the record is what it was when it was sealed (S5), for the page: verified up to when, verifying, broken where. Owns one verifier, and its time: it works in
 * small pieces, never more than half of it, goes on with what is new every two seconds, and begins anew every ten minutes, for what was whole may be changed later.
 */
import type { Overview } from '@vivarium/contracts';
import { messageOf, type Clock, type Milliseconds } from '@vivarium/core';
import { faultText, type Verified, type Verifier } from '@vivarium/home';

export interface RecordWatch {
  readonly seen: Overview['record'];
  stop(): void;
}

export interface RecordWatchOptions {
  readonly clock: Clock;
  readonly createVerifier: () => Verifier;
  readonly onFault: (message: string) => void;
}

const AGAIN_MS: Milliseconds = 2_000;
const ANEW_MS: Milliseconds = 600_000;
const PIECE_MS: Milliseconds = 8;

const NOTHING: Overview['record'] = {
  state: 'verifying',
  verified_to: null,
  lines: 0,
  unsealed_bytes: 0,
  progress: 0,
  fault: null,
};

export function watchRecord({ clock, createVerifier, onFault }: RecordWatchOptions): RecordWatch {
  const stopped = new AbortController();
  let seen = NOTHING;
  let verifier = createVerifier();
  let begunAt = clock.monotonic();

  const check = async (): Promise<void> => {
    const steps = verifier.check();
    let pieceFrom = clock.monotonic();
    for (let step = steps.next(); !stopped.signal.aborted; step = steps.next()) {
      if (step.done === true) {
        seen = seenOf(step.value);
        return;
      }
      const { doneBytes, allBytes } = step.value;
      const now = clock.monotonic();
      if (now - pieceFrom < PIECE_MS) continue;
      // What was found stays in sight while it is looked at anew.
      if (seen.state === 'verifying')
        seen = { ...seen, progress: allBytes === 0 ? 1 : Math.min(1, doneBytes / allBytes) };
      await clock.sleep(now - pieceFrom, stopped.signal);
      pieceFrom = clock.monotonic();
    }
  };
  const loop = async (): Promise<void> => {
    while (!stopped.signal.aborted) {
      if (clock.monotonic() - begunAt > ANEW_MS) {
        verifier = createVerifier();
        begunAt = clock.monotonic();
      }
      try {
        await check();
      } catch (error) {
        // A file that cannot be read now may be read later: a new verifier begins.
        onFault(`the record cannot be verified now: ${messageOf(error)}`);
        verifier = createVerifier();
      }
      await clock.sleep(AGAIN_MS, stopped.signal);
    }
  };
  void loop();
  return {
    get seen() {
      return seen;
    },
    stop: () => stopped.abort(),
  };
}

function seenOf({ faults, lines, unsealed, sealedAt }: Verified): Overview['record'] {
  const [first] = faults;
  return {
    state: first === undefined ? (sealedAt === undefined ? 'unsealed' : 'verified') : 'broken',
    verified_to: sealedAt ?? null,
    lines,
    unsealed_bytes: unsealed,
    progress: 1,
    fault: first === undefined ? null : faultText(first),
  };
}
