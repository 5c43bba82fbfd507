/** `retry`: opens tasks again (Q7). What was skipped for the sake of one comes along; what would only be skipped again is refused here. */
import type { TaskView } from '@vivarium/contracts';
import { chooseTasks, dependantsOf, endedOtherwise, waitersOf, type Choice } from '../choice.ts';
import { openHome, openQueue, readConfig, type CommandDeps, type ExitCode } from '../deps.ts';
import { reopen } from '../reopening.ts';
import { counted } from '../report/counted.ts';
import { names, shellWord } from '../report/names.ts';
import { tellRefusals, type Refusal } from '../report/refusals.ts';

export interface RetryInput {
  readonly home: string | undefined;
  readonly choice: Choice;
  readonly reason: string | undefined;
  readonly json: boolean;
}

export async function retry(input: RetryInput, deps: CommandDeps): Promise<ExitCode> {
  const { terminal } = deps;
  const home = openHome(input.home, deps, 'prepare');
  const queue = openQueue(home, deps);
  const views = await queue.list();
  const chosen = chooseTasks(views, input.choice, 'ended');
  const hopeless = hopelessOf(views, chosen);
  const wanted = chosen.filter((id) => !hopeless.has(id));
  const reason = input.reason ?? 'opened again by the operator';
  const answer = await reopen(home, queue, wanted, reason);
  const asked = new Set(wanted);
  const opened = answer.changed.filter((id) => asked.has(id));
  const cameAlong = answer.changed.filter((id) => !asked.has(id));
  const refused: readonly Refusal[] = [
    ...answer.rejected,
    ...[...hopeless].map(([id, why]) => ({ id, reason: why })),
  ];
  const code = opened.length > 0 && refused.length === 0 ? 0 : 1;
  if (input.json) {
    terminal.line(JSON.stringify({ opened, came_along: cameAlong, rejected: refused }));
    return code;
  }
  if (opened.length > 0)
    terminal.line(
      `${terminal.colours.green('✓')} Opened again: ${counted(opened.length, 'task')}: ${names(opened)}`,
    );
  if (cameAlong.length > 0)
    terminal.line(`  skipped for their sake, and open with them: ${names(cameAlong)}`);
  tellRefusals(refused, terminal);
  if (chosen.length === 0) terminal.complain(`Nothing was opened: ${nothingText(input.choice)}.`);
  if (opened.length > 0) {
    if (input.choice.kind === 'simulated' && readConfig(home, deps).upstream.kind === 'simulator')
      terminal.line('  There is no GROQ_API_KEY: the simulator would answer them again.');
    const [run] = home.runs.liveRuns();
    terminal.line(
      run === undefined
        ? '  → orchestrator start'
        : `  ${run.run_id}, which is at work here, takes ${opened.length === 1 ? 'it' : 'them'} up`,
    );
  }
  return code;
}

/**
 * Chosen tasks that a dependency would skip again at once, each with the reason. A dependency that ended badly does no harm when it is opened too,
 * whether chosen or because it comes along.
 */
export function hopelessOf(
  views: readonly TaskView[],
  chosen: readonly string[],
): ReadonlyMap<string, string> {
  const byId = new Map(views.map((view) => [view.task.id, view]));
  const waiters = waitersOf(views);
  const isSkipped = ({ status }: TaskView): boolean => status === 'skipped';
  const opening = new Set([...chosen, ...dependantsOf(waiters, chosen, isSkipped)]);
  const reasons = new Map<string, string>();
  const walk = [...opening];
  for (let id = walk.pop(); id !== undefined; id = walk.pop()) {
    const view = byId.get(id);
    if (view === undefined || !opening.has(id) || !endedOtherwise(view)) continue;
    const bad = view.task.depends_on.find((dependency) => {
      const on = byId.get(dependency);
      return on !== undefined && endedOtherwise(on) && !opening.has(dependency);
    });
    if (bad === undefined) continue;
    const { status = 'failed' } = byId.get(bad) ?? {};
    opening.delete(id);
    reasons.set(
      id,
      `it would be skipped again: it waits for ${JSON.stringify(bad)}, which ${status === 'failed' ? 'failed' : `was ${status}`}; retry that, and this comes along`,
    );
    for (const { task } of waiters.get(id) ?? []) walk.push(task.id);
  }
  return new Map(chosen.flatMap((id) => (reasons.has(id) ? [[id, reasons.get(id) ?? '']] : [])));
}

function nothingText(choice: Choice): string {
  switch (choice.kind) {
    case 'ids':
      return 'no task is named';
    case 'all':
      return 'no task ended otherwise than completed';
    case 'matching':
      return `no task that ended otherwise than completed has ${shellWord(choice.text)} in its id, error code, reason or fingerprint (orchestrator status)`;
    case 'simulated':
      return 'no task has a simulated result';
  }
}
