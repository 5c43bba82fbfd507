/** Tasks that ended alike, told as one. Pure. */
import type { TaskView } from '@vivarium/contracts';
import { counted } from './counted.ts';
import { names } from './names.ts';
import { isOfTheTask, remedyFor } from './remedies.ts';

/** One task by itself, or several with the same fingerprint, which stand where the first of them stood. */
export interface Alike {
  readonly first: TaskView;
  readonly all: readonly TaskView[];
}

/** Only tasks of one status are alike: what failed for good is not what will be tried again. */
export function groupAlike(views: readonly TaskView[]): readonly Alike[] {
  const groups = new Map<string, { first: TaskView; all: TaskView[] }>();
  for (const view of views) {
    const { fingerprint } = view.record;
    const key = fingerprint === undefined ? `task ${view.task.id}` : `${view.status} ${fingerprint}`;
    const known = groups.get(key);
    if (known === undefined) groups.set(key, { first: view, all: [view] });
    else known.all.push(view);
  }
  return [...groups.values()];
}

const MOST_NAMED = 8;

/** `3 alike (fingerprint 1a2b3c4d): provider_failed, the provider fell over: a, b, c`. The reason is that of the first: numbers and ids in it may differ. */
export function alikeText({ first, all }: Alike, reason: string): string {
  const { fingerprint = '', errorCode } = first.record;
  const what = errorCode === undefined ? reason : `${errorCode}, ${reason}`;
  const ids = all.map(({ task }) => task.id);
  return `${all.length} alike (fingerprint ${fingerprint}): ${what}: ${names(ids, MOST_NAMED)}`;
}

/** What brings all of them back; where only another request helps, that is said as of one. */
export function alikeRemedy({ first, all }: Alike): string {
  if (first.status !== 'failed')
    return `start again to go on: ${counted(all.length, 'task')} will be tried again`;
  return isOfTheTask(first.record.errorCode)
    ? remedyFor(first)
    : `orchestrator retry --matching ${first.record.fingerprint ?? ''}, and start again`;
}
