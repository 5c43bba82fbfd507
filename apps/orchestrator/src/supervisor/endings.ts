/** How a run begins and how it ends, step by step: workers first, then grind and panel, then the simulator. Pure, part of reduce.ts. */
import type { Milliseconds } from '@vivarium/core';
import type { Phase, RunEnd, ServiceName, Step, SupervisorEffect, SupervisorState } from './state.ts';
import { withService, withWorker } from './state.ts';

/** After the terminal or the parent is gone nobody can send a second signal: what runs gets this long. */
export const ORPHAN_PATIENCE_MS = 20_000;
/** A worker that was told to leave now, or a service that was told to stop, is killed after this. */
export const LEAVE_PATIENCE_MS = 3_000;

/**
 * First what the first task needs: simulator, then grind, and one worker beside them. The others and the panel follow when grind is up; on two cores
 * they would delay what they have to wait for.
 */
export function begin(state: SupervisorState): Step {
  const effects: SupervisorEffect[] = [];
  let next: SupervisorState = { ...state, workers: state.workers.map(() => ({ kind: 'planned' })) };
  for (const name of ['simulator', 'grind'] as const) {
    if (next.services[name].kind !== 'waiting') continue;
    if (name === 'grind' && next.services.simulator.kind !== 'foreign') continue;
    next = withService(next, name, { kind: 'starting' });
    effects.push({ kind: 'start', name });
  }
  if (next.services.grind.kind === 'foreign') {
    const step = follow(next);
    return { state: step.state, effects: [...effects, ...step.effects] };
  }
  if (next.workers.length > 0) {
    next = withWorker(next, 0, { kind: 'starting' });
    effects.push({ kind: 'fork', slot: 0 });
  }
  return { state: next, effects };
}

/** Starts everything that waited for a grind. */
export function follow(state: SupervisorState): Step {
  if (state.phase !== 'working') return { state, effects: [] };
  const effects: SupervisorEffect[] = [];
  let next = state;
  for (const [slot, worker] of state.workers.entries()) {
    if (worker.kind !== 'planned') continue;
    next = withWorker(next, slot, { kind: 'starting' });
    effects.push({ kind: 'fork', slot });
  }
  if (next.services.panel.kind === 'waiting') {
    next = withService(next, 'panel', { kind: 'starting' });
    effects.push({ kind: 'start', name: 'panel' });
  }
  return { state: next, effects };
}

/** No new claims; what runs is finished. The first reason stays the reason. */
export function drain(state: SupervisorState, end: RunEnd): Step {
  if (state.phase !== 'working') return { state, effects: [] };
  const effects: SupervisorEffect[] = [];
  for (const [slot, worker] of state.workers.entries()) {
    if (worker.kind === 'starting' || worker.kind === 'up')
      effects.push({ kind: 'tell', slot, message: { kind: 'drain' } });
  }
  if (end.kind === 'parent_gone' || (end.kind === 'signal' && end.signal === 'SIGHUP'))
    effects.push(patience('draining', ORPHAN_PATIENCE_MS));
  const workers = state.workers.map((worker) =>
    worker.kind === 'resting' || worker.kind === 'planned' ? { kind: 'gone' as const } : worker,
  );
  const step = settle({ ...withoutResting(state), workers, phase: 'draining', end });
  return { state: step.state, effects: [...effects, ...step.effects] };
}

/** The second signal, or patience at its end. Once more: whoever is still there is killed. */
export function leave(state: SupervisorState): Step {
  switch (state.phase) {
    case 'working':
    case 'over':
      return { state, effects: [] };
    case 'draining': {
      const effects: SupervisorEffect[] = [];
      for (const [slot, worker] of state.workers.entries()) {
        if (worker.kind !== 'gone') effects.push({ kind: 'tell', slot, message: { kind: 'stop' } });
      }
      return {
        state: { ...state, phase: 'leaving' },
        effects: [...effects, patience('leaving', LEAVE_PATIENCE_MS)],
      };
    }
    case 'leaving':
    case 'closing': {
      const effects: SupervisorEffect[] = [];
      for (const [slot, worker] of state.workers.entries())
        if (worker.kind !== 'gone') effects.push({ kind: 'kill', slot });
      if (state.phase === 'closing') {
        for (const name of ['grind', 'panel', 'simulator'] as const)
          if (isThere(state, name)) effects.push({ kind: 'kill_service', name });
      }
      return { state, effects };
    }
  }
}

/** Goes on with the ending as far as the children that are gone allow. */
export function settle(state: SupervisorState): Step {
  const { end } = state;
  if (end === undefined || state.phase === 'working' || state.phase === 'over') return { state, effects: [] };
  // With nothing left to do there is nothing to wait for: services are told together with the workers.
  const workersGone = state.workers.every(({ kind }) => kind === 'gone');
  if (!workersGone && end.kind !== 'drained') return { state, effects: [] };

  const effects: SupervisorEffect[] = [];
  if (state.phase !== 'closing') {
    for (const name of ['grind', 'panel'] as const)
      if (isThere(state, name)) effects.push({ kind: 'stop', name });
    effects.push(patience('closing', LEAVE_PATIENCE_MS));
    if (!isThere(state, 'grind') && isThere(state, 'simulator'))
      effects.push({ kind: 'stop', name: 'simulator' });
  } else if (state.services.grind.kind === 'gone' && isThere(state, 'simulator')) {
    effects.push({ kind: 'stop', name: 'simulator' });
  }
  const allGone =
    workersGone && !isThere(state, 'grind') && !isThere(state, 'panel') && !isThere(state, 'simulator');
  if (!allGone) return { state: { ...state, phase: 'closing' }, effects };
  return { state: { ...state, phase: 'over' }, effects: [{ kind: 'finish', end }] };
}

const isThere = (state: SupervisorState, name: ServiceName): boolean => {
  const { kind } = state.services[name];
  return kind === 'starting' || kind === 'up';
};

const patience = (phase: Phase, ms: Milliseconds): SupervisorEffect => ({
  kind: 'later',
  ms,
  event: { kind: 'patience.over', phase },
});

/** Services that were to start again, or never did, are not started any more. */
function withoutResting(state: SupervisorState): SupervisorState {
  let next = state;
  for (const name of ['simulator', 'grind', 'panel'] as const) {
    const { kind } = next.services[name];
    if (kind === 'resting' || kind === 'waiting') next = withService(next, name, { kind: 'gone' });
  }
  return next;
}
