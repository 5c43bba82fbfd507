/**
 * The runner of the supervisor: forks, listens, and does what the reducer says. Owns every child of a run, and is done when all of them are gone.
 * Nothing is decided here; the rules and their tests are in reduce.ts.
 */
import type { ChildProcess } from 'node:child_process';
import { WorkerMessage, type ControlStore, type OrchestratorMessage } from '@vivarium/contracts';
import type { Clock, Milliseconds } from '@vivarium/core';
import { howItEnded, type Children } from './children.ts';
import { ancestry } from './parents.ts';
import { reduce } from './reduce.ts';
import type { Services } from './services.ts';
import {
  initialState,
  type RunEnd,
  type ServiceName,
  type StopSignal,
  type SupervisorEffect,
  type SupervisorEvent,
  type SupervisorRules,
} from './state.ts';

export interface SuperviseOptions {
  readonly workers: number;
  readonly services: readonly ServiceName[];
  readonly rules: SupervisorRules;
  readonly children: Children;
  readonly workerArguments: readonly string[];
  readonly createServices: (tell: (event: SupervisorEvent) => void) => Services;
  readonly control: ControlStore;
  readonly clock: Clock;
  /** Who had started us when this process began (parents.ts): the run ends when that is no longer so. Undefined: nobody who is watched. */
  readonly startedBy: string | undefined;
  /** Does our own fold agree that nothing more can run? */
  readonly nothingLeft: () => Promise<boolean>;
  readonly onWarning: (text: string, hint: string | undefined) => void;
  readonly onServiceUp: (name: ServiceName, url: string) => void;
  /** The first reason to end was heard; what runs is being finished or given back. */
  readonly onEnding: (end: RunEnd, busy: number) => void;
}

const SIGNALS: readonly StopSignal[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];
const LOOK_EVERY_MS: Milliseconds = 200;

export function supervise(options: SuperviseOptions): Promise<RunEnd> {
  return new Promise((resolve, reject) => {
    const workers = new Map<number, ChildProcess>();
    const timers = new Set<NodeJS.Timeout>();
    let state = initialState(options.workers, options.services, options.rules);
    let isOver = false;

    const dispatch = (event: SupervisorEvent): void => {
      if (isOver) return;
      const before = state.phase;
      const step = reduce(state, event);
      state = step.state;
      if (before === 'working' && state.phase !== 'working' && state.end !== undefined)
        options.onEnding(state.end, workers.size);
      if (event.kind === 'service.up') options.onServiceUp(event.name, event.url);
      for (const effect of step.effects) perform(effect);
    };

    const perform = (effect: SupervisorEffect): void => {
      switch (effect.kind) {
        case 'fork':
          forkWorker(effect.slot);
          return;
        case 'tell':
          tell(workers.get(effect.slot), effect.message);
          return;
        case 'kill':
          workers.get(effect.slot)?.kill('SIGKILL');
          return;
        case 'start':
          services.start(effect.name);
          return;
        case 'stop':
          services.stop(effect.name);
          return;
        case 'kill_service':
          services.kill(effect.name);
          return;
        case 'later': {
          const timer = setTimeout(() => {
            timers.delete(timer);
            dispatch(effect.event);
          }, effect.ms);
          timers.add(timer);
          return;
        }
        case 'verify':
          options.nothingLeft().then((nothingLeft) => dispatch({ kind: 'verified', nothingLeft }), fail);
          return;
        case 'warn':
          options.onWarning(effect.text, effect.hint);
          return;
        case 'finish':
          close();
          resolve(effect.end);
      }
    };

    const forkWorker = (slot: number): void => {
      const child = options.children.fork('worker', options.workerArguments);
      workers.set(slot, child);
      child.on('message', (raw) => {
        const message = WorkerMessage.safeParse(raw).data;
        switch (message?.kind) {
          case 'ready':
            dispatch({ kind: 'worker.ready', slot });
            return;
          case 'state':
            dispatch({ kind: 'worker.state', slot, doing: message.state });
            return;
          case 'fault':
            dispatch({ kind: 'worker.fault', slot, fault: message });
            return;
          case 'bye':
            if (message.reason === 'draining') dispatch({ kind: 'worker.drained', slot });
            return;
          case undefined:
            return;
        }
      });
      const gone = (how: string): void => {
        if (workers.get(slot) !== child) return;
        workers.delete(slot);
        dispatch({ kind: 'worker.exited', slot, at: options.clock.monotonic(), how });
      };
      child.on('exit', (code, signal) => gone(howItEnded(code, signal)));
      child.on('error', (error) => gone(error.message));
    };

    const heedControl = (): void => {
      const control = options.control.read();
      if (control.kind === 'halted') dispatch({ kind: 'control.halted', reason: control.reason });
      if (control.kind === 'draining') dispatch({ kind: 'control.draining', reason: control.reason });
    };
    const heedSignal = (signal: NodeJS.Signals): void => {
      const known = SIGNALS.find((each) => each === signal);
      if (known !== undefined) dispatch({ kind: 'signal', signal: known });
    };
    const close = (): void => {
      isOver = true;
      for (const timer of timers) clearTimeout(timer);
      clearInterval(looks);
      unwatch();
      for (const signal of SIGNALS) process.off(signal, heedSignal);
    };
    const fail = (error: unknown): void => {
      if (isOver) return;
      close();
      // Their channel closes with this process; they leave by themselves. Nothing is to stay while the fault is told.
      for (const child of workers.values()) child.kill('SIGTERM');
      for (const name of ['grind', 'panel', 'simulator'] as const) services.stop(name);
      reject(error instanceof Error ? error : new Error(String(error)));
    };

    const services = options.createServices(dispatch);
    const unwatch = options.control.watch(heedControl);
    const looks = setInterval(() => {
      heedControl();
      if (options.startedBy !== undefined && ancestry() !== options.startedBy)
        dispatch({ kind: 'parent.gone' });
    }, LOOK_EVERY_MS);
    for (const signal of SIGNALS) process.on(signal, heedSignal);
    dispatch({ kind: 'begin' });
  });
}

function tell(child: ChildProcess | undefined, message: OrchestratorMessage): void {
  // A child that is just going hears nothing any more; its exit is heard instead.
  if (child?.connected === true) child.send(message, () => undefined);
}
