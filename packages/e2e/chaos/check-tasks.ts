/**
 * The rules of tasks, checked over the lines of execution_log.jsonl one after the other. Pure, and written anew from the promises: it shares no
 * code with the fold it judges.
 *
 * A claim counts when it names the next attempt of the round and nobody holds the task, or takes it over and says from whom. An end counts when it
 * comes from the one who holds the attempt, or from an operator who cancels. Whatever does not count changes nothing; but who never held an attempt has no
 * business ending it.
 */
import { numberOf, textOf, type LogLine } from './log-lines.ts';
import { violation, type Violation } from './violation.ts';

export interface KnownTask {
  readonly id: string;
  readonly depends_on?: readonly string[];
}

export interface TaskEvidence {
  readonly lines: readonly LogLine[];
  /** Of queue.json as it stands in the end. */
  readonly tasks: readonly KnownTask[];
  /** Workers that were made to stand still: only from them a claim may be taken because a beat stood still. */
  readonly stalled: ReadonlySet<string>;
}

export interface TaskState {
  status: string;
  round: number;
  attempt: number;
  holder: string | undefined;
  digest: string;
  /** The line that counted last. */
  line: LogLine | undefined;
}

export interface TaskFindings {
  readonly violations: readonly Violation[];
  readonly states: ReadonlyMap<string, TaskState>;
  /** Lines that counted and ended an attempt, by task, round and attempt. */
  readonly ends: ReadonlyMap<string, LogLine>;
  readonly takeovers: { readonly gone: number; readonly still: number };
  /** Claims and ends that came too late and changed nothing. */
  readonly late: number;
  /** Lines whose status is none that we know. */
  readonly unknown: number;
}

const FINAL = new Set(['completed', 'failed', 'refused', 'cancelled', 'skipped']);
const ENDS_OF_HOLDERS = new Set(['completed', 'failed', 'refused', 'deferred', 'retrying', 'queued']);
const isFinal = (state: TaskState): boolean => FINAL.has(state.status);

export const attemptKey = (task: string, round: number, attempt: number): string =>
  `${task}#${round}#${attempt}`;

export function checkTasks({ lines, tasks, stalled }: TaskEvidence): TaskFindings {
  const violations: Violation[] = [];
  const states = new Map<string, TaskState>();
  const dependencies = new Map(tasks.map(({ id, depends_on }) => [id, depends_on ?? []]));
  const hasCompleted = new Set<string>();
  const holders = new Map<string, string>();
  const losers = new Set<string>();
  const ends = new Map<string, LogLine>();
  const declaredGone = new Map<string, LogLine>();
  const seen = new Set<string>();
  const takeovers = { gone: 0, still: 0 };
  let late = 0;
  let unknown = 0;

  for (const line of lines) {
    const eventId = textOf(line, 'event_id');
    if (eventId !== '' && seen.has(eventId)) {
      late += 1;
      continue;
    }
    seen.add(eventId);
    const task = textOf(line, 'task_id');
    const worker = textOf(line, 'worker_id');
    const status = textOf(line, 'status');
    const round = numberOf(line, 'round');
    const attempt = numberOf(line, 'attempt');
    const gone = declaredGone.get(worker);
    if (gone !== undefined)
      violations.push(
        violation('Q5', `${worker} writes after line ${gone.number} said that it is gone`, line),
      );

    const state = states.get(task) ?? {
      status: 'queued',
      round: 1,
      attempt: 0,
      holder: undefined,
      digest: '',
      line: undefined,
    };
    const digest = textOf(line, 'task_digest');
    const key = attemptKey(task, round, attempt);
    const opens = isFinal(state) && round === state.round + 1 && digest !== state.digest;

    if (status === 'in_progress') {
      const supersedes = readSupersedes(line);
      const isNext = opens
        ? attempt === 1
        : !isFinal(state) && round === state.round && attempt === state.attempt + 1;
      const isFree = opens || state.holder === undefined || supersedes !== undefined;
      if (!isNext || !isFree) {
        late += 1;
        losers.add(`${key}#${worker}`);
        continue;
      }
      if (!opens && state.holder !== undefined && supersedes !== undefined) {
        if (supersedes.worker !== state.holder || supersedes.attempt !== state.attempt)
          violations.push(
            violation(
              'Q2',
              `a claim takes over from ${supersedes.worker}, but ${state.holder} holds ${task}`,
              line,
            ),
          );
        if (supersedes.why === 'holder_gone') {
          takeovers.gone += 1;
          declaredGone.set(state.holder, line);
        } else {
          takeovers.still += 1;
          if (!stalled.has(state.holder))
            violations.push(
              violation(
                'Q5',
                `${state.holder} lost its claim for standing still, and was never stopped`,
                line,
              ),
            );
        }
      }
      for (const dependency of dependencies.get(task) ?? [])
        if (!hasCompleted.has(dependency))
          violations.push(violation('Q10', `${task} is claimed before ${dependency} completed`, line));
      holders.set(key, worker);
      states.set(task, { status, round, attempt, holder: worker, digest, line });
      continue;
    }

    const isHere = !isFinal(state) && round === state.round && attempt === state.attempt;
    if (textOf(line, 'event') === 'task.reopened') {
      // By an operator, who needs no claim: what ended, in its next round; what waits, where it stands.
      const counts = isFinal(state)
        ? round === state.round + 1 && attempt === 0
        : isHere && state.holder === undefined;
      if (counts) states.set(task, { status, round, attempt, holder: undefined, digest, line });
      else late += 1;
      continue;
    }

    if (status === 'skipped' || status === 'cancelled') {
      // An operator may end what somebody holds; a worker skips only what nobody does.
      const counts = opens ? attempt === 0 : isHere && (status === 'cancelled' || state.holder === undefined);
      if (!counts) {
        late += 1;
        continue;
      }
      states.set(task, { status, round, attempt, holder: undefined, digest, line });
      continue;
    }

    if (!ENDS_OF_HOLDERS.has(status)) {
      unknown += 1;
      continue;
    }
    if (state.holder !== worker || round !== state.round || attempt !== state.attempt) {
      late += 1;
      const held = holders.get(key);
      // A claim that only records the failure of a task that kills its workers is one write with that failure; it may lose as a whole.
      if (held !== worker && !(status === 'failed' && losers.has(`${key}#${worker}`)))
        violations.push(
          violation('Q2', `${worker} ends an attempt of ${task} that ${held ?? 'nobody'} held`, line),
        );
      continue;
    }
    if (status === 'completed') hasCompleted.add(task);
    ends.set(key, line);
    states.set(task, { status, round, attempt, holder: undefined, digest: digest || state.digest, line });
  }

  for (const { id } of tasks) {
    const state = states.get(id);
    if (state === undefined) violations.push(violation('Q7', `${id} never began`));
    else if (!isFinal(state))
      violations.push(violation('Q7', `${id} has no final state, it is ${state.status}`, state.line));
  }
  return { violations, states, ends, takeovers, late, unknown };
}

function readSupersedes(
  line: LogLine,
): { readonly worker: string; readonly attempt: number; readonly why: string } | undefined {
  const { supersedes } = line.value;
  if (typeof supersedes !== 'object' || supersedes === null) return undefined;
  const { worker_id: worker, attempt, why } = { worker_id: '', attempt: 0, why: '', ...supersedes };
  return { worker: String(worker), attempt: Number(attempt), why: String(why) };
}
