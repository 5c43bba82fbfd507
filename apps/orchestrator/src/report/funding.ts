/** Which tasks a run could never begin, told before it starts instead of by each of them afterwards. Pure. */
import { formatUsd, nanoUsd, usdToNano, type NanoUsd } from '@vivarium/core';
import { isFinal, type TaskView } from '@vivarium/contracts';
import { printable } from '../terminal.ts';

/** What the queue can cost, and what bounds it: told before anything begins. `dayLeft`: of the cap of this UTC day, in the book the run will spend from. */
export function worstCaseLines(
  worstCase: NanoUsd,
  runCap: NanoUsd,
  day: { readonly cap: NanoUsd; readonly left: NanoUsd },
): readonly string[] {
  // Not the worst case: what is tried again or added later is paid for too.
  const most = Math.min(runCap, day.left);
  const lines = [
    `worst case: ${formatUsd(worstCase)} with every call at its longest, once; whatever is tried again or added, this run can cost ${formatUsd(nanoUsd(most))} at most`,
  ];
  if (day.left < Math.min(runCap, worstCase))
    lines.push(
      `The day's cap of ${formatUsd(day.cap)} leaves ${formatUsd(day.left)}: what does not fit in it is deferred. orchestrator budget set day raises it; a new day begins at midnight UTC.`,
    );
  return lines;
}

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
