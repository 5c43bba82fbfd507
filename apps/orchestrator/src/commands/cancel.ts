/**
 * `cancel`: ends tasks that have not ended. The line comes first, so that nobody claims them; then grind cuts their calls, which stay charged as far as
 * they may have cost (M2). A worker learns of it at its finish (Q4).
 */
import { chooseTasks, dependantsOf, isOpen, waitersOf, type Choice } from '../choice.ts';
import { openHome, openQueue, type CommandDeps, type ExitCode, type OpenHome } from '../deps.ts';
import { cutCalls, type CutCalls } from '../grind-cancel.ts';
import { counted } from '../report/counted.ts';
import { names, shellWord } from '../report/names.ts';
import { tellRefusals } from '../report/refusals.ts';

export interface CancelInput {
  readonly home: string | undefined;
  readonly choice: Extract<Choice, { kind: 'ids' | 'matching' }>;
  readonly reason: string | undefined;
  readonly json: boolean;
}

export async function cancel(
  input: CancelInput,
  deps: CommandDeps,
  cut: CutCalls = cutCalls,
): Promise<ExitCode> {
  const { terminal } = deps;
  const home = openHome(input.home, deps, 'prepare');
  const queue = openQueue(home, deps);
  const views = await queue.list();
  const chosen = chooseTasks(views, input.choice, 'open');
  const reason = input.reason ?? 'cancelled by the operator';
  const { changed, rejected } =
    chosen.length === 0 ? { changed: [], rejected: [] } : await queue.cancel(chosen, reason);
  const cancelled = new Set(changed);
  const held = views.flatMap(({ task, status }) =>
    status === 'in_progress' && cancelled.has(task.id) ? [task.id] : [],
  );
  // All of them: one may have been claimed between the look and the word. A claim does not begin a round, but for an edited task.
  const roundOf = new Map(
    views.map(({ task, record, edited }) => [task.id, record.round + (edited ? 1 : 0)]),
  );
  const rounds = changed.map((id) => [id, roundOf.get(id) ?? 1] as const);
  const cutting = await cutAll(rounds, home, cut);
  const skipping = dependantsOf(waitersOf(views), changed, isOpen);
  for (const id of changed)
    home.record.act({
      actor: 'operator',
      action_type: 'SYSTEM',
      action: 'cancel',
      detail: `${id} (${reason})`,
      event: 'task.cancelled',
      task_id: id,
    });
  const code = changed.length > 0 && rejected.length === 0 ? 0 : 1;
  if (input.json) {
    terminal.line(
      JSON.stringify({
        cancelled: changed,
        in_progress: held,
        calls_cut: cutting.calls,
        // Where nothing was in progress there is nothing to cut, whoever answers.
        grind_fault: held.length === 0 ? null : (cutting.fault ?? null),
        will_be_skipped: skipping,
        rejected,
      }),
    );
    return code;
  }
  if (changed.length > 0)
    terminal.line(
      `${terminal.colours.green('✓')} Cancelled: ${counted(changed.length, 'task')}: ${names(changed)}`,
    );
  if (held.length > 0)
    terminal.line(
      `  ${held.length} in progress: ${cutting.fault === undefined ? `${counted(cutting.calls, 'call')} cut` : `${cutting.fault}, so a call under way goes on; its answer counts for nothing`}`,
    );
  if (skipping.length > 0) terminal.line(`  will be skipped, for they wait for it: ${names(skipping)}`);
  tellRefusals(rejected, terminal);
  if (chosen.length === 0 && input.choice.kind === 'matching')
    terminal.complain(
      `Nothing was cancelled: no open task has ${shellWord(input.choice.text)} in its id, error code, reason or fingerprint (orchestrator status --all)`,
    );
  return code;
}

/** One grind serves the home: when it does not answer for one task, it will not for the next. */
async function cutAll(
  held: readonly (readonly [taskId: string, round: number])[],
  home: OpenHome,
  cut: CutCalls,
): Promise<{ readonly calls: number; readonly fault?: string }> {
  if (held.length === 0) return { calls: 0 };
  const grind = home.runs.liveGrind();
  if (grind === undefined) return { calls: 0, fault: 'no grind is up here' };
  let calls = 0;
  for (const [taskId, round] of held) {
    const answer = await cut(grind.url, taskId, round);
    if (answer.kind === 'none') return { calls, fault: answer.message };
    calls += answer.calls;
  }
  return { calls };
}
