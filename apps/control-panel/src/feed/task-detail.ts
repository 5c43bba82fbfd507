/** What is shown of one task when its row is opened. */
import { redact, type TaskDetail } from '@vivarium/contracts';
import type { TaskBoard } from './task-board.ts';

export function taskDetail(board: TaskBoard, id: string): TaskDetail | undefined {
  const task = board.task(id);
  if (task === undefined) return undefined;
  return {
    id,
    // A queue.json that was edited by hand may hold anything (S6).
    prompt: redact(task.prompt),
    min_budget: task.min_budget,
    max_budget: task.max_budget,
    intensity: task.intensity,
    max_tokens: task.max_tokens ?? null,
    temperature: task.temperature ?? null,
    source: task.source ?? null,
    digest: board.digest(id) ?? '',
    lines: board.history.of(id),
  };
}
