/**
 * What holds between the files: nothing that was once whole on disk is gone, an end names a call that was paid and an output that is there, and
 * what workers were told is what the log says. Pure.
 */
import type { MoneyFindings } from './check-money.ts';
import { attemptKey, type TaskFindings } from './check-tasks.ts';
import { numberOf, textOf, type LogLine } from './log-lines.ts';
import { violation, type Violation } from './violation.ts';

/** `remembered`: lines that were whole on disk at some moment of the run, by log. */
export function checkNothingLost(
  log: string,
  remembered: ReadonlySet<string>,
  lines: readonly LogLine[],
): readonly Violation[] {
  const there = new Set(lines.map(({ text }) => text));
  return [...remembered]
    .filter((text) => !there.has(text))
    .map((text) => violation('Q8', `a line of ${log} that was on disk is gone: ${text.slice(0, 400)}`));
}

/** `hasResult`: whether the output of that name is there and is what its name says. */
export function checkOutputs(
  ends: TaskFindings['ends'],
  { settledCalls, unknownByTask }: Pick<MoneyFindings, 'settledCalls' | 'unknownByTask'>,
  hasResult: (sha256: string) => boolean,
): readonly Violation[] {
  const violations: Violation[] = [];
  const usedBy = new Map<string, string>();
  for (const [key, line] of ends) {
    if (textOf(line, 'status') !== 'completed') continue;
    const call = textOf(line, 'call_id');
    const paid = settledCalls.get(call);
    const round = key.slice(0, key.lastIndexOf('#'));
    if (paid === undefined)
      violations.push(violation('M4', `completed by a call that was never settled: ${call}`, line));
    else if (!isPriceOf(numberOf(line, 'cost_nano_usd'), paid, unknownByTask.get(round) ?? 0))
      violations.push(violation('M2', `the call cost ${numberOf(paid, 'cost_nano_usd')}`, line));
    const other = usedBy.get(call);
    if (other !== undefined && other !== round)
      violations.push(violation('M3', `${call} completed ${other} as well`, line));
    usedBy.set(call, round);
    if (!hasResult(textOf(line, 'result_sha256')))
      violations.push(violation('Q8', 'completed, and its output is not there', line));
  }
  return violations;
}

/**
 * An end says what its request cost: the call that answered, and those before it whose usage stayed unknown. Whoever is handed a recorded reply
 * again pays nothing (M3).
 */
const isPriceOf = (cost: number, paid: LogLine, unknown: number): boolean => {
  const call = numberOf(paid, 'cost_nano_usd');
  return cost === 0 || (cost >= call && cost <= call + unknown);
};

const TOLD_ENDS: Readonly<Record<string, string>> = {
  'task.completed': 'completed',
  'task.failed': 'failed',
  'task.refused': 'refused',
  'task.deferred': 'deferred',
  'task.retrying': 'retrying',
  'task.released': 'queued',
};

/** Q4: a worker that was told "recorded" wrote the end that counts, and one that was told "lost" did not. */
export function checkAnswers(actions: readonly LogLine[], ends: TaskFindings['ends']): readonly Violation[] {
  const violations: Violation[] = [];
  for (const line of actions) {
    const event = textOf(line, 'event');
    const end = ends.get(
      attemptKey(textOf(line, 'task_id'), numberOf(line, 'round'), numberOf(line, 'attempt')),
    );
    const isItsOwn = end !== undefined && textOf(end, 'worker_id') === textOf(line, 'worker_id');
    const told = TOLD_ENDS[event];
    // A fault that may pass becomes the failure of a task that has no attempts left: the log says `failed` then.
    const agrees =
      isItsOwn &&
      (textOf(end, 'status') === told || (told === 'retrying' && textOf(end, 'status') === 'failed'));
    if (told !== undefined && !agrees)
      violations.push(violation('Q4', `a worker was told "recorded", and its end does not count`, line));
    if (event === 'lease.lost' && isItsOwn)
      violations.push(violation('Q4', `a worker was told "lost", and its end counts`, line));
  }
  return violations;
}
