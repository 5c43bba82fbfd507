/** The graph of a queue as text: its waves, in each the tasks by state, and the critical path. Pure. */
import { TASK_STATUSES, type TaskView } from '@vivarium/contracts';
import { formatDuration } from '@vivarium/core';
import { counted } from '../report/counted.ts';
import { names } from '../report/names.ts';
import type { Colours } from '../terminal.ts';
import { criticalPath } from './critical-path.ts';
import { wavesOf } from './levels.ts';

const MOST_WAVES = 40;
const MOST_NAMED = 8;
const MOST_STEPS = 20;

/** What is wanted first: what is worked on, then what may run, then what ended. */
const ORDER = ['in_progress', 'retrying', 'queued', 'deferred', 'blocked', ...TASK_STATUSES] as const;

export const graphOf = (
  views: readonly TaskView[],
): { readonly waves: readonly (readonly string[])[]; readonly path: ReturnType<typeof criticalPath> } => ({
  waves: wavesOf(views.map(({ task }) => ({ id: task.id, dependsOn: task.depends_on }))),
  path: criticalPath(views),
});

export function graphLines(views: readonly TaskView[], colours: Colours): readonly string[] {
  if (views.length === 0) return ['The queue is empty.'];
  const { waves, path } = graphOf(views);
  const byId = new Map(views.map((view) => [view.task.id, view]));
  const lines: string[] = [];
  for (const [at, ids] of waves.slice(0, MOST_WAVES).entries()) {
    lines.push(colours.bold(`wave ${at + 1} (${counted(ids.length, 'task')})`));
    for (const status of new Set(ORDER)) {
      const those = ids.filter((id) => byId.get(id)?.status === status);
      if (those.length > 0)
        lines.push(
          `  ${`${status.replace('_', ' ')} ${those.length}`.padEnd(16)} ${names(those, MOST_NAMED)}`,
        );
    }
  }
  if (waves.length > MOST_WAVES) lines.push(`and ${counted(waves.length - MOST_WAVES, 'wave')} more`);
  if (path.ids.length > 0) {
    const time = path.expectedMs === undefined ? '' : `, about ${formatDuration(path.expectedMs)}`;
    const shown = path.ids
      .slice(0, MOST_STEPS)
      .map((id) => names([id]))
      .join(' → ');
    const more = path.ids.length > MOST_STEPS ? ` → and ${path.ids.length - MOST_STEPS} more` : '';
    lines.push('', `critical path (${counted(path.ids.length, 'task')}${time}): ${shown}${more}`);
  }
  return lines;
}
