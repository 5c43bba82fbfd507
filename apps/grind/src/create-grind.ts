/**
 * The life of one grind: it becomes the one of its home, settles what a dead one left, serves, and leaves. Owns the HTTP server, the file
 * run/grind.json, the watch on HALT, and the provider's connections; `stop` gives all of them back, in that order.
 *
 * What is beside loopback opens last, when all that guards it stands.
 *
 * One grind spends for a home: the money's log is read only after run/grind.json is ours, so no line of another is missed (M1).
 */
import { orderOf, type ControlState, type GrindFile, type Health } from '@vivarium/contracts';
import { VivariumError, type Machine } from '@vivarium/core';
import { createStrangers, type RunFiles, type TokenStore } from '@vivarium/home';
import type { AppDeps } from './app.ts';
import { HOST } from './bind.ts';
import { makeDoors, networkUrl, type Doors, type Network } from './doors.ts';
import { openDesk, type Desk, type DeskDeps } from './desk.ts';
import { watchHalt } from './halt-watch.ts';
import { refuse } from './refusal.ts';

export interface GrindDeps extends DeskDeps {
  readonly machine: Pick<Machine, 'clock' | 'ids' | 'processes'>;
  readonly run: Pick<RunFiles, 'claimGrind' | 'releaseGrind'>;
  readonly version: string;
  readonly tokens: Pick<TokenStore, 'find' | 'list'>;
  /** Where to listen besides loopback, for those who bring a token. */
  readonly network: Network | undefined;
}

export interface Grind {
  /** On 127.0.0.1, at `port` or, when that is taken, at any free one. Throws `grind_running`, `port_unavailable`, `record_unwritable`. */
  listen(port: number): Promise<{ readonly url: string; readonly network: string | undefined }>;
  /** `drain`: takes no more calls and lets those under way end. `now`: cuts them. Called again it may hurry, and resolves at the same end. */
  stop(how: 'drain' | 'now'): Promise<void>;
}

export function createGrind(deps: GrindDeps): Grind {
  const { home, machine, control, run, provider, diagnostics, network } = deps;
  const { clock, ids } = machine;
  const beyond = network && networkUrl(network);
  let serving: Serving | undefined;
  let stopped: Promise<void> | undefined;

  const listen: Grind['listen'] = async (wanted) => {
    // The port is taken first, because run/grind.json names it; until that file is ours every request is told to come back.
    const faces: AppDeps = {
      answer: async (request, caller) =>
        serving === undefined
          ? refuse('stopping', 'This grind is starting.')
          : serving.calls.answer(request, caller),
      cancel: (taskId, round) => serving?.calls.cancel(taskId, round) ?? 0,
      resetBreaker: (model, reason, user) => serving?.breakers.reset(model, reason, user) ?? [],
      health,
      books: () => serving?.books(),
      describe: (principal) => serving?.describe(principal),
      // Before it serves, every answer is that it does not.
      take: (principal, request) => serving?.rateLimits.take(principal, request),
      findToken: (token) => deps.tokens.find(token),
      onTrouble: (detail) => serving?.onTrouble(detail),
      models: deps.models,
      defaultModel: deps.defaultModel,
      simulated: provider.simulated,
      clock,
      ids,
      diagnostics,
      onStranger: createStrangers('grind', { record: deps.record, clock }).refused,
    };
    const doors = makeDoors({ faces, network, tokens: deps.tokens, clock });
    const port = await doors.openLoopback(wanted);
    const url = `http://${HOST}:${port}`;
    try {
      const { pid, started, host } = machine.processes.self;
      await claim({
        home,
        pid,
        started,
        host,
        port,
        url,
        version: deps.version,
        provider: provider.name,
        simulated: provider.simulated,
        ...(beyond === undefined ? {} : { network: beyond }),
      });
      serving = { doors, ...open() };
      await doors.openNetwork();
    } catch (error) {
      await (serving === undefined ? doors.close() : leave());
      throw error;
    }
    return { url, network: beyond };
  };

  const claim = async (file: GrindFile): Promise<void> => {
    const answer = await run.claimGrind(file);
    if (answer.kind === 'claimed') return;
    throw new VivariumError(
      'grind_running',
      `a grind for this home is already running: process ${answer.by.pid} at ${answer.by.url}`,
      {
        remedy: { kind: 'stop' },
        hint: 'Use it, or stop that process.',
      },
    );
  };

  /** From here on this process is the one that spends for its home. */
  const open = (): Omit<Serving, 'doors'> => {
    try {
      const desk = openDesk(deps);
      const unwatch = watchHalt({
        control,
        clock,
        heed: () => desk.calls.heed(),
      });
      return { ...desk, unwatch };
    } catch (error) {
      run.releaseGrind();
      throw error;
    }
  };

  const health = (): Health => {
    const state = control.read();
    return {
      status: serving === undefined || stopped !== undefined ? 'stopping' : statusUnder(state),
      home,
      pid: machine.processes.self.pid,
      version: deps.version,
      provider: provider.name,
      simulated: provider.simulated,
      direct_cap_nano_usd: deps.limits.directCap,
      day_cap_nano_usd: deps.limits.dayCap,
      default_model: deps.defaultModel,
      obeys: control.orders().map(orderOf),
      calls: serving?.underWay() ?? [],
      network: beyond ?? null,
      breakers: [...(serving?.breakers.views() ?? [])],
      circuits: [...(serving?.breakers.circuits() ?? [])],
      paces: [...(serving?.pacing.views() ?? [])],
    };
  };

  const leave = async (): Promise<void> => {
    if (serving !== undefined) {
      serving.calls.close();
      await serving.calls.idle();
      await serving.doors.close();
      serving.unwatch();
      serving.settlements.stop();
      run.releaseGrind();
    }
    await provider.stop();
  };

  return {
    listen,
    stop(how) {
      if (how === 'now') serving?.calls.stop();
      return (stopped ??= leave());
    },
  };
}

interface Serving extends Desk {
  readonly doors: Doors;
  readonly unwatch: () => void;
}

/** What `control` says, in the words of /healthz. */
const statusUnder = (control: ControlState): Health['status'] =>
  control.kind === 'running' ? 'ok' : control.kind;
