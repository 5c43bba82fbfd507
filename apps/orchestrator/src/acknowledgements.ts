/**
 * Who has heard an order: requested is not effective. Workers say in their beats which orders they obey, grind says it when asked; here both are asked until all
 * have heard it, or patience is at its end. Owns nothing.
 */
import {
  BeatFile,
  hasHeard,
  type ControlReceipt,
  type ControlScope,
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
  /** Calls that the order concerns and that are still under way. */
  readonly calls: number;
}

export interface AskedHome {
  readonly layout: HomeLayout;
  readonly runs: Pick<RunFiles, 'liveGrind'>;
}

/** Calls under way that an order for this scope would concern, and what is held for them. Nothing runs where no grind answers. */
export async function callsOf(
  home: AskedHome,
  scope: ControlScope,
): Promise<{ readonly calls: number; readonly held: number; readonly simulated: boolean }> {
  const grind = home.runs.liveGrind();
  const answer = grind === undefined ? undefined : await probeGrind(grind.url);
  if (answer?.kind !== 'healthy') return { calls: 0, held: 0, simulated: false };
  const calls = answer.health.calls.filter(
    ({ task_id, worker_id }) =>
      scope.kind === 'all' || (scope.kind === 'task' ? task_id === scope.id : worker_id === scope.id),
  );
  const held = calls.reduce((sum, { held_nano_usd }) => sum + held_nano_usd, 0);
  return { calls: calls.length, held, simulated: answer.health.simulated };
}

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
  let calls = 0;
  const look = async (): Promise<void> => {
    const present = new Set<string>();
    for (const name of files.list(home.layout.workers)) {
      const beat = beatIn(files.readText(`${home.layout.workers}/${name}`));
      if (beat === undefined || processes.isGone(beat)) continue;
      if (scope.kind === 'worker' && beat.worker_id !== scope.id) continue;
      present.add(beat.worker_id);
      note(beat.worker_id, beat.obeys !== undefined && hasHeard(beat.obeys.orders, change));
    }
    const grind = home.runs.liveGrind();
    const answer = grind === undefined ? undefined : await probeGrind(grind.url);
    if (answer?.kind === 'healthy') {
      present.add('grind');
      note('grind', hasHeard(answer.health.obeys, change));
    }
    // Who has left does nothing any more: it has heard.
    for (const who of heard.keys()) if (!present.has(who)) note(who, true);
    calls = change.after.kind === 'halted' ? (await callsOf(home, scope)).calls : 0;
  };
  for (;;) {
    await look();
    const isDone = [...heard.values()].every((afterMs) => afterMs !== undefined) && calls === 0;
    if (isDone || clock.monotonic() - began > patienceMs) break;
    await clock.sleep(LOOK_EVERY_MS);
  }
  return { parties: [...heard].map(([who, afterMs]) => ({ who, afterMs })), calls };
}

function beatIn(text: string | undefined): BeatFile | undefined {
  try {
    return BeatFile.safeParse(JSON.parse(text ?? '')).data;
  } catch {
    return undefined;
  }
}
