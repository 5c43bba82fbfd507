/**
 * `breaker`: the circuit breakers, what they have counted, and `breaker reset`: closing them, with a reason. Grind has them; when none is up, the record says what the next
 * one will find, and a reset is written there, as the one writer of that log for the moment.
 */
import {
  BreakerResetReply,
  createBreakerFold,
  readApiAuditLine,
  readOn,
  type BreakerLine,
  type BreakerView,
  type CircuitView,
  type TaskView,
} from '@vivarium/contracts';
import { formatUsd, isVivariumError, messageOf, nanoUsd, timestamp, VivariumError } from '@vivarium/core';
import { askGrind } from '../ask-grind.ts';
import { modelsOf, openHome, readConfig, type CommandDeps, type ExitCode, type OpenHome } from '../deps.ts';
import { probeGrind } from '../grind-probe.ts';
import { inPlaceOfGrind } from '../in-place-of-grind.ts';
import { reopenDeferred } from '../reopening.ts';
import { counted } from '../report/counted.ts';
import { printable } from '../terminal.ts';

export async function breakers(
  input: { readonly home: string | undefined; readonly json: boolean },
  deps: CommandDeps,
): Promise<ExitCode> {
  const { terminal } = deps;
  const home = openHome(input.home, deps, 'look');
  const { views, circuits } = await lookAt(home);
  if (input.json) terminal.line(JSON.stringify({ breakers: views, circuits }));
  else if (views.length === 0) terminal.line('Every circuit breaker is closed: calls go through.');
  for (const { model, upstream, state, why, since, until, trips } of input.json ? [] : views) {
    terminal.line(
      terminal.colours.yellow(`${printable(model)} at ${printable(upstream)}: ${state} since ${since}`),
    );
    terminal.line(`  ${printable(why)}`);
    terminal.line(`  opened ${counted(trips, 'time')} in a row; one call is let through after ${until}`);
  }
  for (const circuit of input.json ? [] : circuits) terminal.line(countedText(circuit));
  return 0;
}

function countedText(circuit: CircuitView): string {
  const { model, calls, failures, failures_in_a_row, spent_nano_usd, window_ms } = circuit;
  const seconds = window_ms / 1_000;
  const spent = `${formatUsd(nanoUsd(spent_nano_usd))} of ${formatUsd(nanoUsd(circuit.opens_at_nano_usd))}`;
  return `  ${printable(model)}, last ${seconds} s: ${counted(failures, 'failure')} of ${counted(calls, 'call')}, ${failures_in_a_row} in a row (opens at ${circuit.opens_at_failures}); ${spent}`;
}

interface Seen {
  readonly views: readonly BreakerView[];
  /** Empty when no grind is up: what it counts is in its memory alone. */
  readonly circuits: readonly CircuitView[];
}

async function lookAt(home: OpenHome): Promise<Seen> {
  const grind = home.runs.liveGrind();
  const answer = grind === undefined ? undefined : await probeGrind(grind.url);
  if (answer?.kind === 'healthy') return { views: answer.health.breakers, circuits: answer.health.circuits };
  const views = openByRecord(home).map(({ upstream, model, reason, trips, until, timestamp: since }) => ({
    upstream,
    model,
    state: 'open' as const,
    why: reason,
    since,
    until: until ?? since,
    trips,
  }));
  return { views, circuits: [] };
}

function openByRecord(home: OpenHome): readonly BreakerLine[] {
  const fold = createBreakerFold();
  readOn(home.record.tail('apiAudit'), ({ entries }) => {
    for (const entry of entries) {
      const line = entry.kind === 'line' ? readApiAuditLine(entry.value, home.id) : undefined;
      if (line !== undefined) fold.apply(line);
    }
  });
  return fold.open();
}

export interface ResetInput {
  readonly home: string | undefined;
  readonly model: string | undefined;
  readonly reason: string;
  readonly json: boolean;
}

