/** What the record says of one task, line by line, for the row that is opened. Keeps the last lines of each task, one short text each. */
import type { ApiAuditLine, ExecutionLogLine, TaskDetail } from '@vivarium/contracts';

export type TaskLine = TaskDetail['lines'][number];

const MOST_LINES = 60;
const MOST_TEXT = 300;

export interface TaskHistory {
  execution(line: ExecutionLogLine): void;
  audit(line: ApiAuditLine): void;
  /** Oldest first. */
  of(taskId: string): readonly TaskLine[];
}

export function createTaskHistory(): TaskHistory {
  const histories = new Map<string, TaskLine[]>();
  const keep = (taskId: string, line: TaskLine): void => {
    const lines = histories.get(taskId);
    if (lines === undefined) histories.set(taskId, [line]);
    else {
      lines.push(line);
      if (lines.length > MOST_LINES) lines.shift();
    }
  };
  return {
    execution(line) {
      keep(line.task_id, {
        timestamp: line.timestamp,
        log: 'execution',
        event: line.event ?? line.status,
        round: line.round ?? null,
        attempt: line.attempt ?? null,
        worker_id: line.worker_id,
        text: executionText(line).slice(0, MOST_TEXT),
        nano_usd: ('cost_nano_usd' in line ? line.cost_nano_usd : undefined) ?? null,
      });
    },
    audit(line) {
      if (line.task_id === undefined) return;
      keep(line.task_id, {
        timestamp: line.timestamp,
        log: 'apiAudit',
        event: line.event,
        round: line.round ?? null,
        attempt: line.attempt ?? null,
        worker_id: line.worker_id ?? null,
        ...auditText(line),
      });
    },
    // The two logs are read one after the other; their times put them back in order. Equal times keep the order of reading.
    of: (taskId) =>
      (histories.get(taskId) ?? []).toSorted((a, b) => Date.parse(a.timestamp) - Date.parse(b.timestamp)),
  };
}

function executionText(line: ExecutionLogLine): string {
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

function auditText(line: ApiAuditLine): { readonly text: string; readonly nano_usd: number | null } {
  switch (line.event) {
    case 'run.opened':
      return { text: 'run opened', nano_usd: line.cap_nano_usd };
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
        text: `cut before its usage was known: ${line.error}`.slice(0, MOST_TEXT),
        nano_usd: line.charged_nano_usd,
      };
    case 'API_CALL_FAILURE':
      return { text: `nothing billed: ${line.error}`.slice(0, MOST_TEXT), nano_usd: null };
    case 'call.replayed':
      return { text: `${line.model}: reply recorded before, handed out again`, nano_usd: null };
    case 'CONSTITUTIONAL_VIOLATION':
      return { text: `refused by the gate: ${line.reason}`.slice(0, MOST_TEXT), nano_usd: null };
    case 'BUDGET_EXCEEDED':
      return { text: `no money: the ${line.cap ?? 'tightest'} cap leaves too little`, nano_usd: null };
    case 'RATE_LIMITED':
      return { text: `${line.model} asked to slow down`, nano_usd: null };
  }
}

const QUEUED_WORDS = {
  'task.released': 'given back',
  'task.reopened': 'reopened',
  'task.carried-over': 'carried over from an archived log',
} as const;
