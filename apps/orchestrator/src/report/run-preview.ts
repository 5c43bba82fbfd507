/** What a run finds when it begins: what is usable, done, doubled and changed, and in which waves the rest can go. Pure. */
import type { TaskView } from '@vivarium/contracts';
import { isOpen } from '../choice.ts';
import { wavesOf } from '../graph/levels.ts';
import { printable } from '../terminal.ts';
import { counted } from './counted.ts';
import { names } from './names.ts';

export interface RunPreview {
  /** Entries that parse and whose dependencies are there: nothing else is in the queue. */
  readonly valid: number;
  /** What of queue.d/ was passed over, in words. */
  readonly faults: readonly string[];
  readonly completed: number;
  readonly open: number;
  /** Ids of tasks that ask the same of the model; one of them at least is still to run. Both run: an id is wanted work. */
  readonly duplicates: readonly (readonly string[])[];
  /** Changed after they ended, and so run again. */
  readonly edited: readonly string[];
  /** Of what is open: how many tasks could run at once, wave by wave. */
  readonly waves: readonly number[];
}

export function previewOf(views: readonly TaskView[], faults: readonly string[] = []): RunPreview {
  const open = views.filter(isOpen);
  const byDigest = new Map<string, TaskView[]>();
  for (const view of views) {
    const known = byDigest.get(view.digest);
    if (known === undefined) byDigest.set(view.digest, [view]);
    else known.push(view);
  }
  return {
    valid: views.length,
    faults,
    completed: views.filter(({ status }) => status === 'completed').length,
    open: open.length,
    duplicates: [...byDigest.values()]
      .filter((alike) => alike.length > 1 && alike.some(isOpen))
      .map((alike) => alike.map(({ task }) => task.id)),
    edited: views.filter(({ edited }) => edited).map(({ task }) => task.id),
    waves: wavesOf(open.map(({ task }) => ({ id: task.id, dependsOn: task.depends_on }))).map(
      (ids) => ids.length,
    ),
  };
}

/** A queue that one look takes in needs no proof that it was read. */
const FEW_TASKS = 10;
const MOST_GROUPS = 5;
const MOST_WAVES = 12;

/** Only what says something. */
export function previewLines(preview: RunPreview): readonly string[] {
  const { valid, faults, completed, open, duplicates, edited, waves } = preview;
  const lines: string[] = [];
  if (valid >= FEW_TASKS || waves.length > 1)
    lines.push(`validation ${valid}/${valid}: every entry parses, every dependency is there`);
  for (const fault of faults) lines.push(`passed over: ${printable(fault)}`);
  if (completed > 0 && open > 0)
    lines.push(`resumed: ${completed} of ${valid} ${completed === 1 ? 'is' : 'are'} completed already`);
  if (duplicates.length > 0) {
    const shown = duplicates
      .slice(0, MOST_GROUPS)
      .map((ids) => names(ids, MOST_GROUPS).replaceAll(', ', ' = '));
    const more = duplicates.length > MOST_GROUPS ? `; and ${duplicates.length - MOST_GROUPS} more` : '';
    lines.push(`the same content under several ids, and each runs: ${shown.join('; ')}${more}`);
  }
  if (edited.length > 0)
    lines.push(
      `edited since ${edited.length === 1 ? 'it' : 'they'} ended, and run${edited.length === 1 ? 's' : ''} again: ${names(edited)}`,
    );
  if (waves.length > 1) {
    const shown = waves.slice(0, MOST_WAVES).join(' + ');
    lines.push(`${counted(waves.length, 'wave')}: ${shown}${waves.length > MOST_WAVES ? ' + …' : ''} tasks`);
  }
  return lines;
}

export const previewRecord = (preview: RunPreview): Readonly<Record<string, unknown>> => ({
  validation: { valid: preview.valid, faults: preview.faults },
  resumed: preview.completed,
  open: preview.open,
  duplicates: preview.duplicates,
  edited: preview.edited,
  waves: preview.waves,
});
