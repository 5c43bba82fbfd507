/** Is it running? Workers that beat against workers that were asked for, and what of PAUSE or HALT is in effect. */
import type { ControlState, Verdict } from '@vivarium/contracts';
import { advise, type Words } from './words.ts';
import type { Acknowledgement } from './worker-watch.ts';

export interface RunningInputs {
  readonly control: ControlState;
  readonly acknowledgement: Acknowledgement;
  readonly fresh: number;
  /** Workers the live runs were started with; 0 when no run says so. */
  readonly target: number;
  readonly runs: number;
}

/** What is told of an order that lets running calls finish, before and after it is effective. */
const LESSER = {
  hold: {
    now: 'On hold',
    soon: 'Holding',
    rule: 'A hold is in force: tasks may be claimed, their calls wait, running calls finish. It is effective when every worker has said in its beat that it obeys.',
  },
  paused: {
    now: 'Paused',
    soon: 'Pausing',
    rule: 'PAUSE is in force: no new claims, running calls finish. It is effective when every worker has said, by a beat after the change, that it holds nothing.',
  },
  draining: {
    now: 'Drained',
    soon: 'Draining',
    rule: 'DRAIN is in force: no new claims, running calls finish, then the workers leave. It is effective when every worker has said, by a beat after the change, that it holds nothing.',
  },
} as const;

const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

export function runningVerdict(given: RunningInputs): Verdict {
  const {
    acknowledgement: { workers, acknowledged },
  } = given;
  return {
    ...runningWords(given),
    inputs: [
      { name: 'control state', value: given.control.kind },
      { name: 'runs at work', value: String(given.runs) },
      { name: 'workers asked for', value: String(given.target) },
      { name: 'workers whose beat moves', value: String(given.fresh) },
      ...(given.control.kind === 'running'
        ? []
        : [{ name: 'workers that have let go', value: `${acknowledged} of ${workers}` }]),
    ],
  };
}

function runningWords({ control, acknowledgement, fresh, target, runs }: RunningInputs): Words {
  const { workers, acknowledged, effective } = acknowledgement;
  const why =
    control.kind === 'running'
      ? ''
      : `${control.reason}${control.actor === undefined ? '' : ` · by ${control.actor}`}`;
  if (control.kind === 'halted') {
    const rule =
      'HALT is in force. It is effective when every worker has said, by a beat after the change, that it holds nothing.';
    const advice = advise(
      'Only an operator with a reason leaves HALT.',
      'orchestrator clear-halt --reason "…"',
    );
    return effective
      ? { kind: 'halted', tone: 'bad', words: 'Halted', detail: why, rule, advice }
      : {
          kind: 'halting',
          tone: 'bad',
          words: `Halting ${acknowledged}/${workers}`,
          detail: why,
          rule,
          advice,
        };
  }
  if (control.kind !== 'running') {
    const { now, soon, rule } = LESSER[control.kind];
    const advice = advise('Resume when ready.', 'orchestrator resume');
    return effective
      ? {
          kind: now.toLowerCase().replace(' ', '_'),
          tone: 'attention',
          words: now,
          detail: why,
          rule,
          advice,
        }
      : {
          kind: soon.toLowerCase(),
          tone: 'attention',
          words: `${soon} ${acknowledged}/${workers}`,
          detail: why,
          rule,
          advice,
        };
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
  return {
    kind: 'running',
    tone: 'good',
    words: `Running ${fresh}/${wanted}`,
    detail: plural(runs, 'run'),
    rule: 'Every worker that was asked for beats.',
    advice: null,
  };
}
