/** Has the grind of this home close the breaker of a model, with a reason that goes on record there. Owns nothing. */
import { BreakerResetReply } from '@vivarium/contracts';
import { messageOf, VivariumError } from '@vivarium/core';
import { askGrind } from './ask-grind.ts';

/** Answers which breakers were not closed, and are now. `url`: undefined when no grind is up. */
export async function resetBreaker(
  url: string | undefined,
  model: string,
  reason: string,
): Promise<readonly string[]> {
  const hint = 'On the command line: orchestrator breaker reset --reason "…"';
  if (url === undefined)
    throw new VivariumError('grind_unreachable', 'no grind is up whose breaker could be reset', {
      remedy: { kind: 'retry' },
      hint,
    });
  try {
    return BreakerResetReply.parse(
      await askGrind(url, '/breaker/reset', RESET_PATIENCE_MS, { model, reason }),
    ).reset;
  } catch (cause) {
    throw new VivariumError('grind_unreachable', `grind did not reset it: ${messageOf(cause)}`, {
      remedy: { kind: 'retry' },
      hint,
      cause,
    });
  }
}
const RESET_PATIENCE_MS = 5_000;
