/** What a person can do about a task that did not complete. Pure. */
import type { TaskView } from '@vivarium/contracts';

export function remedyFor(view: TaskView): string {
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
      return deferredRemedy(view.record.reason ?? '');
    case 'queued':
    case 'blocked':
    case 'in_progress':
    case 'retrying':
      return 'start again to go on';
    case 'completed':
      return '';
  }
}

function deferredRemedy(reason: string): string {
  if (reason.startsWith('run')) return 'start again: each run has a cap of its own (--run-cap)';
  if (reason.startsWith('task')) return 'raise max_budget of the task in queue.json, and start again';
  if (reason.startsWith('rate')) return 'start again later: the provider asked to slow down';
  return 'start again';
}
