/** `add <id> <type> --prompt …`: one task. The author hears a refusal of the gate now; the gate that counts is grind's. */
import { TASK_DEFAULTS, type NewTask } from '@vivarium/contracts';
import { formatUsd, usdToNano } from '@vivarium/core';
import { assess } from '@vivarium/safety';
import { momentOf } from '../moment.ts';
import { modelsOf, openHome, openQueue, readConfig, type CommandDeps, type ExitCode } from '../deps.ts';
import { mostOf } from './dry-run.ts';

export interface AddInput {
  readonly home: string | undefined;
  readonly json: boolean;
  readonly id: string;
  readonly type: string;
  readonly prompt: string;
  readonly min: number | undefined;
  readonly max: number | undefined;
  readonly intensity: 'low' | 'medium' | 'high';
  readonly model: string | undefined;
  readonly dependsOn: readonly string[];
  readonly maxTokens: number | undefined;
  readonly temperature: number | undefined;
  readonly priority: number | undefined;
  /** As it was written. */
  readonly notBefore: string | undefined;
  readonly timeoutSeconds: number | undefined;
  readonly attempts: number | undefined;
}

export async function add(input: AddInput, deps: CommandDeps): Promise<ExitCode> {
  const { terminal } = deps;
  const max = input.max ?? TASK_DEFAULTS.max_budget;
  const min = input.min ?? Math.min(TASK_DEFAULTS.min_budget, max);
  const notBefore =
    input.notBefore === undefined ? undefined : momentOf(input.notBefore, deps.machine.clock.now());
  const fault = faultOf(input, min, max, notBefore);
  if (fault !== undefined) return reject(input, deps, fault, 2);

  const verdict = assess({ text: input.prompt, role: 'admin' }, { control: { kind: 'running' } });
  if (!verdict.passed)
    return reject(input, deps, `the safety gate refuses this text: ${verdict.blocked_reason ?? ''}`, 1);

  const home = openHome(input.home, deps, 'prepare');
  const models = modelsOf(home.layout, deps);
  if (input.model !== undefined && !models.ids.includes(input.model)) {
    const reason = `the model '${input.model}' is not on the whitelist: ${models.ids.toSorted().join(', ')}`;
    return reject(input, deps, reason, 2);
  }
  const task: NewTask = {
    id: input.id,
    type: input.type,
    prompt: input.prompt,
    min_budget: min,
    max_budget: max,
    intensity: input.intensity,
    depends_on: [...input.dependsOn],
    model: input.model ?? null,
    ...(input.maxTokens === undefined ? {} : { max_tokens: input.maxTokens }),
    ...(input.temperature === undefined ? {} : { temperature: input.temperature }),
    ...(input.priority === undefined ? {} : { priority: input.priority }),
    ...(notBefore === undefined ? {} : { not_before: notBefore }),
    ...(input.timeoutSeconds === undefined ? {} : { timeout_seconds: input.timeoutSeconds }),
    ...(input.attempts === undefined ? {} : { attempts: input.attempts }),
  };
  const answer = await openQueue(home, deps).add([task]);
  const [rejected] = answer.rejected;
  if (rejected !== undefined) return reject(input, deps, rejected.reason, 1);
  if (input.json) {
    terminal.line(JSON.stringify({ added: answer.added.map(({ id }) => id), rejected: [] }));
    return 0;
  }
  const { colours } = terminal;
  terminal.line(`${colours.green('✓')} Added task: ${input.id}`);
  terminal.line(
    `  Type: ${input.type} | Budget: ${formatUsd(usdToNano(min))}-${formatUsd(usdToNano(max))} | Intensity: ${input.intensity}`,
  );
  const most = mostOf(
    { ...task, max_budget: max, model: input.model ?? null },
    readConfig(home, deps).defaultModel,
    models,
  );
  terminal.line(`  Worst case: ${formatUsd(most)} a call, ${formatUsd(usdToNano(max))} in all`);
  if (notBefore !== undefined) terminal.line(`  Not before: ${notBefore}`);
  return 0;
}

function faultOf(
  input: AddInput,
  min: number,
  max: number,
  notBefore: string | undefined,
): string | undefined {
  if (input.notBefore !== undefined && notBefore === undefined)
    return `--not-before '${input.notBefore}' is no time: 2026-12-01T08:00 (UTC, or with a zone), or +5m, +2h, +1d from now`;
  if (input.prompt.trim() === '') return 'the prompt is empty';
  if (input.id.trim() === '') return 'the id is empty';
  if (input.id.includes(','))
    return `the id '${input.id}' has a comma in it, where --depends-on would take it for two ids`;
  if (input.type.trim() === '') return 'the type is empty';
  if (max < min) return `--max ${max} is below --min ${min}`;
  return undefined;
}

function reject(input: AddInput, deps: CommandDeps, reason: string, code: 1 | 2): ExitCode {
  if (input.json)
    deps.terminal.line(JSON.stringify({ added: [], rejected: [{ id: input.id, index: 0, reason }] }));
  else deps.terminal.complain(`ERROR: ${reason}. Nothing was added.`);
  return code;
}
