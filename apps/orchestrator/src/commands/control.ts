/**
 * `hold`, `pause`, `drain`, `halt`, `resume`, `clear-halt`: the same control state the panel's buttons and the files of the home are. Each says first what it
 * will do to what runs and to money, then does it, then says who has heard it and when.
 */
import {
  BROUGHT_ABOUT,
  EVERYTHING,
  parseBeat,
  type ControlReceipt,
  type ControlScope,
  type ControlState,
  type ControlVerb,
  type StoppedKind,
} from '@vivarium/contracts';
import { formatUsd, nanoUsd, timestamp, VivariumError, type Milliseconds } from '@vivarium/core';
import {
  awaitAcknowledgements,
  callsOf,
  type Acknowledgements,
  type CallsAnswer,
} from '../acknowledgements.ts';
import { openHome, openQueue, type CommandDeps, type ExitCode, type OpenHome } from '../deps.ts';
import { counted } from '../report/counted.ts';
import { shellWord } from '../report/names.ts';
import { printable } from '../terminal.ts';

export interface ControlInput {
  readonly verb: ControlVerb;
  readonly reason: string | undefined;
  readonly worker: string | undefined;
  readonly task: string | undefined;
  readonly wait: boolean;
  readonly home: string | undefined;
  readonly json: boolean;
}

const PATIENCE_MS: Milliseconds = 2_000;

export async function changeControl(input: ControlInput, deps: CommandDeps): Promise<ExitCode> {
  const { terminal, machine } = deps;
  const home = openHome(input.home, deps, 'prepare');
  const { verb } = input;
  const scope = await scopeOf(input, home, deps);
  const running = await callsOf(home, scope);
  const kind = BROUGHT_ABOUT[verb];
  const preview = kind === undefined ? undefined : previewText(kind, running);
  if (!input.json && preview !== undefined) terminal.line(preview);

  const began = machine.clock.monotonic();
  const requestedAt = timestamp(machine.clock);
  const receipt = home.control.change({ verb, scope, actor: 'operator', reason: input.reason });
  const heard =
    receipt.kind === 'changed' && input.wait
      ? await awaitAcknowledgements(home, machine, receipt, scope, began, PATIENCE_MS)
      : undefined;

  if (input.json) {
    const parties = heard?.parties ?? [];
    const told = running.kind === 'told' ? running : undefined;
    terminal.line(
      JSON.stringify({
        ...receipt,
        scope,
        requested_at: requestedAt,
        calls_running: told?.calls ?? null,
        held_nano_usd: told?.held ?? null,
        simulated: told?.simulated ?? null,
        acknowledged: parties.map(({ who, afterMs }) => ({ who, after_ms: afterMs ?? null })),
        // Nobody was asked: that is not none.
        calls_left: heard?.calls ?? null,
      }),
    );
  } else tellReceipt(receipt, deps);
  if (!input.json && heard !== undefined) for (const line of heardLines(heard)) terminal.line(line);
  return receipt.kind === 'needs_reason' || receipt.kind === 'needs_clear_halt' ? 2 : 0;
}

/** Throws for a worker or task that nobody knows: an order for it would be obeyed by nobody. */
async function scopeOf(input: ControlInput, home: OpenHome, deps: CommandDeps): Promise<ControlScope> {
  const unknown = (what: string, hint: string): VivariumError =>
    new VivariumError('usage', what, { remedy: { kind: 'stop' }, hint });
  // What stands can be lifted, also when what it was for is gone.
  const stands = ({ kind, id }: Exclude<ControlScope, { kind: 'all' }>): boolean =>
    home.control.orders().some(({ scope }) => scope.kind === kind && scope.id === id);
  if (input.worker !== undefined) {
    const scope = { kind: 'worker', id: input.worker } as const;
    const text = deps.machine.files.readText(home.layout.beat(input.worker));
    if (parseBeat(text) !== undefined) return scope;
    if (stands(scope)) return scope;
    throw unknown(
      `there is no worker ${printable(input.worker)} at work on this home`,
      'orchestrator logs, or the panel, names those that are.',
    );
  }
  if (input.task !== undefined) {
    const scope = { kind: 'task', id: input.task } as const;
    if (stands(scope)) return scope;
    const views = await openQueue(home, deps).list();
    if (views.some(({ task }) => task.id === input.task)) return scope;
    throw unknown(
      `there is no task ${printable(input.task)} in the queue`,
      'orchestrator status --all names them.',
    );
  }
  return EVERYTHING;
}

