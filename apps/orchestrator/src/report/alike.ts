/** Tasks that ended alike, told as one. Pure. */
import type { TaskView } from '@vivarium/contracts';
import { counted } from './counted.ts';
import { names, shellWord } from './names.ts';
import { isOfTheTask, remedyFor } from './remedies.ts';

/** One task by itself, or several that failed with the same fingerprint or were cancelled or skipped for the same reason, where the first of them stood. */
export interface Alike {
  readonly first: TaskView;
  readonly all: readonly TaskView[];
}

/** Only tasks of one status are alike: what failed for good is not what will be tried again. */
export function groupAlike(views: readonly TaskView[]): readonly Alike[] {
  const groups = new Map<string, { first: TaskView; all: TaskView[] }>();
  for (const view of views) {
    const what = commonOf(view);
    const key = what === undefined ? `task ${view.task.id}` : `${view.status} ${what}`;
    const known = groups.get(key);
    if (known === undefined) groups.set(key, { first: view, all: [view] });
    else known.all.push(view);
  }
  return [...groups.values()];
}

const commonOf = ({ status, record }: TaskView): string | undefined =>
  status === 'cancelled' || status === 'skipped' ? record.reason : record.fingerprint;

const MOST_NAMED = 8;

/**
 * `3 alike (fingerprint 1a2b3c4d): provider_failed, the provider fell over: a, b, c`; without a fingerprint, `3: cancelled by the operator: a, b, c`. The
 * reason is that of the first: numbers and ids in it may differ.
 */
export function alikeText({ first, all }: Alike, reason: string): string {
  const { fingerprint, errorCode } = first.record;
  const what = errorCode === undefined ? reason : `${errorCode}, ${reason}`;
  const ids = all.map(({ task }) => task.id);
  const alike = fingerprint === undefined ? all.length : `${all.length} alike (fingerprint ${fingerprint})`;
  return `${alike}: ${what}: ${names(ids, MOST_NAMED)}`;
}

/** What brings all of them back; where only another request helps, that is said as of one. */
export function alikeRemedy({ first, all }: Alike): string {
  const { fingerprint = '', reason = '', errorCode } = first.record;
  switch (first.status) {
    case 'failed':
      return isOfTheTask(errorCode)
        ? remedyFor(first)
        : `orchestrator retry --matching ${fingerprint}, and start again`;
    case 'cancelled':
      return `orchestrator retry --matching ${shellWord(reason)} to run them after all`;
    case 'skipped':
      return 'retry the dependency named, and these come along';
    default:
      return `start again to go on: ${counted(all.length, 'task')} will be tried again`;
  }
}
