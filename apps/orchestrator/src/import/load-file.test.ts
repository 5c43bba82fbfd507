import { Task } from '@vivarium/contracts';
import { describe, expect, it } from 'vitest';
import { loadFile, stemOf, type LoadedFile } from './load-file.ts';
import { modelAliases } from './model-aliases.ts';

const WHITELIST = [
  'llama-3.1-8b-instant',
  'llama-3.3-70b-versatile',
  'openai/gpt-oss-120b',
  'openai/gpt-oss-20b',
];
const load = (content: unknown, file = 'plan.json'): LoadedFile =>
  loadFile(typeof content === 'string' ? content : JSON.stringify(content, null, 2), file, WHITELIST);
const tasksOf = (loaded: LoadedFile) => loaded.tasks.map(({ task }) => task);
const waitsOf = (loaded: LoadedFile) =>
  Object.fromEntries(loaded.tasks.map(({ task }) => [task.id, task.depends_on]));
const reasonsOf = (loaded: LoadedFile) =>
  loaded.faults.map(({ at, reason }) => `${at.line}:${at.column} ${reason}`);

it('a line break in a text in quotes is named as what leaves it open', () => {
  expect(reasonsOf(load('[{"task": "two\nlines"}]'))).toEqual([
    '1:11 the text in quotes is not closed (a line break inside must be written \\n)',
  ]);
  expect(reasonsOf(load('[{"task": "open'))).toEqual(['1:11 the text in quotes is not closed']);
});

