/**
 * The verdict line: is it running, does work flow, what does it cost. Pure: what the record, the beats and the control state say goes in,
 * three words with their rules come out. The first rule that fits speaks; each carries its inputs, so that nobody has to guess.
 */
import type { ControlState, MoneyFigures, Verdict } from '@vivarium/contracts';
import { formatDuration, formatUsd, nanoUsd, type Milliseconds } from '@vivarium/core';
import type { Acknowledgement } from './worker-watch.ts';

export interface RunningInputs {
  readonly control: ControlState;
  readonly acknowledgement: Acknowledgement;
  readonly fresh: number;
  /** Workers the live runs were started with; 0 when no run says so. */
  readonly target: number;
  readonly runs: number;
}

type Words = Pick<Verdict, 'kind' | 'tone' | 'words' | 'detail' | 'rule' | 'advice'>;
const advise = (text: string, command: string | null = null): Verdict['advice'] => ({ text, command });
const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

export function runningVerdict(given: RunningInputs): Verdict {
  const { acknowledgement: { workers, acknowledged } } = given;
  return {
    ...runningWords(given),
    inputs: [
      { name: 'control state', value: given.control.kind },
      { name: 'runs at work', value: String(given.runs) },
      { name: 'workers asked for', value: String(given.target) },
      { name: 'workers whose beat moves', value: String(given.fresh) },
      ...(given.control.kind === 'running' ? [] : [{ name: 'workers that have let go', value: `${acknowledged} of ${workers}` }]),
    ],
  };
}

function runningWords({ control, acknowledgement, fresh, target, runs }: RunningInputs): Words {
  const { workers, acknowledged, effective } = acknowledgement;
  const why = control.kind === 'running' ? '' : `${control.reason}${control.actor === undefined ? '' : ` · by ${control.actor}`}`;
  if (control.kind === 'halted') {
    const rule = 'HALT is in force. It is effective when every worker has said, by a beat after the change, that it holds nothing.';
    const advice = advise('Only an operator with a reason leaves HALT.', 'orchestrator resume --reason "…"');
    return effective
      ? { kind: 'halted', tone: 'bad', words: 'Halted', detail: why, rule, advice }
      : { kind: 'halting', tone: 'bad', words: `Halting ${acknowledged}/${workers}`, detail: why, rule, advice };
  }
  if (control.kind === 'paused') {
    const rule = 'PAUSE is in force: no new claims, running calls finish. It is effective when every worker has said, by a beat after the change, that it holds nothing.';
    const advice = advise('Resume when ready.', 'orchestrator resume');
    return effective
      ? { kind: 'paused', tone: 'attention', words: 'Paused', detail: why, rule, advice }
      : { kind: 'pausing', tone: 'attention', words: `Pausing ${acknowledged}/${workers}`, detail: why, rule, advice };
  }
  const wanted = Math.max(target, fresh);
  if (runs === 0 && fresh === 0) {
    return {
      kind: 'nothing_started',
      tone: 'quiet',
      words: 'Nothing started',
      detail: 'no worker beats',
      rule: 'No run is at work and no worker beats.',
      advice: advise('Start workers.', 'orchestrator start 4'),
    };
  }
  if (fresh < wanted) {
    return {
      kind: 'degraded',
      tone: fresh === 0 ? 'bad' : 'attention',
      words: `Degraded ${fresh}/${wanted}`,
      detail: `${plural(wanted - fresh, 'worker')} silent`,
      rule: 'Fewer workers beat than the runs at work were started with.',
      advice: advise('The terminal of the run says why workers ended; their tasks are taken over.'),
    };
  }
  return { kind: 'running', tone: 'good', words: `Running ${fresh}/${wanted}`, detail: plural(runs, 'run'), rule: 'Every worker that was asked for beats.', advice: null };
}

export interface FlowInputs {
  readonly control: ControlState;
  readonly fresh: number;
  readonly total: number;
  readonly queued: number;
  readonly retrying: number;
  readonly inProgress: number;
  readonly blocked: number;
  readonly deferred: number;
  readonly medianMs: Milliseconds | undefined;
  /** Since the last task came to its end, or since work was first seen waiting, whichever is shorter. */
  readonly sinceProgressMs: Milliseconds | undefined;
}

/** Before that long without an end nothing is called stuck, however short tasks usually are. */
export const STUCK_FLOOR_MS = 15_000;
/** Stands in while no task has ended yet. */
const UNKNOWN_DURATION_MS = 60_000;

