/** Reads everything that is left in a home after a run, and hands it to the checks. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkMoney, type MoneyFindings } from './check-money.ts';
import { checkAnswers, checkNothingLost, checkOutputs } from './check-record.ts';
import { checkTasks, type TaskFindings } from './check-tasks.ts';
import { queueOf } from './home-queue.ts';
import { readLog, type ReadLog } from './log-lines.ts';
import { violation, type Violation } from './violation.ts';
import type { WantedTask } from './wanted-tasks.ts';
import { REMEMBERED, type Witness } from './witness.ts';

export interface Judgement {
  readonly violations: readonly Violation[];
  readonly tasks: TaskFindings;
  readonly money: MoneyFindings;
  readonly wanted: readonly WantedTask[];
  readonly logs: Readonly<Record<string, ReadLog>>;
}

export function judgeHome(
  home: string,
  witness: Pick<Witness, 'remembered'>,
  promised: ReadonlySet<string>,
  stalled: ReadonlySet<string>,
): Judgement {
  const textOfFile = (...names: readonly string[]): string =>
    existsSync(join(home, ...names)) ? readFileSync(join(home, ...names), 'utf8') : '';
  const log = (name: string): ReadLog => readLog(textOfFile('logs', name));
  const execution = log('execution_log.jsonl');
  const audit = log('api_audit.log');
  const bill = log('simulator_bill.jsonl');
  const actions = log('action_log.jsonl');
  const logs: Readonly<Record<string, ReadLog>> = {
    'execution_log.jsonl': execution,
    'api_audit.log': audit,
    'simulator_bill.jsonl': bill,
    'action_log.jsonl': actions,
    'safety_audit.log': log('safety_audit.log'),
  };
  const wanted = queueOf(home);
  const outputs = new Map<string, ReadonlySet<string>>();
  /** Read once; a home of these proofs is new, and has no file of before. */
  const outputsOf = (digit: string): ReadonlySet<string> => {
    const known = outputs.get(digit);
    if (known !== undefined) return known;
    const lines = textOfFile('logs/results', `${digit}.jsonl`).split('\n');
    const found = new Set(lines.flatMap((line) => hashOfResult(line) ?? []));
    outputs.set(digit, found);
    return found;
  };
  const hasResult = (sha256: string): boolean => outputsOf(sha256.slice(0, 1)).has(sha256);

  const tasks = checkTasks({ lines: execution.lines, tasks: wanted, stalled });
  const taskCaps = new Map(wanted.map(({ id, max_budget }) => [id, Math.round(max_budget * 1e9)]));
  const money = checkMoney({ audit: audit.lines, bill: bill.lines, taskCaps });
  const there = new Set(wanted.map(({ id }) => id));
  const vanished = [...promised].filter((id) => !there.has(id));
  return {
    violations: [
      ...vanished.map((id) => violation('Q1', `${id} was added, and is not in the queue any more`)),
      ...tasks.violations,
      ...money.violations,
      ...REMEMBERED.flatMap((name) =>
        checkNothingLost(name, witness.remembered[name], logs[name]?.lines ?? []),
      ),
      ...checkOutputs(tasks.ends, money, hasResult),
      ...checkAnswers(actions.lines, tasks.ends),
    ],
    tasks,
    money,
    wanted,
    logs,
  };
}

/** Of what a line says an answer was; behind a fragment it begins anew. */
function hashOfResult(line: string): string | undefined {
  try {
    const { result } = JSON.parse(line.slice(Math.max(0, line.lastIndexOf('{"result_sha256":"')))) as {
      readonly result?: unknown;
    }; // `as`: any JSON
    return typeof result === 'string' ? createHash('sha256').update(result).digest('hex') : undefined;
  } catch {
    return undefined;
  }
}

/** Q1: what the product says of the tasks is what these checks make of the same lines. */
export function compareStatus(report: string, tasks: TaskFindings): readonly Violation[] {
  let told: readonly { readonly id: string; readonly status: string; readonly round: number }[];
  try {
    ({ tasks: told } = JSON.parse(report) as { tasks: typeof told }); // `as`: docs/logs.md has its shape
  } catch {
    return [violation('Q1', `status --json says no JSON: ${report.slice(0, 200)}`)];
  }
  return told.flatMap(({ id, status, round }) => {
    const state = tasks.states.get(id);
    if (state?.status === status && state.round === round) return [];
    return [
      violation(
        'Q1',
        `status says that ${id} is ${status} in round ${round}; by its lines it is ${state?.status ?? 'unknown'} in round ${state?.round ?? 0}`,
        state?.line,
      ),
    ];
  });
}
