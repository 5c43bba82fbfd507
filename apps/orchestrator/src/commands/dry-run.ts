/** `start --dry-run`: what a run would do and what it could cost at most. Pure but for the printing; spawns nothing. */
import { DEFAULT_MODEL, modelInfo, worstCase } from '@vivarium/budget';
import { DEFAULT_MAX_TOKENS, isFinal, type Task, type TaskView } from '@vivarium/contracts';
import { addUsd, formatUsd, sumUsd, usdToNano, zeroUsd, type NanoUsd } from '@vivarium/core';
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

export function planDryRun(views: readonly TaskView[], defaultModel: string = DEFAULT_MODEL): DryRun {
  const open = views.filter(({ status }) => status === 'blocked' || !isFinal(status));
  const levels = levelsOf(open);
  const waves: { ids: string[]; worstCase: NanoUsd }[] = [];
  for (const view of open) {
    const wave = (waves[levels.get(view.task.id) ?? 0] ??= { ids: [], worstCase: zeroUsd });
    wave.ids.push(view.task.id);
    wave.worstCase = addUsd(wave.worstCase, mostOf(view.task, defaultModel));
  }
  return { views: open, waves, worstCase: sumUsd(waves.map((wave) => wave.worstCase)) };
}

/** Topological levels: a task stands one below the lowest of those it waits for. Without recursion: chains may be long. */
function levelsOf(open: readonly TaskView[]): ReadonlyMap<string, number> {
  const levels = new Map<string, number>();
  const dependants = new Map<string, string[]>();
  const unmet = new Map<string, number>(open.map(({ task }) => [task.id, 0]));
  for (const { task } of open) {
    for (const dependency of new Set(task.depends_on)) {
      if (!unmet.has(dependency)) continue;
      unmet.set(task.id, (unmet.get(task.id) ?? 0) + 1);
      const known = dependants.get(dependency);
      if (known === undefined) dependants.set(dependency, [task.id]);
      else known.push(task.id);
    }
  }
  let wave = open.map(({ task }) => task.id).filter((id) => unmet.get(id) === 0);
  for (let level = 0; wave.length > 0; level += 1) {
    const next: string[] = [];
    for (const id of wave) {
      levels.set(id, level);
      for (const dependant of dependants.get(id) ?? []) {
        const left = (unmet.get(dependant) ?? 0) - 1;
        unmet.set(dependant, left);
        if (left === 0) next.push(dependant);
      }
    }
    wave = next;
  }
  return levels;
}

function mostOf(task: Task, defaultModel: string): NanoUsd {
  const model = modelInfo(task.model ?? defaultModel);
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
