/**
 * The history of one task out of the lines of three logs. Pure. The execution log says which rounds and attempts there are; lines about money and of the
 * gate join them by round and attempt.
 */
import {
  auditWords,
  executionWords,
  gateWords,
  type ApiAuditLine,
  type AttemptReport,
  type ExecutionLogLine,
  type HistoryLine,
  type SafetyAuditLine,
  type TaskReport,
} from '@vivarium/contracts';
import { callsOf } from './calls.ts';

/** A line of the execution log as the fold took it. */
export interface TakenLine {
  readonly line: ExecutionLogLine;
  readonly applied: boolean;
  /** Round and attempt it speaks of. */
  readonly round: number;
  readonly attempt: number;
}

export interface TaskLines {
  readonly execution: readonly TakenLine[];
  readonly audit: readonly ApiAuditLine[];
  readonly gate: readonly SafetyAuditLine[];
}

type Rounds = TaskReport['rounds'];
type Open = { -readonly [Key in keyof AttemptReport]: AttemptReport[Key] };

export function roundsOf({ execution, audit, gate }: TaskLines): Rounds {
  const rounds = new Map<number, { attempts: Map<number, Open>; history: HistoryLine[] }>();
  const roundAt = (round: number) => {
    const known = rounds.get(round) ?? { attempts: new Map<number, Open>(), history: [] };
    rounds.set(round, known);
    return known;
  };
  const attemptAt = (round: number, attempt: number): Open => {
    const { attempts } = roundAt(round);
    const known = attempts.get(attempt) ?? emptyAttempt(attempt);
    attempts.set(attempt, known);
    return known;
  };

  for (const { line, applied, round, attempt } of execution) {
    const told: HistoryLine = {
      timestamp: line.timestamp,
      log: 'execution',
      event: line.event ?? line.status,
      worker_id: line.worker_id,
      text: executionWords(line),
      nano_usd: ('cost_nano_usd' in line ? line.cost_nano_usd : undefined) ?? null,
      counts: applied,
      line,
    };
    const known = roundAt(round).attempts.get(attempt);
    if (applied && line.status === 'in_progress') {
      const before = roundAt(round).attempts.get(attempt - 1);
      if (before?.status === 'in_progress') takeOver(before, line);
      begin(attemptAt(round, attempt), line).history.push(told);
    } else if (known === undefined) roundAt(round).history.push(told);
    else if (applied && known.status !== 'in_progress') roundAt(round).history.push(told);
    else {
      if (applied) finish(known, line);
      known.history.push(told);
    }
  }
  for (const line of audit) {
    attemptAt(line.round ?? 1, line.attempt ?? 0).history.push({
      timestamp: line.timestamp,
      log: 'apiAudit',
      event: line.event,
      worker_id: line.worker_id ?? null,
      ...auditWords(line),
      counts: true,
      line,
    });
  }
  for (const line of gate) {
    attemptAt(line.round ?? 1, line.attempt ?? 0).history.push({
      timestamp: line.timestamp,
      log: 'safetyAudit',
      event: line.event ?? 'gate.decided',
      worker_id: line.worker_id ?? null,
      text: gateWords(line),
      nano_usd: null,
      counts: true,
      line,
    });
  }
  return [...rounds]
    .toSorted(([a], [b]) => a - b)
    .map(([round, { attempts, history }]) => ({
      round,
      history,
      attempts: [...attempts.values()]
        .toSorted((a, b) => a.attempt - b.attempt)
        .map((each) => ({
          ...each,
          calls: callsOf(audit, round, each.attempt),
          history: inOrder(each.history),
        })),
    }));
}

/** The logs are read one after the other; their times put them back in order. Equal times: the claim, then the gate, then money, then the end. */
const inOrder = (lines: readonly HistoryLine[]): HistoryLine[] =>
  lines.toSorted((a, b) => Date.parse(a.timestamp) - Date.parse(b.timestamp) || rank(a) - rank(b));

function rank({ log, event }: HistoryLine): number {
  if (log === 'safetyAudit') return 1;
  if (log === 'apiAudit') return 2;
  return event === 'task.claimed' || event === 'in_progress' ? 0 : 3;
}

const emptyAttempt = (attempt: number): Open => ({
  attempt,
  worker_id: null,
  run_id: null,
  started_at: null,
  ended_at: null,
  takes_over: null,
  status: 'in_progress',
  reason: null,
  error_code: null,
  fingerprint: null,
  not_before: null,
  requested_model: null,
  model: null,
  input_tokens: null,
  output_tokens: null,
  cost_nano_usd: null,
  simulated: false,
  latency_ms: null,
  finish_reason: null,
  cut_by: null,
  result_sha256: null,
  calls: [],
  history: [],
});

function begin(attempt: Open, line: Extract<ExecutionLogLine, { status: 'in_progress' }>): Open {
  attempt.worker_id = line.worker_id;
  attempt.run_id = line.run_id ?? null;
  attempt.started_at = line.started_at;
  attempt.takes_over = line.supersedes ?? null;
  return attempt;
}

function takeOver(before: Open, line: Extract<ExecutionLogLine, { status: 'in_progress' }>): void {
  before.status = 'taken_over';
  before.ended_at = line.timestamp;
  before.reason = `taken over by ${line.worker_id}${line.supersedes === undefined ? '' : ` (${line.supersedes.why})`}`;
}

function finish(attempt: Open, line: ExecutionLogLine): void {
  attempt.status = line.status === 'queued' ? 'given_back' : line.status;
  attempt.ended_at = line.timestamp;
  attempt.reason = ('reason' in line ? line.reason : 'errors' in line ? line.errors : null) ?? null;
  attempt.error_code = ('error_code' in line ? line.error_code : undefined) ?? null;
  attempt.fingerprint = ('fingerprint' in line ? line.fingerprint : undefined) ?? null;
  attempt.not_before =
    line.status === 'deferred' ? line.until : line.status === 'retrying' ? line.not_before : null;
  attempt.simulated = line.simulated ?? false;
  if (!('latency_ms' in line || 'cost_nano_usd' in line || 'model' in line)) return;
  attempt.requested_model = line.requested_model ?? null;
  attempt.model = line.model ?? null;
  attempt.input_tokens = line.input_tokens ?? null;
  attempt.output_tokens = line.output_tokens ?? null;
  attempt.cost_nano_usd = line.cost_nano_usd ?? null;
  attempt.latency_ms = line.latency_ms ?? null;
  if (line.status !== 'completed') return;
  attempt.finish_reason = line.finish_reason ?? null;
  attempt.cut_by = line.cut_by ?? null;
  attempt.result_sha256 = line.result_sha256 ?? null;
}
