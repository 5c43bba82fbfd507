import { isVivariumError } from '@vivarium/core';
import { describe, expect, it } from 'vitest';
import { loadQueueFile, withTasks } from './queue-file.ts';

const messageOf = (text: string): string => {
  try {
    loadQueueFile(text, 'queue.json');
  } catch (error) {
    if (isVivariumError(error) && error.code === 'queue_unreadable') return error.message;
    throw error;
  }
  throw new Error('the file was accepted');
};

const good = `{
  "version": "1.0",
  "owner": "somebody",
  "tasks": [
    { "id": "a", "prompt": "p", "note": { "kept": [1, 2] } },
    { "id": "b", "description": "old word for prompt", "depends_on": ["a"] }
  ],
  "completed": []
}`;

describe('queue.json', () => {
  it('fills in defaults and knows the old words for a prompt', () => {
    expect(loadQueueFile(good, 'queue.json').tasks).toMatchObject([
      { id: 'a', min_budget: 0.05, max_budget: 0.1, depends_on: [] },
      { id: 'b', prompt: 'old word for prompt' },
    ]);
  });

  it('tolerates a byte order mark', () => {
    expect(loadQueueFile(`\uFEFF${good}`, 'queue.json').tasks).toHaveLength(2);
  });

  it('keeps what it does not know, of the file and of its tasks, when tasks are added', () => {
    const queue = loadQueueFile(good, 'queue.json');
    const [task] = loadQueueFile('{"tasks":[{"id":"c","prompt":"p"}]}', 'queue.json').tasks;
    const text = withTasks(queue, task === undefined ? [] : [task]);
    const before = JSON.parse(good) as { tasks: unknown[] };
    expect(JSON.parse(text)).toEqual({ ...before, tasks: [...before.tasks, task] });
    expect(text.endsWith('}\n')).toBe(true);
  });

  it('takes tasks that were not edited over from the version before, as the same objects', () => {
    const before = loadQueueFile(good, 'queue.json');
    const after = loadQueueFile(good.replace('"old word', '"new word'), 'queue.json', undefined, before);
    expect(after.tasks[0]).toBe(before.tasks[0]);
    expect(after.tasks[1]).not.toBe(before.tasks[1]);
  });

  it.each([
    [
      '{\n  "tasks": [\n    { "id": "a" "prompt": "p" }\n  ]\n}',
      'queue.json:3:17 not valid JSON: comma expected',
    ],
    ['', 'queue.json:1:1 not valid JSON: value expected'],
    ['{"tasks":[]} x', 'queue.json:1:14 not valid JSON'],
    [
      '{"tasks": [{"id": "a", "prompt": "two\nlines"}]}',
      'queue.json:1:34 not valid JSON: unexpected end of string (a line break inside must be written \\n)',
    ],
    ['{"tasks": "x', 'queue.json:1:11 not valid JSON: unexpected end of string'],
    ['[]', 'queue.json:1:1 the file must hold an object with the key "tasks"'],
    ['{"version": "1.0"}', 'queue.json:1:1 tasks: the key "tasks" is missing'],
    ['{"tasks": {}}', 'queue.json:1:11 tasks: must be a list of tasks'],
    [
      '{\n"tasks": [\n{"id": "a", "prompt": "p", "max_budget": -1}]}',
      'queue.json:3:42 tasks[0].max_budget: must be more than 0',
    ],
    ['{"tasks": [\n{"id": "a"}]}', 'queue.json:2:1 tasks[0].prompt: is missing'],
    ['{"tasks": [\n 7]}', 'queue.json:2:2 tasks[0]: must be an object, not a number'],
    [
      '{"tasks": [{"id": " ", "prompt": "p"}]}',
      'queue.json:1:19 tasks[0].id: not a task id: it begins or ends with a blank',
    ],
    [
      '{"tasks": [{"id":"a","prompt":"p"},\n{"id":"a","prompt":"p"}]}',
      'queue.json:2:7 tasks[1].id: the id "a" is used twice',
    ],
    [
      '{"tasks": [{"id":"a","prompt":"p","depends_on":[\n"x"]}]}',
      'queue.json:2:1 tasks[0].depends_on[0]: "a" depends on "x", which is not in the queue',
    ],
    [
      '{"tasks": [{"id":"a","prompt":"p","depends_on":["b"]},{"id":"b","prompt":"p","depends_on":["a"]}]}',
      '"a" waits for itself: "a" → "b" → "a"',
    ],
  ])('Q10: tells where it breaks, and why: %s', (text, expected) => {
    expect(messageOf(text)).toContain(expected);
  });

  it('tells all faults, but not more than can be read', () => {
    const message = messageOf(
      JSON.stringify({ tasks: Array.from({ length: 30 }, (_, index) => ({ id: `t${index}` })) }),
    );
    expect(message.split('\n')).toHaveLength(11);
    expect(message).toContain('and 20 more');
  });
});
