/** What a run that stays is to say when it has no money for what is left. Pure. */
import type { TaskView } from '@vivarium/contracts';
import { formatUsd, type NanoUsd, type RunId } from '@vivarium/core';
import { counted } from './counted.ts';
import { waitsForRunMoney } from './remedies.ts';

/** Said while a run waits that cannot do what is left: it has no money for it, and never will have. */
export function capLine(views: readonly TaskView[], run: RunId, cap: NanoUsd): string | undefined {
  const waiting = views.filter((view) => waitsForRunMoney(view, run)).length;
  return waiting === 0
    ? undefined
    : `The cap of this run (${formatUsd(cap)}) leaves too little for ${counted(waiting, 'task')}, and perhaps for what is added. To go on: Ctrl-C, then start again with a higher --run-cap.`;
}
