/** `start --dry-run`: what a run would do and what it could cost at most. Pure but for the printing; spawns nothing. */
import { createModels, DEFAULT_MODEL, worstCase, type Models } from '@vivarium/budget';
import { DEFAULT_MAX_TOKENS, isFinal, type Task, type TaskView } from '@vivarium/contracts';
import { addUsd, formatUsd, sumUsd, usdToNano, zeroUsd, type NanoUsd } from '@vivarium/core';
import { levelsOf } from '../graph/levels.ts';
import { counted } from '../report/counted.ts';
import { printable } from '../terminal.ts';

export interface Wave {
  readonly ids: readonly string[];
  /** Every call at its longest; each task at most its max_budget. */
  readonly worstCase: NanoUsd;
}

export interface DryRun {
  readonly views: readonly TaskView[];
  readonly waves: readonly Wave[];
  readonly worstCase: NanoUsd;
}

export function planDryRun(
  views: readonly TaskView[],
  defaultModel: string = DEFAULT_MODEL,
  models: Models = createModels(),
): DryRun {
  const open = openOf(views);
  const levels = levelsOf(open.map(({ task }) => ({ id: task.id, dependsOn: task.depends_on })));
  const waves: { ids: string[]; worstCase: NanoUsd }[] = [];
  for (const view of open) {
    const wave = (waves[levels.get(view.task.id) ?? 0] ??= { ids: [], worstCase: zeroUsd });
    wave.ids.push(view.task.id);
    wave.worstCase = addUsd(wave.worstCase, mostOf(view.task, defaultModel, models));
  }
  return { views: open, waves, worstCase: sumUsd(waves.map((wave) => wave.worstCase)) };
}

const openOf = (views: readonly TaskView[]): readonly TaskView[] =>
  views.filter(({ status }) => status === 'blocked' || !isFinal(status));

/** Of everything that is open: one call each at its longest. */
export const worstCaseOf = (views: readonly TaskView[], defaultModel: string, models: Models): NanoUsd =>
  sumUsd(openOf(views).map(({ task }) => mostOf(task, defaultModel, models)));

/** What one call for it can cost, and it at most. */
export function mostOf(
  task: Pick<Task, 'model' | 'max_budget' | 'max_tokens' | 'prompt'>,
  defaultModel: string,
  models: Models,
): NanoUsd {
  const model = models.find(task.model ?? defaultModel);
  const cap = usdToNano(task.max_budget);
  if (model?.price === undefined) return zeroUsd;
  const tokens = Math.min(task.max_tokens ?? DEFAULT_MAX_TOKENS, model.maxCompletionTokens);
  const most = worstCase(model.price, task.prompt, tokens);
  return most < cap ? most : cap;
}

const TASKS_SHOWN = 5;

export function dryRunLines(
  { views, waves, worstCase: most }: DryRun,
  workers: number,
  concurrency: number,
  runCap: NanoUsd,
): readonly string[] {
  const usd = (dollars: number): string => formatUsd(usdToNano(dollars));
  const lines = ['[DRY RUN MODE - No actual execution]', `Tasks that could run: ${views.length}`];
  for (const [at, { task }] of views.slice(0, TASKS_SHOWN).entries()) {
    lines.push(
      `  ${at + 1}. Task ID: ${printable(task.id)} | Type: ${printable(task.type)} | Budget: ${usd(task.min_budget)}-${usd(task.max_budget)}`,
    );
  }
  if (views.length > TASKS_SHOWN) lines.push(`  ... and ${views.length - TASKS_SHOWN} more task(s)`);
  for (const [at, wave] of waves.entries()) {
    lines.push(`  wave ${at + 1}: ${counted(wave.ids.length, 'task')}, at most ${formatUsd(wave.worstCase)}`);
  }
  lines.push(`Worst case of one call each: ${formatUsd(most)}; the cap of the run: ${formatUsd(runCap)}`);
  lines.push(
    views.length === 0
      ? 'Nothing would be started.'
      : `Would spawn up to ${counted(workers, 'worker')}, ${counted(concurrency, 'task')} at a time each`,
  );
  return lines;
}
