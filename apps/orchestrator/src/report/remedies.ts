/** What a person can do about a task that did not complete. Pure. */
import { isLeftBy, type TaskView } from '@vivarium/contracts';
import { formatUsd, usdToNano, type NanoUsd } from '@vivarium/core';
import { shellWord } from './names.ts';

/** What a run was allowed and what it used, for tasks that its cap left waiting. */
export interface RunMoney {
  readonly cap: NanoUsd;
  readonly committed: NanoUsd;
}

/** `run`: the one that just ended; without it the advice cannot be as exact. */
export function remedyFor(view: TaskView, run?: RunMoney): string {
  switch (view.status) {
    case 'failed':
      return isOfTheTask(view.record.errorCode)
        ? 'change the task in queue.json and start again: an edited task is new work'
        : `${retryCommand(view)}, and start again`;
    case 'refused':
      return 'reword the text in queue.json if it was not meant so, and start again';
    case 'skipped':
      return `retry the dependency named, and this one comes along; after an edit of that: ${retryCommand(view)}`;
    case 'cancelled':
      return `${retryCommand(view)} to run it after all`;
    case 'deferred':
      return deferredRemedy(view, run);
    case 'queued':
    case 'blocked':
    case 'in_progress':
    case 'retrying':
      return 'start again to go on';
    case 'completed':
      return '';
  }
}

const retryCommand = ({ task }: TaskView): string => `orchestrator retry ${shellWord(task.id)}`;

/** The same request would be answered the same: only another one helps. */
export const isOfTheTask = (errorCode: string | undefined): boolean =>
  errorCode !== undefined && OF_THE_TASK.includes(errorCode);
const OF_THE_TASK: readonly string[] = [
  'provider_rejected',
  'invalid_request',
  'payload_too_large',
  'unknown_model',
  'unpriced_model',
];

/** Deferred for want of money in the run, by this run too. */
export const waitsForRunMoney = ({ status, record }: TaskView, runId: string): boolean =>
  status === 'deferred' && isLeftBy(record, runId) && isRunMoney(record.reason);

const isRunMoney = (reason: string | undefined): boolean => reason?.startsWith('run_') === true;

function deferredRemedy({ task, record }: TaskView, run: RunMoney | undefined): string {
  const reason = record.reason ?? '';
  if (isRunMoney(reason)) return runRemedy(usdToNano(task.min_budget), run);
  if (reason.startsWith('task')) return 'raise max_budget of the task in queue.json, and start again';
  if (reason.startsWith('rate')) return 'start again later: the provider asked to slow down';
  if (reason.startsWith('day'))
    return `orchestrator budget set day <usd> opens it again; it wants ${formatUsd(usdToNano(task.min_budget))} of the day free before it begins (min_budget). Or the next day (UTC)`;
  if (reason === 'circuit_open')
    return 'it is tried again by itself; orchestrator breaker reset --reason "…" opens it at once';
  return 'start again';
}

/** A run that used nothing had its whole cap free: the same cap would leave the task waiting for ever. */
function runRemedy(minBudget: NanoUsd, run: RunMoney | undefined): string {
  if (run === undefined)
    return 'start again: each run has a cap of its own; raise --run-cap if it was too small for this task';
  const now = `(now ${formatUsd(run.cap)})`;
  if (minBudget > run.cap || run.committed === 0) return `raise --run-cap ${now} and start again`;
  return `start again: each run has a cap of its own ${now}, which --run-cap raises`;
}