describe('the shapes of task files', () => {
  it('a list of {task, budget, model, priority, phase}: text word for word, ids from stem and position, budget as the most', () => {
    const loaded = load(
      [
        {
          task: 'Survey the papers.\n\n1. List five.',
          budget: 0.3,
          model: 'groq/compound',
          priority: 'high',
          phase: 0,
          tags: ['a'],
        },
        {
          task: 'Write it up.',
          budget: 0.02,
          model: 'llama-3.3-70b-versatile',
          priority: 'low',
          phase: 1,
          parallel_group: 'g',
        },
      ],
      'dir/grind_tasks_kernel.json',
    );
    expect(loaded.faults).toEqual([]);
    expect(tasksOf(loaded)).toMatchObject([
      {
        id: 'grind_tasks_kernel-1',
        type: 'grind',
        prompt: 'Survey the papers.\n\n1. List five.',
        min_budget: 0.05,
        max_budget: 0.3,
        model: 'openai/gpt-oss-120b',
        requested_model: 'groq/compound',
        source: { file: 'dir/grind_tasks_kernel.json', index: 0, line: 2 },
      },
      {
        id: 'grind_tasks_kernel-2',
        min_budget: 0.02,
        max_budget: 0.02,
        model: 'llama-3.3-70b-versatile',
        depends_on: ['grind_tasks_kernel-1'],
      },
    ]);
    expect(tasksOf(loaded)[1]).not.toHaveProperty('requested_model');
    expect(Object.fromEntries(loaded.ignoredKeys)).toEqual({ tags: 1, parallel_group: 1 });
    expect(loaded.tasks.map(({ task, priorityWord }) => [task.priority, priorityWord])).toEqual([
      [20, 'high'],
      [0, 'low'],
    ]);
  });

  it('{meta, tasks} with descriptions: budgets absent are the defaults, dependencies are kept', () => {
    const loaded = load({
      meta: { name: 'Radio', budget: 1 },
      tasks: [
        { id: 'ui-1', phase: 1, component: 'Nodes', description: 'Draw the nodes.', output_file: 'a.js' },
        { id: 'ui-2', phase: 1, description: 'Drag them.', dependencies: ['ui-1'] },
      ],
    });
    expect(tasksOf(loaded)).toMatchObject([
      {
        id: 'ui-1',
        prompt: 'Draw the nodes.',
        min_budget: 0.05,
        max_budget: 0.1,
        model: null,
        depends_on: [],
      },
      { id: 'ui-2', depends_on: ['ui-1'] },
    ]);
  });

  it('{tasks} with numbers as ids: they become texts, also where they are named', () => {
    const loaded = load({
      tasks: [
        {
          id: 1,
          description: 'One.',
          budget: 0.1,
          model: 'haiku',
          expected_output: 'a list',
          dependencies: [],
        },
        {
          id: 2,
          description: 'Two.',
          budget: 0.1,
          model: 'fast',
          expected_output: 'a list',
          dependencies: [1],
        },
      ],
    });
    expect(waitsOf(loaded)).toEqual({ 1: [], 2: ['1'] });
    expect(tasksOf(loaded).map(({ model }) => model)).toEqual([
      'llama-3.1-8b-instant',
      'llama-3.1-8b-instant',
    ]);
  });

  it('remarks found in code: their place goes into the prompt, their kind becomes the type', () => {
    const loaded = load(
      [{ file: 'app/main.py', line: 27, type: 'TODO', description: 'Handle errors', priority: 'high' }],
      'found.json',
    );
    expect(tasksOf(loaded)).toMatchObject([
      { id: 'found-1', type: 'todo', prompt: 'Resolve the TODO at line 27 of app/main.py: Handle errors' },
    ]);
    expect(tasksOf(loaded)[0]?.priority).toBe(20);
    expect(loaded.ignoredKeys.size).toBe(0);
  });

  it('priority as a word or a number, not_before, timeout_seconds and attempts are what they are in queue.json', () => {
    const entry = (more: object) => ({ task: 'x', ...more });
    const loaded = load([
      entry({ priority: ' Critical', not_before: '2026-12-01T08:00:00+02:00' }),
      entry({ priority: 'medium', timeout_seconds: 2.5, attempts: 1 }),
      entry({ priority: -7 }),
      entry({}),
    ]);
    expect(loaded.faults).toEqual([]);
    expect(tasksOf(loaded)).toMatchObject([
      { priority: 30, not_before: '2026-12-01T06:00:00.000Z' },
      { priority: 10, timeout_seconds: 2.5, attempts: 1 },
      { priority: -7 },
      {},
    ]);
    expect(tasksOf(loaded)[3]?.priority).toBeUndefined();
    expect(loaded.ignoredKeys.size).toBe(0);
  });

  it('and what they cannot be is told', () => {
    const reasons = [{ priority: 'asap' }, { priority: 101 }, { not_before: '+5m' }, { not_before: 7 }, { timeout_seconds: 0 }, { attempts: 0 }].map(
      (more) => reasonsOf(load([{ task: 'x', ...more }]))[0] ?? '',
    ); // prettier-ignore
    for (const [at, key] of ['priority', 'priority', 'not_before', 'not_before', 'timeout_seconds', 'attempts'].entries())
      expect(reasons[at]).toContain(`\`${key}\``); // prettier-ignore
    expect(reasons[0]).toContain('a whole number or one of critical, high, medium, low');
  });

  it('every task as the queue takes it without another look: parsed, with the word of the seed', () => {
    for (const { task } of load([
      { id: 'a', prompt: 'p' },
      { id: 'b', task: 't', budget: 1, depends_on: 'a' },
    ]).tasks)
      expect(Object.keys(task)).toEqual(Object.keys(Task.parse(task)));
    expect(load(['t']).tasks[0]?.task.status).toBe('pending');
  });

  it('a queue.json, a list of texts, and one task alone', () => {
    const queue = load({
      version: '1.0',
      tasks: [
        {
          id: 'a',
          type: 'code',
          prompt: 'p',
          min_budget: 0.01,
          max_budget: 0.02,
          intensity: 'high',
          status: 'pending',
        },
      ],
    });
    expect(tasksOf(queue)).toMatchObject([
      { id: 'a', type: 'code', min_budget: 0.01, max_budget: 0.02, intensity: 'high' },
    ]);
    expect(queue.ignoredKeys.size).toBe(0);
    expect(tasksOf(load(['first', 'second']))).toMatchObject([
      { id: 'plan-1', prompt: 'first' },
      { id: 'plan-2', prompt: 'second' },
    ]);
    expect(tasksOf(load({ task: 'only' }, '-'))).toMatchObject([{ id: 'stdin-1', prompt: 'only' }]);
  });

  it('JSON Lines: by name, or when every line is an object; a bad line is one fault and the others count', () => {
    const lines =
      '{"id":"a","task":"one"}\n\n{"id":"b","task":}\n{"id":"c","task":"three","depends_on":"a"}\n';
    const loaded = load(lines, 'plan.jsonl');
    expect(waitsOf(loaded)).toEqual({ a: [], c: ['a'] });
    expect(reasonsOf(loaded)).toEqual(['3:18 a value should stand here']);
    expect(loaded.faults[0]?.index).toBe(1);
    expect(tasksOf(load('{"task":"x"}\n{"task":"y"}', '-')).map(({ id }) => id)).toEqual([
      'stdin-1',
      'stdin-2',
    ]);
    expect(loaded.tasks[1]?.at).toEqual({ line: 4, column: 1 });
  });
});

