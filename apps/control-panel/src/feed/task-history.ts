/** What the record says of one task, line by line, for the row that is opened. Keeps the last lines of each task, one short text each. */
import {
  auditWords,
  executionWords,
  type ApiAuditLine,
  type ExecutionLogLine,
  type TaskDetail,
} from '@vivarium/contracts';

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
        text: executionWords(line).slice(0, MOST_TEXT),
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
        ...clipped(auditWords(line)),
      });
    },
    // The two logs are read one after the other; their times put them back in order. Equal times keep the order of reading.
    of: (taskId) =>
      (histories.get(taskId) ?? []).toSorted((a, b) => Date.parse(a.timestamp) - Date.parse(b.timestamp)),
  };
}

const clipped = (words: ReturnType<typeof auditWords>): ReturnType<typeof auditWords> => ({
  ...words,
  text: words.text.slice(0, MOST_TEXT),
});
