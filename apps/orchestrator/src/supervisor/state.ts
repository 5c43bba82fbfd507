/** What the supervisor knows, hears and does. Words only; the rules are in reduce.ts. Times are monotonic milliseconds. */
import type { Milliseconds } from '@vivarium/core';
import type { OrchestratorMessage, WorkerMessage } from '@vivarium/contracts';

export type ServiceName = 'simulator' | 'grind' | 'panel';
export type WorkerDoing = Extract<WorkerMessage, { kind: 'state' }>['state'];
export type WorkerFault = Extract<WorkerMessage, { kind: 'fault' }>;
export type StopSignal = 'SIGINT' | 'SIGTERM' | 'SIGHUP';

export type WorkerSlot =
  /** Forked when grind is up: on few cores it would only slow down what it waits for. */
  | { readonly kind: 'planned' }
  | { readonly kind: 'starting' }
  | { readonly kind: 'up'; readonly doing: WorkerDoing | undefined }
  /** It died and will be forked again. */
  | { readonly kind: 'resting' }
  | { readonly kind: 'gone' };

export type ServiceSlot =
  /** Not ours: none is needed, or somebody else's is used. */
  | { readonly kind: 'foreign' }
  /** Wanted, and waits for another service first. */
  | { readonly kind: 'waiting' }
  | { readonly kind: 'starting' }
  | { readonly kind: 'up'; readonly url: string }
  | { readonly kind: 'resting' }
  | { readonly kind: 'gone' };

/** Why a run ends. */
export type RunEnd =
  | { readonly kind: 'drained' }
  | { readonly kind: 'signal'; readonly signal: StopSignal }
  /** The process that started us is gone, and with it whoever could stop us. */
  | { readonly kind: 'parent_gone' }
  | { readonly kind: 'halted'; readonly reason: string }
  /** An operator let everything that runs finish, and nothing begin. */
  | { readonly kind: 'draining'; readonly reason: string }
  /** Only an operator can make it work. */
  | {
      readonly kind: 'fault';
      readonly code: string;
      readonly message: string;
      readonly hint: string | undefined;
    }
  | { readonly kind: 'crash_loop'; readonly who: string };

/** `draining`: no new claims, what runs is finished. `leaving`: what runs is given back. `closing`: the workers are gone, services follow. */
export type Phase = 'working' | 'draining' | 'leaving' | 'closing' | 'over';

export interface SupervisorState {
  readonly phase: Phase;
  readonly end: RunEnd | undefined;
  readonly workers: readonly WorkerSlot[];
  readonly services: Readonly<Record<ServiceName, ServiceSlot>>;
  /** When each child died lately; the key is a slot number or a service. */
  readonly deaths: Readonly<Record<string, readonly Milliseconds[]>>;
  /** A look whether nothing is left is due by a timer: one at a time, however often the workers say that they are idle. */
  readonly verifyIsDue: boolean;
  readonly rules: SupervisorRules;
}

export interface SupervisorRules {
  /** Stay when nothing more can run (`--watch`, `up`). */
  readonly stayWhenDrained: boolean;
  /** Stay under HALT, so that it can be left again (`up`, `--watch`). */
  readonly stayWhenHalted: boolean;
  /** The grind was named by the operator: never start one instead. */
  readonly grindIsGiven: boolean;
  /** A grind of ours asks the simulator, which must be up before it. */
  readonly needsSimulator: boolean;
}

export type SupervisorEvent =
  | { readonly kind: 'begin' }
  | { readonly kind: 'worker.ready'; readonly slot: number }
  | { readonly kind: 'worker.state'; readonly slot: number; readonly doing: WorkerDoing }
  | { readonly kind: 'worker.fault'; readonly slot: number; readonly fault: WorkerFault }
  | { readonly kind: 'worker.exited'; readonly slot: number; readonly at: Milliseconds; readonly how: string }
  | { readonly kind: 'worker.rested'; readonly slot: number }
  | { readonly kind: 'service.up'; readonly name: ServiceName; readonly url: string }
  /** It said why it cannot run. */
  | {
      readonly kind: 'service.failed';
      readonly name: ServiceName;
      readonly code: string;
      readonly message: string;
      readonly hint: string | undefined;
      /** The same may work in a moment: a full disk, a lock in use. */
      readonly passes: boolean;
    }
  /** Somebody else's serves this home already. */
  | { readonly kind: 'service.foreign'; readonly name: ServiceName }
  | {
      readonly kind: 'service.exited';
      readonly name: ServiceName;
      readonly at: Milliseconds;
      readonly how: string;
    }
  | { readonly kind: 'service.rested'; readonly name: ServiceName }
  /** Time to see whether somebody else's grind is still there. */
  | { readonly kind: 'grind.look' }
  | { readonly kind: 'control.halted'; readonly reason: string }
  | { readonly kind: 'control.draining'; readonly reason: string }
  /** An order to drain that worker: it leaves and is not replaced. */
  | { readonly kind: 'worker.drained'; readonly slot: number }
  | { readonly kind: 'signal'; readonly signal: StopSignal }
  | { readonly kind: 'parent.gone' }
  /** Our own fold agrees, or does not, that nothing more can run. */
  | { readonly kind: 'verified'; readonly nothingLeft: boolean }
  | { readonly kind: 'verify.due' }
  | { readonly kind: 'patience.over'; readonly phase: Phase };

export type SupervisorEffect =
  | { readonly kind: 'fork'; readonly slot: number }
  | { readonly kind: 'tell'; readonly slot: number; readonly message: OrchestratorMessage }
  | { readonly kind: 'kill'; readonly slot: number }
  | { readonly kind: 'start'; readonly name: ServiceName }
  | { readonly kind: 'stop'; readonly name: ServiceName }
  | { readonly kind: 'kill_service'; readonly name: ServiceName }
  | { readonly kind: 'later'; readonly ms: Milliseconds; readonly event: SupervisorEvent }
  | { readonly kind: 'verify' }
  | { readonly kind: 'warn'; readonly text: string; readonly hint?: string }
  | { readonly kind: 'finish'; readonly end: RunEnd };

export interface Step {
  readonly state: SupervisorState;
  readonly effects: readonly SupervisorEffect[];
}

export function initialState(
  workers: number,
  services: readonly ServiceName[],
  rules: SupervisorRules,
): SupervisorState {
  const slot = (name: ServiceName): ServiceSlot => ({
    kind: services.includes(name) ? 'waiting' : 'foreign',
  });
  return {
    phase: 'working',
    end: undefined,
    workers: Array.from({ length: workers }, () => ({ kind: 'gone' })),
    services: { simulator: slot('simulator'), grind: slot('grind'), panel: slot('panel') },
    deaths: {},
    verifyIsDue: false,
    rules,
  };
}

export const withWorker = (state: SupervisorState, slot: number, worker: WorkerSlot): SupervisorState => ({
  ...state,
  workers: state.workers.map((old, at) => (at === slot ? worker : old)),
});

export const withService = (
  state: SupervisorState,
  name: ServiceName,
  service: ServiceSlot,
): SupervisorState => ({
  ...state,
  services: { ...state.services, [name]: service },
});
