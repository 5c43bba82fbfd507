/**
 * What the grind of this home says of itself: asked at its own `/healthz`, because only grind knows whether it still answers.
 * Owns one request at a time.
 */
import { type GrindFile, Health } from '@vivarium/contracts';
import type { Clock } from '@vivarium/core';
import { askGrind } from '../ask-grind.ts';

export interface GrindSeen {
  readonly url: string;
  readonly provider: string;
  readonly simulated: boolean;
  /** What grind said: ok, paused, halted, stopping; or `silent` when it does not answer, `foreign` when it serves another home. */
  readonly status: string;
  readonly breakers: Health['breakers'];
  /** Of models somebody waits for. */
  readonly paces: Health['paces'];
}

export interface GrindProbe {
  readonly seen: GrindSeen | undefined;
  /** Asks again when the last answer is old, or the file names another grind. Resolves when `seen` is up to date; never rejects. */
  look(): Promise<void>;
}

const ASK_EVERY_MS = 2_000;
const PATIENCE_MS = 1_000;

export function createGrindProbe({
  home,
  clock,
  readGrind,
  ask = (url) => askGrind(url, '/healthz', PATIENCE_MS),
}: {
  readonly home: string;
  readonly clock: Clock;
  readonly readGrind: () => GrindFile | undefined;
  readonly ask?: (url: string) => Promise<unknown>;
}): GrindProbe {
  let seen: GrindSeen | undefined;
  let askedAt = Number.NEGATIVE_INFINITY;
  let asking: Promise<void> | undefined;

  const refresh = async (file: GrindFile): Promise<void> => {
    askedAt = clock.monotonic();
    const said = { url: file.url, provider: file.provider, simulated: file.simulated };
    try {
      const health = Health.parse(await ask(file.url));
      const isOurs = health.home === home;
      const { status, breakers, paces } = health;
      seen = isOurs
        ? {
            ...said,
            status,
            breakers,
            paces: paces.filter((pace) => pace.waiting > 0 || pace.blocked_for_ms > 0),
          }
        : { ...said, status: 'foreign', breakers: [], paces: [] };
    } catch {
      // Not answering is an answer; the file says who should be there.
      seen = { ...said, status: 'silent', breakers: [], paces: [] };
    }
  };

  return {
    get seen() {
      return seen;
    },
    look() {
      const file = readGrind();
      if (file === undefined) {
        seen = undefined;
        return Promise.resolve();
      }
      const isNew = file.url !== seen?.url;
      if (!isNew && clock.monotonic() - askedAt < ASK_EVERY_MS) return Promise.resolve();
      asking ??= refresh(file).finally(() => {
        asking = undefined;
      });
      return asking;
    },
  };
}
