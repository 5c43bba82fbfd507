/** What the grind that serves a home says of itself. Owns nothing. */
import type { Health } from '@vivarium/contracts';
import type { RunFiles } from '@vivarium/home';
import { probeGrind } from './grind-probe.ts';

/** Undefined when none is up, or it does not answer. */
export async function healthOf({ runs }: { readonly runs: RunFiles }): Promise<Health | undefined> {
  const grind = runs.liveGrind();
  const answer = grind === undefined ? undefined : await probeGrind(grind.url);
  return answer?.kind === 'healthy' ? answer.health : undefined;
}
