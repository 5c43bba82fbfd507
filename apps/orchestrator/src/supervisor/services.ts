/**
 * Starting simulator, grind and panel, and telling the supervisor what became of them. Owns the children it forks. A home has one grind and one
 * panel: where a live one is found, or wins the race, it is used and left alone.
 */
import type { ChildProcess } from 'node:child_process';
import type { Clock } from '@vivarium/core';
import { ServiceMessage, type Durability, type HomeLayout } from '@vivarium/contracts';
import type { RunFiles } from '@vivarium/home';
import { probeGrind } from '../grind-probe.ts';
import { howItEnded, type Children, type Program } from './children.ts';
import type { ServiceName, SupervisorEvent } from './state.ts';

export interface ServicesOptions {
  readonly children: Children;
  readonly layout: HomeLayout;
  readonly homeId: string;
  readonly runs: RunFiles;
  readonly clock: Clock;
  readonly needsSimulator: boolean;
  readonly durability: Durability;
  readonly panelPort: number | undefined;
  readonly tell: (event: SupervisorEvent) => void;
  /** Somebody else's is used. */
  readonly onForeign: (name: ServiceName, url: string) => void;
}

export interface Services {
  start(name: ServiceName): void;
  stop(name: ServiceName): void;
  /** Asks once more, then kills. */
  kill(name: ServiceName): void;
}

const PROGRAMS: Readonly<Record<ServiceName, Program>> = {
  simulator: 'groq-simulator',
  grind: 'grind',
  panel: 'control-panel',
};
/** A live owner that does not answer is starting or leaving: it gets this long to show which. */
const LOOKS = 10;
const LOOK_EVERY_MS = 100;
const KILL_AFTER_MS = 1_000;
/** What a child says when another one of its kind holds the home. */
const HELD_CODES: readonly string[] = ['grind_running', 'panel_running'];

export function createServices(options: ServicesOptions): Services {
  const { children, layout, runs, tell } = options;
  const running = new Map<ServiceName, ChildProcess>();
  let simulatorUrl: string | undefined;

  const argumentsOf = (name: ServiceName): readonly string[] => {
    switch (name) {
      case 'simulator': {
        // The same port again after a death: grind goes on asking where it asked.
        const port = simulatorUrl === undefined ? '0' : new URL(simulatorUrl).port;
        return ['--port', port, '--bill', layout.simulatorBill, '--seed', 'vivarium'];
      }
      case 'grind':
        return [
          '--home',
          layout.root,
          '--durability',
          options.durability,
          ...(options.needsSimulator && simulatorUrl !== undefined ? ['--simulator', simulatorUrl] : []),
        ];
      case 'panel':
        return [
          '--home',
          layout.root,
          ...(options.panelPort === undefined ? [] : ['--port', String(options.panelPort)]),
        ];
    }
  };

  const launch = (name: ServiceName): void => {
    const child = children.fork(PROGRAMS[name], argumentsOf(name));
    running.set(name, child);
    child.on('message', (raw) => {
      const message = ServiceMessage.safeParse(raw).data;
      if (message?.kind === 'ready') {
        if (name === 'simulator') simulatorUrl = message.url;
        tell({ kind: 'service.up', name, url: message.url });
      }
      if (message?.kind === 'failed') {
        const holder = HELD_CODES.includes(message.code) ? holderOf(name) : undefined;
        if (holder === undefined)
          tell({
            kind: 'service.failed',
            name,
            code: message.code,
            message: message.message,
            hint: message.hint,
            passes: message.remedy === 'retry',
          });
        else useForeign(name, holder);
      }
    });
    const gone = (how: string): void => {
      if (running.get(name) !== child) return;
      running.delete(name);
      tell({ kind: 'service.exited', name, at: options.clock.monotonic(), how });
    };
    child.on('exit', (code, signal) => gone(howItEnded(code, signal)));
    child.on('error', (error) => gone(error.message));
  };

  const holderOf = (name: ServiceName): string | undefined =>
    name === 'grind' ? runs.liveGrind()?.url : name === 'panel' ? runs.livePanel()?.url : undefined;
  const useForeign = (name: ServiceName, url: string): void => {
    options.onForeign(name, url);
    tell({ kind: 'service.foreign', name });
  };

  /** The address of a live grind of this home, once it answers; undefined when there is none to wait for. */
  const foreignGrind = async (): Promise<string | undefined> => {
    for (let look = 0; look < LOOKS; look += 1) {
      const url = runs.liveGrind()?.url;
      if (url === undefined) return undefined;
      const answer = await probeGrind(url);
      if (
        answer.kind === 'healthy' &&
        answer.health.home === options.homeId &&
        answer.health.status !== 'stopping'
      )
        return url;
      await options.clock.sleep(LOOK_EVERY_MS);
    }
    return undefined;
  };

  return {
    start(name) {
      if (name === 'simulator') {
        launch(name);
        return;
      }
      if (name === 'panel') {
        const url = runs.livePanel()?.url;
        if (url === undefined) launch(name);
        else useForeign(name, url);
        return;
      }
      foreignGrind().then(
        (url) => (url === undefined ? launch(name) : useForeign(name, url)),
        // What run/ cannot tell, the grind that is launched finds out for itself, and says why it cannot run.
        () => launch(name),
      );
    },
    stop: (name) => void running.get(name)?.kill('SIGTERM'),
    kill(name) {
      const child = running.get(name);
      child?.kill('SIGTERM');
      setTimeout(() => child?.kill('SIGKILL'), KILL_AFTER_MS).unref();
    },
  };
}