describe('a document that is not JSON is refused whole, where it breaks', () => {
  it.each([
    ['[{"task":"a"}]\n[{"task":"b"}]', '2:1 a second JSON document begins here'],
    ['{"tasks": []}\n  {"task": "b"}', '2:3 a second JSON document begins here'],
    ['[{"task":"a"}] 42', '1:16 something follows the end of the JSON document'],
    ['[{"task":"a"}] and more', '1:16 this is not JSON'],
    ['[\n  // first\n  {"task":"a"}\n]', '2:3 comments are not JSON'],
    ['[{"task":"a"},\n]', '2:1 a value should stand here'],
    ['[{"task":"a"}', '1:14 the list is not closed'],
    ['[{"task" "a"}]', '1:10 a colon should stand here'],
    ['', '1:1 the file is empty'],
    ['  \n ', '1:1 the file is empty'],
    ['42', '1:1 neither a list of tasks, nor an object with a list `tasks`, nor one task'],
    ['{"tasks": 3}', '1:1 neither a list of tasks, nor an object with a list `tasks`, nor one task'],
    ['['.repeat(200_000), '1:1 it is nested too deeply'],
  ])('%j', (text, fault) => {
    const loaded = load(text.slice(0, 400_000));
    expect(reasonsOf(loaded)).toEqual([fault]);
    expect(loaded.tasks).toEqual([]);
  });

  it('a byte order mark is no fault', () => {
    expect(tasksOf(load('\uFEFF[{"task":"a"}]'))).toHaveLength(1);
  });
});

describe('an entry that is no task is refused alone, with its place', () => {
  it.each([
    [{ id: 'x' }, '2:3 it has no text: one of prompt, task, instruction, description is needed'],
    [{ task: 7 }, '3:13 `task` is not a text'],
    [{ task: '  ' }, '3:13 `task`: the prompt is empty'],
    [{ id: true, task: 'a' }, '3:11 an id is a text or a number'],
    [{ id: ' a', task: 'a' }, '3:11 `id`: not a task id: it begins or ends with a blank'],
    [{ task: 'a', budget: -1 }, '4:15 `budget`: must be more than 0'],
    [{ task: 'a', budget: 'much' }, '4:15 `budget`: must be a number, not a text'],
    [{ task: 'a', min_budget: 0.3, max_budget: 0.2 }, '5:19 `max_budget`: max_budget is below min_budget'],
    [
      { task: 'a', model: 'gpt-4' },
      `4:14 the model 'gpt-4' is neither on the whitelist nor known by another name; the whitelist: ${WHITELIST.join(', ')}`,
    ],
    [{ task: 'a', depends_on: { id: 1 } }, '4:19 `depends_on` is a list of ids'],
    [{ task: 'a', phase: [1] }, '4:14 `phase` is a number or a text'],
    [{ task: 'a', intensity: 'huge' }, '4:18 `intensity`: must be one of "low", "medium", "high"'],
    [7, '2:3 an entry is an object or a text'],
  ])('%j', (entry, fault) => {
    const loaded = load([entry, { id: 'good', task: 'fine' }]);
    expect(reasonsOf(loaded)).toEqual([fault]);
    expect(tasksOf(loaded).map(({ id }) => id)).toEqual(['good']);
  });
});

