import { Task } from '@vivarium/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readTask } from './read-task.ts';

/** As this program writes a task: every field there, defaults filled in. */
const written = Task.parse({ id: 'a', prompt: 'p', status: 'pending' });

describe('a task read from a segment', () => {
  it('is what the schema makes of it, whatever stands in its fields', () => {
    const number = fc.oneof(
      fc.constantFrom(0, -0, 1, 2, 100, -100, 101, 65_536, 65_537, 86_400, 86_401, 0.5, 1e-320, -1),
      fc.double(),
    );
    const value = fc.oneof(
      number,
      fc.constantFrom<unknown>(undefined, null, '', ' ', 'x', true, [], ['b'], [1], {}, 'pending', 'medium'),
      fc.constantFrom<unknown>(
        { file: 'f', index: 0 },
        { file: 'f', index: -1 },
        { file: 'f', index: 2, line: 3 },
        { file: 'f', index: 2, line: 0 },
        { file: 'f', index: 2, more: 1 },
        '2026-11-26T10:00:00.000Z',
      ),
    );
    const field = fc.constantFrom(...Object.keys(written), ...MORE);
    const change = fc.array(fc.tuple(field, value), { maxLength: 3 });
    fc.assert(
      fc.property(change, (changes) => {
        // Through text, as in a segment: what is undefined, or no number of JSON, is not there or null.
        const line: unknown = JSON.parse(JSON.stringify({ ...written, ...Object.fromEntries(changes) }));
        const parsed = Task.safeParse(line);
        const read = readTask(line);
        if (parsed.success) expect(read).toEqual(parsed.data);
        else expect(read).toBeTypeOf('string');
      }),
      { numRuns: 3_000 },
    );
  });

  it('is the same object, neither checked nor copied by the schema, when it is one of ours', () => {
    const full = {
      ...written,
      max_tokens: 128,
      temperature: 0.7,
      priority: -5,
      timeout_seconds: 30,
      attempts: 2,
      requested_model: 'gpt',
      source: { file: 'tasks.jsonl', index: 3, line: 4 },
    };
    expect(readTask(full)).toBe(full);
  });
});

const MORE = [
  'max_tokens',
  'temperature',
  'priority',
  'timeout_seconds',
  'attempts',
  'requested_model',
  'source',
  'not_before',
  'task',
  'other',
];
