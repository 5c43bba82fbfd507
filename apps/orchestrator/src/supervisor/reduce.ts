/**
 * The rules of the supervisor: `(state, event) → state and effects`, pure. It starts, counts and stops processes; it hands out no work.
 *
 * - Q9: it ends when every worker says that nothing is left and its own fold agrees.
 * - Q11: a service it started and that died is started again, meanwhile the workers wait; a grind of somebody else that vanished is replaced
 *   unless the operator named it.
 * - A worker that died is forked again after a growing rest; five deaths within a minute end the run with a message.
 * - First signal: drain. Second: give back what runs and leave. Grind goes before the simulator it may still be asking.
 */
import type { Milliseconds } from '@vivarium/core';
import { begin, drain, follow, leave, settle } from './endings.ts';
import type {
  ServiceName,
  Step,
  SupervisorEffect,
  SupervisorEvent,
  SupervisorState,
  WorkerSlot,
} from './state.ts';
import { withService, withWorker } from './state.ts';

export const DEATHS_ALLOWED = 5;
export const DEATHS_WINDOW_MS = 60_000;
const FIRST_REST_MS = 100;
const LONGEST_REST_MS = 10_000;
/** What a full disk is given before the next try. */
const PASSING_REST_MS = 3_000;
const VERIFY_AGAIN_MS = 250;
const LOOK_AGAIN_MS = 500;

export function reduce(state: SupervisorState, event: SupervisorEvent): Step {
  switch (event.kind) {
    case 'begin':
      return begin(state);
    case 'worker.ready':
      return still(
        state.workers[event.slot]?.kind === 'starting'
          ? withWorker(state, event.slot, { kind: 'up', doing: undefined })
          : state,
      );
    case 'worker.state':
      return onDoing(state, event.slot, event.doing);
    case 'worker.fault':
      return onFault(state, event);
    case 'worker.exited':
      return onWorkerExit(state, event.slot, event.at, event.how);
    case 'worker.rested':
      if (state.phase !== 'working' || state.workers[event.slot]?.kind !== 'resting') return still(state);
      return {
        state: withWorker(state, event.slot, { kind: 'starting' }),
        effects: [{ kind: 'fork', slot: event.slot }],
      };
    case 'service.up':
      return onServiceUp(state, event.name, event.url);
    case 'service.failed':
      return onServiceFailed(state, event);
    case 'service.foreign': {
      // It may be about to leave: workers that found none are looked after again.
      const step = settle(withService(state, event.name, { kind: 'foreign' }));
      if (event.name !== 'grind') return step;
      const started = follow(step.state);
      const look: SupervisorEffect = { kind: 'later', ms: LOOK_AGAIN_MS, event: { kind: 'grind.look' } };
      return { state: started.state, effects: [...step.effects, ...started.effects, look] };
    }
    case 'grind.look':
      return replaceGrind(state);
    case 'service.exited':
      return onServiceExit(state, event.name, event.at, event.how);
    case 'service.rested':
      if (state.phase !== 'working' || state.services[event.name].kind !== 'resting') return still(state);
      return {
        state: withService(state, event.name, { kind: 'starting' }),
        effects: [{ kind: 'start', name: event.name }],
      };
    case 'control.halted':
      return state.rules.stayWhenHalted
        ? still(state)
        : drain(state, { kind: 'halted', reason: event.reason });
    case 'control.draining':
      return drain(state, { kind: 'draining', reason: event.reason });
    case 'worker.drained':
      return still(state.phase === 'working' ? withWorker(state, event.slot, { kind: 'gone' }) : state);
    case 'signal':
      return state.phase === 'working'
        ? drain(state, { kind: 'signal', signal: event.signal })
        : leave(state);
    case 'parent.gone':
      return drain(state, { kind: 'parent_gone' });
    case 'verify.due':
      return {
        state: { ...state, verifyIsDue: false },
        effects: everybodyIdle(state) ? [{ kind: 'verify' }] : [],
      };
    case 'verified':
      return onVerified(state, event.nothingLeft);
    case 'patience.over':
      return event.phase === state.phase ? leave(state) : still(state);
  }
}

const still = (state: SupervisorState): Step => ({ state, effects: [] });

function onDoing(
  state: SupervisorState,
  slot: number,
  doing: NonNullable<Extract<WorkerSlot, { kind: 'up' }>['doing']>,
): Step {
  if (state.workers[slot]?.kind !== 'up') return still(state);
  const next = withWorker(state, slot, { kind: 'up', doing });
  if (next.phase !== 'working') return still(next);
  if (doing === 'no_grind') return replaceGrind(next);
  return { state: next, effects: everybodyIdle(next) ? [{ kind: 'verify' }] : [] };
}

/** Starts a grind when workers miss one that somebody else had started. Whether it is really gone is looked at when it is started. */
function replaceGrind(state: SupervisorState): Step {
  const missed = state.workers.some((worker) => worker.kind === 'up' && worker.doing === 'no_grind');
  const replaceable =
    state.phase === 'working' && state.services.grind.kind === 'foreign' && !state.rules.grindIsGiven;
  if (!missed || !replaceable) return still(state);
  if (state.rules.needsSimulator && state.services.simulator.kind === 'foreign') {
    const waiting = withService(withService(state, 'grind', { kind: 'waiting' }), 'simulator', {
      kind: 'starting',
    });
    return { state: waiting, effects: [{ kind: 'start', name: 'simulator' }] };
  }
  return {
    state: withService(state, 'grind', { kind: 'starting' }),
    effects: [{ kind: 'start', name: 'grind' }],
  };
}

