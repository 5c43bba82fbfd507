/** Does work flow? What is ready and at work against how long nothing has come to its end. */
import type { ControlState, Verdict } from '@vivarium/contracts';
import { formatDuration, type Milliseconds } from '@vivarium/core';
import { advise, type Words } from './words.ts';

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
      {
        name: 'since the last end',
        value: sinceProgressMs === undefined ? 'nothing ended yet' : formatDuration(sinceProgressMs),
      },
    ],
  };
}

function flowWords(given: FlowInputs): Words {
  const {
    control,
    fresh,
    total,
    queued,
    retrying,
    inProgress,
    blocked,
    deferred,
    medianMs,
    sinceProgressMs,
  } = given;
  const ready = queued + retrying;
  const waiting = `${ready} ready, ${inProgress} in progress`;
  if (total === 0) {
    return {
      kind: 'empty',
      tone: 'quiet',
      words: 'Empty',
      detail: 'no task in queue.json',
      rule: 'The queue holds no task.',
      advice: advise('Add a task.', 'orchestrator add hello grind --prompt "…"'),
    };
  }
  if (ready + inProgress === 0) {
    if (blocked + deferred === 0)
      return {
        kind: 'idle',
        tone: 'quiet',
        words: 'Idle',
        detail: 'every task has ended',
        rule: 'Nothing is ready, in progress, blocked or deferred.',
        advice: null,
      };
    return {
      kind: 'starved',
      tone: 'attention',
      words: 'Starved',
      detail: [
        blocked > 0 ? `${blocked} wait for dependencies` : '',
        deferred > 0 ? `${deferred} deferred` : '',
      ]
        .filter(Boolean)
        .join(', '),
      rule: 'No task could start now: all that are left wait for dependencies, money or a time.',
      advice:
        deferred > 0
          ? advise(
              'The rows of the deferred tasks say what they wait for; a new run tries them again.',
              'orchestrator start 4',
            )
          : advise('The rows of the blocked tasks name what they wait for.'),
    };
  }
  if (control.kind !== 'running')
    return {
      kind: 'held',
      tone: 'attention',
      words: 'Held',
      detail: waiting,
      rule: 'Work is ready and the control state lets nobody claim it.',
      advice: null,
    };
  if (fresh === 0)
    return {
      kind: 'waiting',
      tone: 'quiet',
      words: 'Waiting',
      detail: waiting,
      rule: 'Work is ready and no worker beats.',
      advice: advise('Start workers.', 'orchestrator start 4'),
    };
  const patience = Math.max(STUCK_FLOOR_MS, 3 * (medianMs ?? UNKNOWN_DURATION_MS));
  const rule = `Stuck when work is ready or in progress, workers beat, and nothing came to its end for three median durations (now ${formatDuration(patience)}).`;
  if (sinceProgressMs !== undefined && sinceProgressMs > patience) {
    return {
      kind: 'stuck',
      tone: 'bad',
      words: 'Stuck',
      detail: `nothing ended for ${formatDuration(sinceProgressMs)}`,
      rule,
      advice: advise('Open the oldest task in progress; the log shows what its worker waits for.'),
    };
  }
  return { kind: 'flowing', tone: 'good', words: 'Flowing', detail: waiting, rule, advice: null };
}
