import { describe, expect, it } from 'vitest';
import { GrindRequest } from './grind.ts';
import { QueueFile, Task } from './task.ts';

describe('tasks', () => {
  it('fills in the defaults of the seed', () => {
    expect(Task.parse({ id: 'a', prompt: 'p' })).toMatchObject({
      type: 'grind',
      min_budget: 0.05,
      max_budget: 0.1,
      intensity: 'medium',
      depends_on: [],
      model: null,
    });
  });

  it('takes the prompt under the names older files give it', () => {
    for (const key of ['task', 'instruction', 'description'])
      expect(Task.parse({ id: 'a', [key]: 'p' }).prompt).toBe('p');
  });

  it('refuses what would spend wrongly or name nothing', () => {
    const bad = [
      { max_budget: 0.01 },
      { min_budget: Number.NaN },
      { max_budget: Number.POSITIVE_INFINITY },
      { min_budget: -1 },
      { prompt: '   ' },
      { id: '' },
      { id: 'a\u0000' },
    ];
    for (const fields of bad)
      expect(Task.safeParse({ id: 'a', prompt: 'p', ...fields }).success, JSON.stringify(fields)).toBe(false);
  });

  it('S6: refuses an id that the record would not keep, without repeating it', () => {
    const id = 'sk-learn-feature-engineering-notes';
    const { error } = Task.safeParse({ id, prompt: 'p' });
    expect(error?.issues[0]?.message).toMatch(/not a task id: it has the shape of an API key/);
    expect(JSON.stringify(error)).not.toContain(id);
    expect(Task.safeParse({ id: 'sk-learn notes', prompt: 'p' }).success).toBe(true);
  });

  it('reads the queue file the seed shipped', () => {
    expect(
      QueueFile.parse({ version: '1.0', api_endpoint: 'http://127.0.0.1:8420', tasks: [] }).tasks,
    ).toEqual([]);
  });

  it('refuses a request with a key it does not know: a misspelt budget is not an unlimited one', () => {
    expect(GrindRequest.safeParse({ prompt: 'p', max_budgets: 1 }).success).toBe(false);
    expect(
      GrindRequest.safeParse({
        prompt: 'p',
        model: null,
        min_budget: 0.05,
        max_budget: 0.1,
        intensity: 'low',
        task_id: 't',
      }).success,
    ).toBe(true);
  });
});