export function flowVerdict(given: FlowInputs): Verdict {
  const { medianMs, sinceProgressMs } = given;
  return {
    ...flowWords(given),
    inputs: [
      { name: 'ready', value: String(given.queued + given.retrying) },
      { name: 'in progress', value: String(given.inProgress) },
      { name: 'blocked by dependencies', value: String(given.blocked) },
      { name: 'deferred', value: String(given.deferred) },
      { name: 'median duration', value: medianMs === undefined ? 'not known yet' : formatDuration(medianMs) },
      { name: 'since the last end', value: sinceProgressMs === undefined ? 'nothing ended yet' : formatDuration(sinceProgressMs) },
    ],
  };
}

function flowWords(given: FlowInputs): Words {
  const { control, fresh, total, queued, retrying, inProgress, blocked, deferred, medianMs, sinceProgressMs } = given;
  const ready = queued + retrying;
  const waiting = `${ready} ready, ${inProgress} in progress`;
  if (total === 0) {
    return { kind: 'empty', tone: 'quiet', words: 'Empty', detail: 'no task in queue.json', rule: 'The queue holds no task.', advice: advise('Add a task.', 'orchestrator add hello grind --prompt "…"') };
  }
  if (ready + inProgress === 0) {
    if (blocked + deferred === 0) return { kind: 'idle', tone: 'quiet', words: 'Idle', detail: 'every task has ended', rule: 'Nothing is ready, in progress, blocked or deferred.', advice: null };
    return {
      kind: 'starved',
      tone: 'attention',
      words: 'Starved',
      detail: [blocked > 0 ? `${blocked} wait for dependencies` : '', deferred > 0 ? `${deferred} deferred` : ''].filter(Boolean).join(', '),
      rule: 'No task could start now: all that are left wait for dependencies, money or a time.',
      advice: deferred > 0 ? advise('The rows of the deferred tasks say what they wait for; a new run tries them again.', 'orchestrator start 4') : advise('The rows of the blocked tasks name what they wait for.'),
    };
  }
  if (control.kind !== 'running') return { kind: 'held', tone: 'attention', words: 'Held', detail: waiting, rule: 'Work is ready and the control state lets nobody claim it.', advice: null };
  if (fresh === 0) return { kind: 'waiting', tone: 'quiet', words: 'Waiting', detail: waiting, rule: 'Work is ready and no worker beats.', advice: advise('Start workers.', 'orchestrator start 4') };
  const patience = Math.max(STUCK_FLOOR_MS, 3 * (medianMs ?? UNKNOWN_DURATION_MS));
  const rule = `Stuck when work is ready or in progress, workers beat, and nothing came to its end for three median durations (now ${formatDuration(patience)}).`;
  if (sinceProgressMs !== undefined && sinceProgressMs > patience) {
    return { kind: 'stuck', tone: 'bad', words: 'Stuck', detail: `nothing ended for ${formatDuration(sinceProgressMs)}`, rule, advice: advise('Open the oldest task in progress; the log shows what its worker waits for.') };
  }
  return { kind: 'flowing', tone: 'good', words: 'Flowing', detail: waiting, rule, advice: null };
}

export interface MoneyInputs {
  /** Of the run at work or the last one, in the book it spends from. */
  readonly figures: MoneyFigures;
  readonly simulated: boolean;
  readonly capNanoUsd: number | null;
  readonly hasRun: boolean;
}

export function moneyVerdict({ figures, simulated, capNanoUsd, hasRun }: MoneyInputs): Verdict {
  const money = (amount: number): string => formatUsd(nanoUsd(amount));
  const spent = figures.settled + figures.unknown;
  const committed = spent + figures.held;
  const words = capNanoUsd === null ? money(spent) : `${money(spent)} of ${money(capNanoUsd)}`;
  const book = simulated ? 'simulated, no real money' : 'real money';
  const rule = 'Committed = settled + unknown + held. It never exceeds the cap of the run; near means 80 % of it.';
  const inputs = [
    { name: 'book', value: book },
    { name: 'settled', value: money(figures.settled) },
    { name: 'unknown, charged in full', value: money(figures.unknown) },
    { name: 'held for calls in flight', value: money(figures.held) },
    { name: 'cap of the run', value: capNanoUsd === null ? 'not known: no grind answers' : money(capNanoUsd) },
    { name: 'calls', value: String(figures.calls) },
  ];
  const said = (kind: string, tone: Verdict['tone'], detail: string, advice: Verdict['advice'] = null): Verdict => ({ kind, tone, words, detail, rule, inputs, advice });
  if (!hasRun) return said('none', 'quiet', 'nothing spent yet');
  if (capNanoUsd !== null && spent >= capNanoUsd) return said('reached', 'bad', 'the cap is reached', advise('A new run begins with its whole cap.', 'orchestrator start 4'));
  if (capNanoUsd !== null && committed >= 0.8 * capNanoUsd) return said('near', 'attention', `${Math.floor((100 * committed) / capNanoUsd)} % of the cap is committed`);
  return said('within', 'good', book);
}
