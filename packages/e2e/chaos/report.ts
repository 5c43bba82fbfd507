/** A run in words, and as one line for programs. Pure. */
import type { ChaosResult } from './run-chaos.ts';

const SHOWN_VIOLATIONS = 20;

const sum = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((total, count) => total + count, 0);

function finalStates({ judgement }: ChaosResult): Readonly<Record<string, number>> {
  const states: Record<string, number> = {};
  for (const { status } of judgement.tasks.states.values()) states[status] = (states[status] ?? 0) + 1;
  return states;
}

export function reportLines(result: ChaosResult): readonly string[] {
  const { counts, judgement, violations, disk } = result;
  const { money, tasks, logs } = judgement;
  const pairs = (record: Readonly<Record<string, number>>): string =>
    Object.entries(record)
      .map(([name, count]) => `${count} ${name}`)
      .join(', ');
  return [
    `seed ${result.seed}, ${result.minutes} minutes of disturbance, ${result.seconds} s in all`,
    `tasks         ${judgement.wanted.length}: ${pairs(finalStates(result))}`,
    `kills -9      ${sum(counts.kills)}: ${pairs(counts.kills)}; ${counts.all_at_once} times all at once`,
    `stalls        ${counts.stalls}, and ${counts.long_stalls} longer than the lease`,
    disk.kind === 'small'
      ? `full disks    ${counts.full_disks}`
      : `full disks    NONE: a small disk cannot be mounted (${disk.why})`,
    `torn tails    ${counts.torn_tails} planted`,
    `hand edits    ${counts.edits}, and ${counts.broken_edits} broken ones that were mended`,
    `clock steps   ${counts.clock_steps}`,
    `second runs   ${counts.second_runs}, with fsync`,
    `operator      ${counts.cancels} cancels, ${counts.retries} retries, ${counts.holds} times PAUSE or HALT; ${counts.killed_adds} adds killed; ${counts.lost_caches} times caches deleted`,
    `no target     ${counts.without_target} disturbances found nothing to disturb`,
    `runs ended    ${pairs(Object.fromEntries(Object.entries(result.endings).map(([code, count]) => [`with ${code}`, count])))}`,
    `taken over    ${tasks.takeovers.gone} claims of dead workers, ${tasks.takeovers.still} of stalled ones; ${tasks.late} lines came too late`,
    ...Object.entries(logs).map(
      ([name, log]) =>
        `${name.padEnd(21)} ${log.lines.length} lines, ${log.fragments} torn, ${log.strange} of another shape`,
    ),
    `money         settled ${money.settled} ≤ billed ${money.billed} ≤ settled + unknown ${money.settled + money.unknown} nano-dollars; calls: ${pairs(money.calls)}`,
    violations.length === 0 ? 'violations    none' : `VIOLATIONS    ${violations.length}`,
    ...violations
      .slice(0, SHOWN_VIOLATIONS)
      .flatMap(({ promise, what, line }) => [
        `  ${promise}: ${what}`,
        ...(line === undefined ? [] : [`      ${line}`]),
      ]),
    ...(result.kept === undefined ? [] : [`The home is kept: ${result.kept}`]),
  ];
}

export function reportRecord(result: ChaosResult): object {
  const { judgement, violations } = result;
  const { money, tasks } = judgement;
  return {
    seed: result.seed,
    minutes: result.minutes,
    seconds: result.seconds,
    tasks: { total: judgement.wanted.length, ...finalStates(result) },
    kills: { total: sum(result.counts.kills), ...result.counts.kills },
    disturbances: { ...result.counts, kills: undefined },
    disk: result.disk,
    endings: result.endings,
    takeovers: tasks.takeovers,
    late_lines: tasks.late,
    unknown_lines: tasks.unknown,
    lines: Object.fromEntries(
      Object.entries(judgement.logs).map(([name, log]) => [
        name,
        { whole: log.lines.length, torn: log.fragments, strange: log.strange },
      ]),
    ),
    money: {
      settled_nano_usd: money.settled,
      unknown_nano_usd: money.unknown,
      billed_nano_usd: money.billed,
      held_nano_usd: money.held,
      calls: money.calls,
    },
    violations: violations.length,
    first_violations: violations.slice(0, SHOWN_VIOLATIONS),
    kept: result.kept,
  };
}
