/** Asks a grind who it is. */
import { Health } from '@vivarium/contracts';
import { messageOf, type Milliseconds } from '@vivarium/core';
import { askGrind } from './ask-grind.ts';

export type ProbeAnswer =
  | { readonly kind: 'healthy'; readonly health: Health }
  | { readonly kind: 'none'; readonly message: string };

const PATIENCE_MS: Milliseconds = 2_000;

export async function probeGrind(url: string, patienceMs: Milliseconds = PATIENCE_MS): Promise<ProbeAnswer> {
  try {
    const health = Health.safeParse(JSON.parse(await askGrind(new URL('/healthz', url), patienceMs)));
    if (health.success) return { kind: 'healthy', health: health.data };
    return { kind: 'none', message: `what answers at ${url} is not a grind` };
  } catch (error) {
    return { kind: 'none', message: `no grind answers at ${url}: ${messageOf(error)}` };
  }
}