/** Workers that start or rest are left out: the fold knows whether there is work for them. */
function everybodyIdle(state: SupervisorState): boolean {
  if (state.phase !== 'working' || state.rules.stayWhenDrained) return false;
  const up = state.workers.filter((worker) => worker.kind === 'up');
  return up.length > 0 && up.every(({ doing }) => doing === 'drained' || doing === 'held');
}

function onVerified(state: SupervisorState, nothingLeft: boolean): Step {
  if (!everybodyIdle(state)) return still(state);
  if (nothingLeft) return drain(state, { kind: 'drained' });
  if (state.verifyIsDue) return still(state);
  return {
    state: { ...state, verifyIsDue: true },
    effects: [{ kind: 'later', ms: VERIFY_AGAIN_MS, event: { kind: 'verify.due' } }],
  };
}

function onFault(state: SupervisorState, event: Extract<SupervisorEvent, { kind: 'worker.fault' }>): Step {
  const { code, message, hint, remedy } = event.fault;
  if (remedy === 'stop') return drain(state, { kind: 'fault', code, message, hint });
  return { state, effects: [{ kind: 'warn', text: message, ...(hint === undefined ? {} : { hint }) }] };
}

function onWorkerExit(state: SupervisorState, slot: number, at: Milliseconds, how: string): Step {
  if (state.phase !== 'working') return settle(withWorker(state, slot, { kind: 'gone' }));
  if (state.workers[slot]?.kind === 'gone') {
    const isLast = state.workers.every(({ kind }) => kind === 'gone');
    return isLast ? drain(state, { kind: 'draining', reason: 'every worker was drained' }) : still(state);
  }
  const { next, deaths } = countDeath(state, `worker ${slot + 1}`, at);
  if (deaths >= DEATHS_ALLOWED) {
    return drain(withWorker(next, slot, { kind: 'gone' }), {
      kind: 'crash_loop',
      who: `worker ${slot + 1} (${how})`,
    });
  }
  const effects: readonly SupervisorEffect[] = [
    { kind: 'warn', text: `worker ${slot + 1} ended unexpectedly (${how}); another takes its place` },
    { kind: 'later', ms: restMs(deaths), event: { kind: 'worker.rested', slot } },
  ];
  return { state: withWorker(next, slot, { kind: 'resting' }), effects };
}

function onServiceUp(state: SupervisorState, name: ServiceName, url: string): Step {
  const next = withService(state, name, { kind: 'up', url });
  // It came up while everything was already being stopped.
  if (next.phase === 'closing' || next.phase === 'over')
    return { state: next, effects: [{ kind: 'stop', name }] };
  if (name === 'grind') return follow(next);
  if (name !== 'simulator' || next.services.grind.kind !== 'waiting') return still(next);
  return {
    state: withService(next, 'grind', { kind: 'starting' }),
    effects: [{ kind: 'start', name: 'grind' }],
  };
}

/** What passes is waited for (Q11). What else it says of itself will not change by trying again: the run ends, or does without the panel. */
function onServiceFailed(
  state: SupervisorState,
  event: Extract<SupervisorEvent, { kind: 'service.failed' }>,
): Step {
  const { name, code, message, hint } = event;
  if (event.passes && state.phase === 'working') {
    const effects: readonly SupervisorEffect[] = [
      { kind: 'warn', text: `${name} cannot start yet: ${message}`, ...(hint === undefined ? {} : { hint }) },
      { kind: 'later', ms: PASSING_REST_MS, event: { kind: 'service.rested', name } },
    ];
    return { state: withService(state, name, { kind: 'resting' }), effects };
  }
  const next = withService(state, name, { kind: 'gone' });
  if (name === 'panel') {
    const warning: SupervisorEffect = {
      kind: 'warn',
      text: `the control panel is not up: ${message}`,
      ...(hint === undefined ? {} : { hint }),
    };
    const step = settle(next);
    return { state: step.state, effects: [warning, ...step.effects] };
  }
  return drain(next, { kind: 'fault', code, message, hint });
}

function onServiceExit(state: SupervisorState, name: ServiceName, at: Milliseconds, how: string): Step {
  if (state.services[name].kind === 'gone' || state.services[name].kind === 'foreign') return settle(state);
  // It said why, and is started again when its rest is over.
  if (state.services[name].kind === 'resting') return still(state);
  if (state.phase !== 'working') return settle(withService(state, name, { kind: 'gone' }));
  const { next, deaths } = countDeath(state, name, at);
  if (deaths >= DEATHS_ALLOWED) {
    const gone = withService(next, name, { kind: 'gone' });
    if (name === 'panel')
      return {
        state: gone,
        effects: [{ kind: 'warn', text: `the control panel keeps ending (${how}) and stays down` }],
      };
    return drain(gone, { kind: 'crash_loop', who: `${name} (${how})` });
  }
  const effects: readonly SupervisorEffect[] = [
    { kind: 'warn', text: `${name} ended unexpectedly (${how}); starting it again` },
    { kind: 'later', ms: restMs(deaths), event: { kind: 'service.rested', name } },
  ];
  return { state: withService(next, name, { kind: 'resting' }), effects };
}

function countDeath(
  state: SupervisorState,
  who: string,
  at: Milliseconds,
): { readonly next: SupervisorState; readonly deaths: number } {
  const recent = [...(state.deaths[who] ?? []).filter((death) => at - death < DEATHS_WINDOW_MS), at];
  return { next: { ...state, deaths: { ...state.deaths, [who]: recent } }, deaths: recent.length };
}

const restMs = (deaths: number): Milliseconds => Math.min(LONGEST_REST_MS, FIRST_REST_MS * 2 ** (deaths - 1));