export async function resetBreaker(input: ResetInput, deps: CommandDeps): Promise<ExitCode> {
  const { terminal } = deps;
  if (input.reason.trim() === '')
    throw new VivariumError('usage', '--reason is empty: the record keeps why a breaker was reset', {
      remedy: { kind: 'stop' },
    });
  const home = openHome(input.home, deps, 'prepare');
  const reset = await resetSomehow(home, input, deps);
  // One that was taken off the list may have left an open breaker behind.
  if (
    reset.length === 0 &&
    input.model !== undefined &&
    !modelsOf(home.layout, deps).ids.includes(input.model)
  )
    throw new VivariumError('usage', `there is no model ${printable(input.model)}`, {
      remedy: { kind: 'stop' },
      hint: 'orchestrator models lists them.',
    });
  const { defaultModel } = readConfig(home, deps);
  const isClosed = ({ task: { model } }: TaskView): boolean =>
    (input.model === undefined && reset.length === 0) ||
    [...reset, input.model].includes(model ?? defaultModel);
  // Also when there was nothing to reset: a command that was killed half way is given again.
  const opened = await reopenDeferred(
    home,
    deps,
    (view) => view.record.reason === 'circuit_open' && isClosed(view),
    `a breaker was reset: ${input.reason.trim()}`,
  );
  if (input.json) terminal.line(JSON.stringify({ reset, opened }));
  else {
    const done =
      reset.length === 0
        ? `Nothing to reset: ${input.model === undefined ? 'every breaker' : `the breaker of ${printable(input.model)}`} is closed.`
        : `Reset: ${reset.map(printable).join(', ')}. Calls go through again.`;
    const begin =
      opened.length === 0 ? '' : ` ${counted(opened.length, 'task')} that waited for it may begin at once.`;
    terminal.line(done + begin);
  }
  return 0;
}

/** A grind that begins, or has just died, is one in a moment and none in the next: what passes is tried again. */
async function resetSomehow(
  home: OpenHome,
  input: ResetInput,
  deps: CommandDeps,
): Promise<readonly string[]> {
  const { clock } = deps.machine;
  for (const until = clock.monotonic() + AGAIN_FOR_MS; ; await clock.sleep(AGAIN_MS)) {
    const grind = home.runs.liveGrind();
    try {
      return grind === undefined ? await resetOffline(home, input, deps) : await resetAt(grind.url, input);
    } catch (error) {
      const passes = isVivariumError(error) && error.remedy.kind === 'retry';
      if (!passes || clock.monotonic() > until) throw error;
    }
  }
}
const AGAIN_MS = 100;
const AGAIN_FOR_MS = 5_000;

async function resetAt(url: string, { model, reason }: ResetInput): Promise<readonly string[]> {
  try {
    const asked = { ...(model === undefined ? {} : { model }), reason };
    const answer = await askGrind(new URL('/breaker/reset', url), PATIENCE_MS, asked);
    return BreakerResetReply.parse(JSON.parse(answer)).reset;
  } catch (cause) {
    throw new VivariumError('grind_unreachable', `grind at ${url} did not reset it: ${messageOf(cause)}`, {
      remedy: { kind: 'retry' },
      hint: 'Try again.',
      cause,
    });
  }
}

const PATIENCE_MS = 5_000;

/** The log of money has one writer: this process makes itself that, as a grind would, for as long as it takes. */
async function resetOffline(
  home: OpenHome,
  { model, reason }: ResetInput,
  deps: CommandDeps,
): Promise<readonly string[]> {
  const { clock, ids } = deps.machine;
  return inPlaceOfGrind(home, deps, () => {
    home.record.mend('apiAudit');
    const open = openByRecord(home).filter((line) => model === undefined || line.model === model);
    for (const line of open) {
      const { upstream, provider, simulated } = line;
      home.record.append('apiAudit', {
        timestamp: timestamp(clock),
        event: 'breaker.reset',
        user: 'operator',
        role: 'admin',
        upstream,
        model: line.model,
        reason,
        trips: 0,
        event_id: ids.next('api'),
        home: home.id,
        provider,
        simulated,
      });
      home.record.act({
        actor: 'operator',
        action_type: 'API',
        action: 'RESET',
        detail: `circuit of ${line.model} at ${upstream}: ${reason}`,
        event: 'breaker.reset',
        metadata: { model: line.model, upstream, reason },
      });
    }
    return open.map((line) => line.model);
  });
}
