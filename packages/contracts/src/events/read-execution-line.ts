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

const STATUS_OF: Readonly<Record<string, ExecutionLogLine['status']>> = {
  'task.claimed': 'in_progress',
  'task.completed': 'completed',
  'task.failed': 'failed',
  'task.refused': 'refused',
  'task.skipped': 'skipped',
  'task.cancelled': 'cancelled',
  'task.deferred': 'deferred',
  'task.retrying': 'retrying',
  'task.released': 'queued',
  'task.reopened': 'queued',
  'task.carried-over': 'queued',
};

function isOurs(value: unknown, home: string): value is ExecutionLogLine {
  if (typeof value !== 'object' || value === null) return false;
  // Looked at field by field; what is missing is undefined and of no kind.
  const line = value as Readonly<Record<string, unknown>>;
  return (
    line['home'] === home &&
    typeof line['event_id'] === 'string' &&
    typeof line['event'] === 'string' &&
    Object.hasOwn(STATUS_OF, line['event']) &&
    STATUS_OF[line['event']] === line['status'] &&
    typeof line['task_id'] === 'string' &&
    typeof line['worker_id'] === 'string' &&
    typeof line['run_id'] === 'string' &&
    typeof line['timestamp'] === 'string' &&
    typeof line['task_digest'] === 'string' &&
    Number.isSafeInteger(line['round']) &&
    Number.isSafeInteger(line['attempt']) &&
    (line['cost_nano_usd'] === undefined || Number.isSafeInteger(line['cost_nano_usd'])) &&
    (line['cost_nano_usd'] !== undefined || line['cost'] === undefined) &&
    TEXTS.every((key) => isTextOrNothing(line[key])) &&
    (line['status'] !== 'deferred' || line['until'] !== undefined) &&
    (line['status'] !== 'retrying' || typeof line['not_before'] === 'string')
  );
}

/** Told to people, or compared as dates. */
const TEXTS = [
  'until',
  'not_before',
  'errors',
  'reason',
  'error_code',
  'result_summary',
  'result_sha256',
  'model',
  'fingerprint',
  'blame',
  'cut_by',
  'finish_reason',
];
const isTextOrNothing = (value: unknown): boolean =>
  value === undefined || value === null || typeof value === 'string';
