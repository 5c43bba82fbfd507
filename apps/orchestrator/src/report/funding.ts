/** Which tasks a run could never begin, told before it starts instead of by each of them afterwards. Pure. */
import { formatUsd, usdToNano, type NanoUsd } from '@vivarium/core';
import { isFinal, type TaskView } from '@vivarium/contracts';
import { printable } from '../terminal.ts';

const MOST_NAMED = 5;

/** Tasks that want more free before they begin (`min_budget`) than the whole run may cost. Nothing when there is none. */
export function fundingLines(views: readonly TaskView[], runCap: NanoUsd): readonly string[] {
  const hopeless = views.filter(
    ({ task, status }) => (status === 'blocked' || !isFinal(status)) && usdToNano(task.min_budget) > runCap,
  );
  if (hopeless.length === 0) return [];
  const names = hopeless.slice(0, MOST_NAMED).map(({ task }) => printable(task.id));
  const more = hopeless.length > MOST_NAMED ? ` and ${hopeless.length - MOST_NAMED} more` : '';
  const most = hopeless.reduce((highest, { task }) => Math.max(highest, task.min_budget), 0);
  return [
    `Will be deferred, for they want more free before they begin than this run may cost (${formatUsd(runCap)}): ${names.join(', ')}${more}`,
    `  → orchestrator start --run-cap ${most}, or lower their min_budget in queue.json`,
  ];
}
