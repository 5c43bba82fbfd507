/** Lines of the record in words, for whoever tells the history of a task: `show` and the row that is opened in the panel. Pure. */
import type { ApiAuditLine } from './events/api-audit.ts';
import type { ExecutionLogLine } from './events/execution-log.ts';
import type { SafetyAuditLine } from './events/safety-audit.ts';

/** What a line of the execution log says. */
export function executionWords(line: ExecutionLogLine): string {
  switch (line.status) {
    case 'in_progress':
      return line.supersedes === undefined
        ? 'claimed'
        : `claimed, taking over attempt ${line.supersedes.attempt} of ${line.supersedes.worker_id} (${line.supersedes.why})`;
    case 'completed':
      return line.finish_reason === 'length' ? 'completed; the output was cut at its limit' : 'completed';
    case 'deferred':
      return `deferred: ${line.reason}${line.until === null ? ', not again in this run' : ''}${line.errors === null ? '' : ` · ${line.errors}`}`;
    case 'queued':
      return `${QUEUED_WORDS[line.event]}: ${line.reason}`;
    case 'failed':
    case 'refused':
    case 'skipped':
    case 'cancelled':
    case 'retrying':
      return line.errors === null ? line.status : `${line.status}: ${line.errors}`;
  }
}

/** What a line of api_audit.log says, and the amount it is about. */
export function auditWords(line: ApiAuditLine): {
  readonly text: string;
  readonly nano_usd: number | null;
} {
  switch (line.event) {
    case 'run.opened':
      return { text: 'run opened', nano_usd: line.cap_nano_usd };
    case 'cap.set':
      return { text: `cap of the ${line.scope} ${line.name}`, nano_usd: line.cap_nano_usd };
    case 'checkpoint':
      return { text: 'sums up to here', nano_usd: line.real_book.settled };
    case 'call.held':
      return {
        text: `held for ${line.model}, at most ${line.max_completion_tokens} tokens`,
        nano_usd: line.held_nano_usd,
      };
    case 'API_CALL_SUCCESS':
      return {
        text: `${line.model} answered: ${line.input_tokens} + ${line.output_tokens} tokens`,
        nano_usd: line.cost_nano_usd ?? null,
      };
    case 'call.usage-unknown':
      return {
        text: `cut before its usage was known: ${line.error}`,
        nano_usd: line.charged_nano_usd,
      };
    case 'API_CALL_FAILURE':
      return { text: `nothing billed: ${line.error}`, nano_usd: null };
    case 'call.replayed':
      return { text: `${line.model}: reply recorded before, handed out again`, nano_usd: null };
    case 'call.cached':
      return { text: `${line.model}: answered by the reply cache, for nothing`, nano_usd: null };
    case 'CONSTITUTIONAL_VIOLATION':
      return { text: `refused by the gate: ${line.reason}`, nano_usd: null };
    case 'BUDGET_EXCEEDED':
      return { text: `no money: the ${line.cap ?? 'tightest'} cap leaves too little`, nano_usd: null };
    case 'RATE_LIMITED':
      return {
        text:
          line.limited_by === 'principal'
            ? `${line.user} asked more often than it may`
            : `${line.model} asked to slow down`,
        nano_usd: null,
      };
    case 'breaker.opened':
    case 'breaker.half-opened':
    case 'breaker.closed':
    case 'breaker.reset':
      return {
        text: `circuit of ${line.model} ${line.event.slice('breaker.'.length)}: ${line.reason}`,
        nano_usd: null,
      };
  }
}

const QUEUED_WORDS = {
  'task.released': 'given back',
  'task.reopened': 'reopened',
  'task.carried-over': 'carried over from an archived log',
} as const;

/** What a line of safety_audit.log says. */
export const gateWords = (line: SafetyAuditLine): string =>
  line.passed
    ? 'the gate let it pass'
    : `the gate refused it: ${line.blocked_reason ?? 'no reason on record'}`;
