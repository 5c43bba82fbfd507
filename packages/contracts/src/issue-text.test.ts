import { describe, expect, it } from 'vitest';
import { issueText } from './issue-text.ts';
import { Task } from './task.ts';

const saidOf = (more: Readonly<Record<string, unknown>>): readonly string[] => {
  const parsed = Task.safeParse({ id: 'a', prompt: 'p', ...more });
  return parsed.success ? [] : parsed.error.issues.map(issueText);
};

describe('what is wrong with a field', () => {
  it.each([
    [{ min_budget: '0.05' }, 'must be a number, not a text'],
    [{ depends_on: 'a' }, 'must be a list, not a text'],
    [{ depends_on: [7] }, 'must be a text, not a number'],
    [{ parallel_safe: 'yes' }, 'must be true or false, not a text'],
    [{ max_tokens: 1.5 }, 'must be a whole number, not a number'],
    [{ prompt: undefined }, 'is missing'],
    [{ status: 'done' }, 'must be "pending"'],
    [{ intensity: 'huge' }, 'must be one of "low", "medium", "high"'],
    [{ temperature: 3 }, 'must be at most 2'],
    [{ temperature: -1 }, 'must be at least 0'],
    [{ min_budget: 0 }, 'must be more than 0'],
    [{ type: '' }, 'must not be empty'],
    [{ source: { file: 'f', index: 0, page: 1 } }, 'has a key that nothing reads: page'],
    [{ prompt: ' ' }, 'the prompt is empty'],
    [{ min_budget: 2, max_budget: 1 }, 'max_budget is below min_budget'],
  ])('%j %s', (more, said) => {
    expect(saidOf(more)).toEqual([said]);
  });

  it('an entry that is none', () => {
    const parsed = Task.safeParse(7);
    expect(parsed.error?.issues.map(issueText)).toEqual(['must be an object, not a number']);
  });
});
