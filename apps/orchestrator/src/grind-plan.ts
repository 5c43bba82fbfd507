/** Which grind a run will ask: the one the operator named, the one that serves this home already, or one of its own. */
import type { Config } from '@vivarium/config';
import type { Health } from '@vivarium/contracts';
import { formatUsd, VivariumError } from '@vivarium/core';
import type { OpenHome } from './deps.ts';
import { probeGrind } from './grind-probe.ts';

export type GrindPlan =
  /** SWARM_API_URL. */
  | { readonly kind: 'given'; readonly url: string; readonly health: Health }
  /** Somebody started it; it is used and left alone. */
  | { readonly kind: 'found'; readonly url: string; readonly health: Health }
  | { readonly kind: 'own'; readonly simulated: boolean };

/** Throws when the grind that was named cannot be used: taking another instead would spend somewhere else. */
export async function planGrind(home: OpenHome, config: Config): Promise<GrindPlan> {
  if (config.grindUrl !== undefined) {
    const answer = await probeGrind(config.grindUrl);
    if (answer.kind === 'none') {
      const hint =
        'Start it with `orchestrator up` in its home, or unset SWARM_API_URL to have one started for this one.';
      throw new VivariumError('grind_unreachable', answer.message, { remedy: { kind: 'stop' }, hint });
    }
    if (answer.health.home !== home.id) {
      const hint = 'Unset SWARM_API_URL, or name the home that grind serves.';
      throw new VivariumError('home_foreign', `the grind at ${config.grindUrl} serves another home`, {
        remedy: { kind: 'stop' },
        hint,
      });
    }
    return { kind: 'given', url: config.grindUrl, health: answer.health };
  }
  const live = home.runs.liveGrind();
  if (live !== undefined) {
    const answer = await probeGrind(live.url);
    if (answer.kind === 'healthy' && answer.health.home === home.id && answer.health.status !== 'stopping') {
      return { kind: 'found', url: live.url, health: answer.health };
    }
  }
  return { kind: 'own', simulated: config.upstream.kind === 'simulator' };
}

/** Which book the run will spend from. Announced with it, so that no other grind that may answer later spends from the other one (M5). */
export const isSimulated = (plan: GrindPlan): boolean =>
  plan.kind === 'own' ? plan.simulated : plan.health.simulated;

/** One line when a grind is up: where it is and whom it asks. */
export const grindUpLine = (
  url: string,
  who:
    | { readonly provider: string; readonly simulated: boolean; readonly network?: string | undefined }
    | undefined,
): string =>
  who === undefined
    ? `grind: ${url}`
    : `grind: ${url} (${who.provider}, ${who.simulated ? 'no real money moves' : 'REAL MONEY'})${who.network === undefined ? '' : `; with a token also ${who.network}`}`;

/** What people are told before anything is asked. Loud about what is simulated, and about what is not. */
export function grindLines(plan: GrindPlan, config: Config): readonly string[] {
  const cap = `cap of this run ${formatUsd(config.runCap)}`;
  switch (plan.kind) {
    case 'own':
      return plan.simulated
        ? [
            'SIMULATED: no GROQ_API_KEY, so the built-in simulator answers. No real model is asked and no real money moves.',
            `grind: starting one, ${cap}`,
          ]
        : [`grind: starting one, Groq, REAL MONEY, ${cap}`];
    case 'given':
    case 'found': {
      const { provider, simulated } = plan.health;
      const whose = plan.kind === 'given' ? 'named by SWARM_API_URL' : 'was up already';
      const book = simulated ? 'SIMULATED: no real model is asked and no real money moves' : 'REAL MONEY';
      const unused =
        simulated && config.upstream.kind === 'groq'
          ? ['Your GROQ_API_KEY is not used: that grind asks the simulator.']
          : [];
      return [`grind: ${plan.url}, ${whose}, ${provider}, ${book}, ${cap}`, ...unused];
    }
  }
}