describe('phases', () => {
  const phased = (...phases: readonly unknown[]) =>
    load(phases.map((phase, at) => ({ id: `t${at}`, task: 'x', ...(phase === null ? {} : { phase }) })));

  it('wait for everything of the phase before, ordered by number and not as text', () => {
    expect(waitsOf(phased(10, 9, 9, 2))).toEqual({ t0: ['t1', 't2'], t1: ['t3'], t2: ['t3'], t3: [] });
    expect(waitsOf(phased('Phase 10', 'Phase 9'))).toEqual({ t0: ['t1'], t1: [] });
  });

  it('that are words are ordered as they first appear', () => {
    expect(waitsOf(phased('plan', 'build', 'plan', 'ship'))).toEqual({
      t0: [],
      t1: ['t0', 't2'],
      t2: [],
      t3: ['t1'],
    });
  });

  it('absent wait for nothing and hold up nobody; parallel_group orders nothing', () => {
    expect(waitsOf(phased(0, null, 1))).toEqual({ t0: [], t1: [], t2: ['t0'] });
    const grouped = load([
      { id: 'a', task: 'x', parallel_group: 'g' },
      { id: 'b', task: 'y', parallel_group: 'g' },
    ]);
    expect(waitsOf(grouped)).toEqual({ a: [], b: [] });
  });

  it('all_phase_X names the whole phase of this file, never the task itself, and must exist', () => {
    const loaded = load([
      { id: 'a', task: 'x', phase: 0 },
      { id: 'b', task: 'x', phase: 0 },
      { id: 'c', task: 'x', phase: 0, depends_on: ['all_phase_0'] },
      { id: 'd', task: 'x', depends_on: ['all_phase_0', 'elsewhere'] },
      { id: 'e', task: 'x', depends_on: ['all_phase_7'] },
    ]);
    expect(waitsOf(loaded)).toEqual({ a: [], b: [], c: ['a', 'b'], d: ['a', 'b', 'c', 'elsewhere'] });
    expect(reasonsOf(loaded)).toEqual([
      expect.stringContaining("depends on 'all_phase_7', but no entry of this file is in phase 7"),
    ]);
  });

  it('a task really called all_phase_0 is meant before the phase', () => {
    expect(
      waitsOf(
        load([
          { id: 'all_phase_0', task: 'x', phase: 0 },
          { id: 'b', task: 'x', phase: 0 },
          { id: 'c', task: 'y', depends_on: ['all_phase_0'] },
        ]),
      )['c'],
    ).toEqual(['all_phase_0']);
  });
});

describe('names', () => {
  it('every alias leads to the whitelist, and none hides a model of it', () => {
    for (const { name, model } of modelAliases) {
      expect(WHITELIST, name).toContain(model);
      expect(WHITELIST, name).not.toContain(name);
    }
  });

  it('aliases match whole names in any case, or what begins with the part before the star', () => {
    const models = ['claude-sonnet-4-20250514', 'HAIKU', 'groq/compound-mini', 'llama-70b'].map(
      (model) => tasksOf(load([{ task: 'x', model }]))[0]?.model,
    );
    expect(models).toEqual([
      'openai/gpt-oss-120b',
      'llama-3.1-8b-instant',
      'llama-3.1-8b-instant',
      'llama-3.3-70b-versatile',
    ]);
  });

  it('the stem of a file is its name without directories and its last extension', () => {
    expect(['a/b.c.json', '-', '.hidden', 'plain'].map(stemOf)).toEqual(['b.c', 'stdin', '.hidden', 'plain']);
  });
});
