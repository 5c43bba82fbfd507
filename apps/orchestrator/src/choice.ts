/** Which tasks an operator means. Pure. Text is looked for as it is written: capitals count, as they do in ids. */
import { isFinal, type TaskView } from '@vivarium/contracts';

export type Choice =
  | { readonly kind: 'ids'; readonly ids: readonly string[] }
  | { readonly kind: 'all' }
  | { readonly kind: 'matching'; readonly text: string }
  | { readonly kind: 'simulated' };

/** `ended` chooses among tasks that ended otherwise than completed, `open` among those that have not ended. Ids are taken as they are. */
export function chooseTasks(
  views: readonly TaskView[],
  choice: Choice,
  among: 'ended' | 'open',
): readonly string[] {
  const idsOf = (isMeant: (view: TaskView) => boolean): readonly string[] =>
    views.filter(isMeant).map(({ task }) => task.id);
  const isAmong = among === 'open' ? isOpen : endedOtherwise;
  switch (choice.kind) {
    case 'ids':
      return [...new Set(choice.ids)];
    case 'all':
      return idsOf(isAmong);
    case 'matching':
      return idsOf((view) => isAmong(view) && holds(view, choice.text));
    case 'simulated':
      return idsOf(({ status, record }) => status === 'completed' && record.simulated);
  }
}

export const isOpen = ({ status }: TaskView): boolean => status === 'blocked' || !isFinal(status);
export const endedOtherwise = (view: TaskView): boolean => !isOpen(view) && view.status !== 'completed';

const holds = ({ task, record }: TaskView, text: string): boolean =>
  [task.id, record.errorCode, record.reason, record.fingerprint].some((field) => field?.includes(text));

/** Who waits directly for whom. */
export type Waiters = ReadonlyMap<string, readonly TaskView[]>;

export function waitersOf(views: readonly TaskView[]): Waiters {
  const waiters = new Map<string, TaskView[]>();
  for (const view of views) {
    for (const dependency of view.task.depends_on) {
      const known = waiters.get(dependency);
      if (known === undefined) waiters.set(dependency, [view]);
      else known.push(view);
    }
  }
  return waiters;
}

/** The ids that wait for one of `ids`, directly or through others, as far as `goesOn` lets through; not `ids` themselves. Nearest first. */
export function dependantsOf(
  waiters: Waiters,
  ids: readonly string[],
  goesOn: (view: TaskView) => boolean,
): readonly string[] {
  const reached = new Set(ids);
  // A set goes on with what is added to it while it is walked.
  for (const id of reached)
    for (const view of waiters.get(id) ?? []) if (goesOn(view)) reached.add(view.task.id);
  for (const id of ids) reached.delete(id);
  return [...reached];
}
