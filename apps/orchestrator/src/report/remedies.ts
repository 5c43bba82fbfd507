/** What a person can do about a task that did not complete. Pure. */
import type { TaskView } from '@vivarium/contracts';
import { formatUsd, usdToNano, type NanoUsd } from '@vivarium/core';

/** What a run was allowed and what it used, for tasks that its cap left waiting. */
export interface RunMoney {
  readonly cap: NanoUsd;
  readonly committed: NanoUsd;
}

/** `run`: the one that just ended; without it the advice cannot be as exact. */
export function remedyFor(view: TaskView, run?: RunMoney): string {
  switch (view.status) {
    case 'failed':
      return 'change the task in queue.json and start again: an edited task is new work';
    case 'refused':
      return 'reword the text in queue.json if it was not meant so, and start again';
    case 'skipped':
      return 'see to the dependency named, then change this task or add it anew';
    case 'cancelled':
      return 'change the task in queue.json to run it after all';
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

/** Deferred for want of money in the run, by this run. */
export const waitsForRunMoney = ({ status, record }: TaskView, runId: string): boolean =>
  status === 'deferred' && record.runId === runId && isRunMoney(record.reason);

const isRunMoney = (reason: string | undefined): boolean => reason?.startsWith('run_') === true;

function deferredRemedy({ task, record }: TaskView, run: RunMoney | undefined): string {
  const reason = record.reason ?? '';
  if (isRunMoney(reason)) return runRemedy(usdToNano(task.min_budget), run);
  if (reason.startsWith('task')) return 'raise max_budget of the task in queue.json, and start again';
  if (reason.startsWith('rate')) return 'start again later: the provider asked to slow down';
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
