/**
 * Who has heard an order: requested is not effective. Workers say in their beats which orders they obey, grind says it when asked; here both are asked until all
 * have heard it, or patience is at its end. Owns nothing.
 */
import {
  hasHeard,
  parseBeat,
  type ControlReceipt,
  type ControlScope,
  type Health,
  type HomeLayout,
} from '@vivarium/contracts';
import type { Clock, Machine, Milliseconds } from '@vivarium/core';
import type { RunFiles } from '@vivarium/home';
import { probeGrind } from './grind-probe.ts';

export interface Acknowledged {
  /** `grind`, or the id of a worker. */
  readonly who: string;
  /** From the request to the moment it was heard; undefined when it was not heard in time. */
  readonly afterMs: Milliseconds | undefined;
}

export interface Acknowledgements {
  readonly parties: readonly Acknowledged[];
  /** Calls that the order concerns and that are still under way; undefined when grind does not say. */
  readonly calls: number | undefined;
}

/** `silent`: a grind is there and does not answer. What it does is not known, which is another thing than nothing. */
export type CallsAnswer =
  | { readonly kind: 'told'; readonly calls: number; readonly held: number; readonly simulated: boolean }
  | { readonly kind: 'silent' };

export interface AskedHome {
  readonly layout: HomeLayout;
  readonly runs: Pick<RunFiles, 'liveGrind'>;
}

/** How long grind may think about it. An operator who wants to stop is not kept waiting by a grind that hangs. */
const ANSWER_MS: Milliseconds = 250;

/** Calls under way that an order for this scope would concern, and what is held for them. Nothing runs where no grind is. */
export async function callsOf(home: AskedHome, scope: ControlScope): Promise<CallsAnswer> {
  const health = await healthOf(home);
  if (health === 'silent') return { kind: 'silent' };
  if (health === 'none') return { kind: 'told', calls: 0, held: 0, simulated: false };
  const calls = concerned(health, scope);
  const held = calls.reduce((sum, { held_nano_usd }) => sum + held_nano_usd, 0);
  return { kind: 'told', calls: calls.length, held, simulated: health.simulated };
}

async function healthOf({ runs }: AskedHome): Promise<Health | 'none' | 'silent'> {
  const grind = runs.liveGrind();
  if (grind === undefined) return 'none';
  const answer = await probeGrind(grind.url, ANSWER_MS);
  return answer.kind === 'healthy' ? answer.health : 'silent';
}

const concerned = ({ calls }: Health, scope: ControlScope): Health['calls'] =>
  calls.filter(
    ({ task_id, worker_id }) =>
      scope.kind === 'all' || (scope.kind === 'task' ? task_id === scope.id : worker_id === scope.id),
  );

const LOOK_EVERY_MS: Milliseconds = 10;

/** `began`: on the monotonic clock. `until`: none of the calls the order concerns is under way any more, too. */
export async function awaitAcknowledgements(
  home: AskedHome,
  machine: Pick<Machine, 'files' | 'processes'> & { readonly clock: Clock },
  change: Extract<ControlReceipt, { kind: 'changed' }>,
  scope: ControlScope,
  began: Milliseconds,
  patienceMs: Milliseconds,
): Promise<Acknowledgements> {
  const { clock, files, processes } = machine;
  const heard = new Map<string, Milliseconds | undefined>();
  const note = (who: string, has: boolean): void => {
    if (heard.get(who) === undefined) heard.set(who, has ? clock.monotonic() - began : undefined);
  };
  let calls: number | undefined = 0;
  const look = async (): Promise<void> => {
    const present = new Set<string>();
    for (const name of files.list(home.layout.workers)) {
      const beat = parseBeat(files.readText(`${home.layout.workers}/${name}`));
      if (beat === undefined || processes.isGone(beat)) continue;
      if (scope.kind === 'worker' && beat.worker_id !== scope.id) continue;
      present.add(beat.worker_id);
      note(beat.worker_id, beat.obeys !== undefined && hasHeard(beat.obeys.orders, change));
    }
    const health = await healthOf(home);
    if (health !== 'none') {
      present.add('grind');
      note('grind', health !== 'silent' && hasHeard(health.obeys, change));
    }
    // Who has left does nothing any more: it has heard.
    for (const who of heard.keys()) if (!present.has(who)) note(who, true);
    if (change.after.kind !== 'halted' || health === 'none') calls = 0;
    else calls = health === 'silent' ? undefined : concerned(health, scope).length;
  };
  for (;;) {
    await look();
    const isDone = [...heard.values()].every((afterMs) => afterMs !== undefined) && calls === 0;
    if (isDone || clock.monotonic() - began > patienceMs) break;
    await clock.sleep(LOOK_EVERY_MS);
  }
  return { parties: [...heard].map(([who, afterMs]) => ({ who, afterMs })), calls };
}
