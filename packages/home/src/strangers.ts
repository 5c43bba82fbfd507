/**
 * Requests that were refused for where they came from, in the action log (S8): a page elsewhere that tries to speak to a service of this machine is something an operator
 * wants to know. Owns what was told lately, so that a page that tries a thousand times a second writes two lines a minute and fills no disk.
 */
import type { RecordStore } from '@vivarium/contracts';
import type { Clock, Milliseconds } from '@vivarium/core';

export interface Stranger {
  /** Why it was refused, in our words. */
  readonly why: string;
  readonly method: string;
  /** What it said of itself; anything may stand here. */
  readonly host: string | undefined;
  readonly origin: string | undefined;
}

const QUIET_MS: Milliseconds = 60_000;
/** A stranger may call itself anything, each time something else. */
const MOST_KEPT = 20;
const LONGEST = 120;

export function createStrangers(
  actor: string,
  { record, clock }: { readonly record: Pick<RecordStore, 'act'>; readonly clock: Clock },
): { refused(stranger: Stranger): void } {
  const told = new Map<string, { readonly until: Milliseconds; more: number }>();

  const tell = ({ why, method, host, origin }: Stranger, more: number): void =>
    record.act({
      actor,
      action_type: 'SAFETY',
      action: 'BLOCKED',
      detail: `foreign request: ${why} (${method}, Host ${cut(host)}, Origin ${cut(origin)})${more === 0 ? '' : `; ${more} more of these since it was last told`}`,
      event: 'stranger.refused',
      metadata: { why, method, host: cut(host), origin: cut(origin), more },
    });

  return {
    refused(stranger) {
      const now = clock.monotonic();
      for (const [key, { until, more }] of told) if (until <= now && more === 0) told.delete(key);
      const own = `${stranger.why} ${cut(stranger.host)} ${cut(stranger.origin)}`;
      // Beyond so many different ones they are counted together.
      const key = told.has(own) || told.size < MOST_KEPT ? own : 'others';
      const before = told.get(key);
      if (before !== undefined && before.until > now) {
        before.more += 1;
        return;
      }
      tell(stranger, before?.more ?? 0);
      told.set(key, { until: now + QUIET_MS, more: 0 });
    },
  };
}

const cut = (text: string | undefined): string => (text === undefined ? 'none' : text.slice(0, LONGEST));
