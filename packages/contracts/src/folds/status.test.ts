import { describe, expect, it } from 'vitest';
import { Task, type NewTask } from '../task.ts';
import { countStatuses, digestOf, viewQueue } from './status.ts';
import { createTaskFold } from './tasks.ts';

const at = '2026-11-23T10:00:00.000Z';
const task = (id: string, more: Partial<NewTask> = {}) => Task.parse({ id, prompt: `do ${id}`, ...more });

describe('what people are told about tasks', () => {
  it('shows what waits for what, and counts', () => {
    const views = viewQueue([task('a'), task('b', { depends_on: ['a'] })], createTaskFold());
    expect(views.map((view) => [view.status, view.waitsFor])).toEqual([
      ['queued', []],
      ['blocked', ['a']],
    ]);
    expect(countStatuses(views)).toMatchObject({ total: 2, queued: 1, blocked: 1, completed: 0 });
  });

  it('Q7: a task edited after its end is queued again, and what depends on it waits again', () => {
    const before = task('a');
    const fold = createTaskFold();
    const line = {
      task_id: 'a',
      worker_id: 'w',
      timestamp: at,
      round: 1,
      attempt: 1,
      task_digest: digestOf(before),
    };
    fold.apply({ ...line, status: 'in_progress', started_at: at });
    fold.apply({ ...line, status: 'completed', completed_at: at, result_summary: 'x', errors: null });
    const dependant = task('b', { depends_on: ['a'] });
    expect(viewQueue([before, dependant], fold).map((view) => view.status)).toEqual(['completed', 'queued']);
    const edited = viewQueue([task('a', { prompt: 'do it otherwise' }), dependant], fold);
    expect(edited.map((view) => [view.status, view.edited])).toEqual([
      ['queued', true],
      ['blocked', false],
    ]);
  });

  it('does not call a change of budget or dependencies an edit', () => {
    expect(digestOf(task('a', { max_budget: 1, depends_on: ['x'] }))).toBe(digestOf(task('a')));
    expect(digestOf(task('a', { model: 'openai/gpt-oss-20b' }))).not.toBe(digestOf(task('a')));
  });
});