function previewText(kind: StoppedKind, running: CallsAnswer): string | undefined {
  if (running.kind === 'silent')
    return 'grind does not answer: what runs, and what it may still cost, is not known';
  if (running.calls === 0) return undefined;
  const calls = counted(running.calls, 'call');
  const money = `${formatUsd(nanoUsd(running.held))}${running.simulated ? ' simulated' : ''}`;
  return kind === 'halted'
    ? `${calls} running: aborted now. They may still be billed, and are charged in full: ${money}`
    : `${calls} running: will finish. At most ${money} more is spent`;
}

function tellReceipt(receipt: ControlReceipt, { terminal }: CommandDeps): void {
  switch (receipt.kind) {
    case 'needs_reason':
      terminal.complain('ERROR: HALT is left only with a reason: orchestrator clear-halt --reason "…"');
      return;
    case 'needs_clear_halt':
      terminal.complain(
        'ERROR: HALT is in force, and resume does not leave it: orchestrator clear-halt --reason "…"',
      );
      return;
    case 'unchanged':
      terminal.line(`Nothing changed: ${stateText(receipt.state)}`);
      return;
    case 'changed': {
      const { before, after } = receipt;
      terminal.line(
        after.kind === 'running'
          ? `${WORDS[before.kind]} is lifted: running`
          : `${stateText(after)}\n  ${EFFECTS[after.kind]} To go on: ${goOnText(after)}`,
      );
    }
  }
}

function heardLines({ parties, calls }: Acknowledgements): readonly string[] {
  if (parties.length === 0) return ['  Nothing is at work here; it holds for whatever starts.'];
  const late = parties.filter(({ afterMs }) => afterMs === undefined);
  const lines = [
    `  heard: ${
      parties
        .filter(({ afterMs }) => afterMs !== undefined)
        .map(({ who, afterMs = 0 }) => `${who} after ${Math.round(afterMs)} ms`)
        .join(', ') || 'by nobody yet'
    }`,
  ];
  if (late.length > 0)
    lines.push(
      `  NOT heard within ${PATIENCE_MS / 1_000} s: ${late.map(({ who }) => who).join(', ')}. Requested is not in effect there.`,
    );
  if (calls === undefined) lines.push('  Whether calls are still under way is not known.');
  else if (calls > 0) lines.push(`  ${counted(calls, 'call')} still under way`);
  return lines;
}

const EFFECTS: Readonly<Record<StoppedKind, string>> = {
  hold: 'Nothing new is paid for: tasks may be claimed, and their calls wait.',
  paused: 'What runs is finished, nothing new is begun.',
  draining: 'What runs is finished, then the workers leave.',
  halted: 'Calls in flight are aborted and their tasks given back.',
};
const WORDS = {
  running: 'RUNNING',
  hold: 'ON HOLD',
  paused: 'PAUSE',
  draining: 'DRAIN',
  halted: 'HALT',
} as const;
const STATES = { hold: 'ON HOLD', paused: 'PAUSED', draining: 'DRAINING', halted: 'HALTED' } as const;

/** What somebody who watches a run is told when the control state changed; nothing when it did not. */
export function controlNote(before: ControlState, now: ControlState): string | undefined {
  if (stateText(before) === stateText(now)) return undefined;
  return now.kind === 'running' ? 'running again' : `${stateText(now)} (${leaveText(now)})`;
}

type Stopped = Exclude<ControlState, { readonly kind: 'running' }>;

/** The command that leaves a state. */
export function leaveText({ kind, scope }: Stopped): string {
  const whose = scope.kind === 'all' ? '' : ` --${scope.kind} ${shellWord(scope.id)}`;
  return kind === 'halted' ? `orchestrator clear-halt${whose} --reason "…"` : `orchestrator resume${whose}`;
}

/** A run that drained has ended: the next one lifts that. */
const goOnText = (state: Stopped): string =>
  state.kind === 'draining' && state.scope.kind === 'all' ? 'orchestrator start' : leaveText(state);

export function stateText(state: ControlState): string {
  if (state.kind === 'running') return 'running';
  const whose = state.scope.kind === 'all' ? '' : ` (${state.scope.kind} ${printable(state.scope.id)})`;
  return `${STATES[state.kind]}${whose}: ${printable(state.reason)}`;
}
