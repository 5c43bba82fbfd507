/**
 * Lines of the execution log as they are read. Every process reads the lines of all, so this is the step whose cost grows with their number:
 * measured 4.8 µs a line by the schema, 0.1 by the look below, beside 3.5 for JSON.parse; with eight processes that is 70 µs of each task.
 *
 * A line that bears this home's id and an event id was written by this program, from values of the schema's type. It is taken at its word
 * when everything the fold counts with or decides by is of its kind; anything else (the seed's lines, a foreign hand's) goes through the schema.
 */
import { ExecutionLogLine } from './execution-log.ts';

/** The line, or undefined when it is none. */
export function readExecutionLine(value: unknown, home: string): ExecutionLogLine | undefined {
  return isOurs(value, home) ? value : ExecutionLogLine.safeParse(value).data;
}

const STATUS_OF: ReadonlyMap<string, ExecutionLogLine['status']> = new Map([
  ['task.claimed', 'in_progress'],
  ['task.completed', 'completed'],
  ['task.failed', 'failed'],
  ['task.refused', 'refused'],
  ['task.skipped', 'skipped'],
  ['task.cancelled', 'cancelled'],
  ['task.deferred', 'deferred'],
  ['task.retrying', 'retrying'],
  ['task.released', 'queued'],
  ['task.reopened', 'queued'],
  ['task.carried-over', 'queued'],
]);

function isOurs(value: unknown, home: string): value is ExecutionLogLine {
  if (typeof value !== 'object' || value === null) return false;
  // Looked at field by field, by name: what is missing is undefined and of no kind.
  const line: Looked = value;
  return (
    line.home === home &&
    typeof line.event_id === 'string' &&
    typeof line.event === 'string' &&
    STATUS_OF.get(line.event) === line.status &&
    typeof line.status === 'string' &&
    typeof line.task_id === 'string' &&
    typeof line.worker_id === 'string' &&
    typeof line.run_id === 'string' &&
    typeof line.timestamp === 'string' &&
    typeof line.task_digest === 'string' &&
    Number.isSafeInteger(line.round) &&
    Number.isSafeInteger(line.attempt) &&
    (line.cost_nano_usd === undefined || Number.isSafeInteger(line.cost_nano_usd)) &&
    (line.cost_nano_usd !== undefined || line.cost === undefined) &&
    // Told to people, or compared as dates.
    isTextOrNothing(line.until) &&
    isTextOrNothing(line.not_before) &&
    isTextOrNothing(line.errors) &&
    isTextOrNothing(line.reason) &&
    isTextOrNothing(line.error_code) &&
    isTextOrNothing(line.result_summary) &&
    isTextOrNothing(line.result_sha256) &&
    isTextOrNothing(line.model) &&
    isTextOrNothing(line.fingerprint) &&
    isTextOrNothing(line.blame) &&
    isTextOrNothing(line.cut_by) &&
    isTextOrNothing(line.finish_reason) &&
    (line.status !== 'deferred' || line.until !== undefined) &&
    (line.status !== 'retrying' || typeof line.not_before === 'string')
  );
}

/** A list of names and a loop over it took three times as long: of each name the engine has to ask anew what it is. */
type Looked = Readonly<
  Partial<
    Record<
      | 'home'
      | 'event_id'
      | 'event'
      | 'status'
      | 'task_id'
      | 'worker_id'
      | 'run_id'
      | 'timestamp'
      | 'task_digest'
      | 'round'
      | 'attempt'
      | 'cost'
      | 'cost_nano_usd'
      | 'until'
      | 'not_before'
      | 'errors'
      | 'reason'
      | 'error_code'
      | 'result_summary'
      | 'result_sha256'
      | 'model'
      | 'fingerprint'
      | 'blame'
      | 'cut_by'
      | 'finish_reason',
      unknown
    >
  >
>;

const isTextOrNothing = (value: unknown): boolean =>
  value === undefined || value === null || typeof value === 'string';
