import { ACTION_TYPES, TASK_STATUSES, type ActionRow, type TaskRow } from '@vivarium/contracts';
import { describe, expect, it } from 'vitest';
import type { LogItem } from '../feed/log-items.ts';
import { filterLog, searchFor, TYPES } from './log-filter.ts';
import { listTasks, nextSort, QUEUE_ORDER, STATUS_ORDER } from './task-list.ts';

const none = new Set<never>();
// Only what the list looks at; a whole row has thirty fields.
const task = (id: string, order: number, changes: Partial<TaskRow> = {}): TaskRow =>
  ({
    id,
    order,
    type: 'grind',
    status: 'queued',
    prompt: '',
    input_tokens: 0,
    output_tokens: 0,
    cost_nano_usd: 0,
    held_nano_usd: 0,
    latency_ms: null,
    since: null,
    ...changes,
  }) as TaskRow;
const ids = (rows: readonly TaskRow[]): string => rows.map((row) => row.id).join(' ');

describe('which tasks are shown', () => {
  const tasks = [
    task('b', 1, { status: 'failed', cost_nano_usd: 5 }),
    task('a', 0, { prompt: 'Write a haiku' }),
    task('c', 2, { status: 'completed', cost_nano_usd: 9 }),
  ];

  it('in the order of the queue until asked otherwise', () => {
    expect(ids(listTasks(tasks, none, '', QUEUE_ORDER))).toBe('a b c');
    expect(ids(listTasks(tasks, none, '', { key: 'cost', isDescending: true }))).toBe('c b a');
    expect(ids(listTasks(tasks, none, '', { key: 'status', isDescending: false }))).toBe('b a c');
  });

  it('by status and by words, wherever they stand', () => {
    expect(ids(listTasks(tasks, new Set(['failed', 'completed'] as const), '', QUEUE_ORDER))).toBe('b c');
    expect(ids(listTasks(tasks, none, 'HAIKU write', QUEUE_ORDER))).toBe('a');
    expect(ids(listTasks(tasks, none, 'haiku failed', QUEUE_ORDER))).toBe('');
  });

  it('knows every status there is', () => {
    expect(STATUS_ORDER.toSorted()).toEqual(TASK_STATUSES.toSorted());
  });

  it('a heading sorts, turns, and lets go', () => {
    const once = nextSort(QUEUE_ORDER, 'cost');
    const twice = nextSort(once, 'cost');
    expect([once.isDescending, twice.isDescending]).toEqual([true, false]);
    expect(nextSort(twice, 'cost')).toBe(QUEUE_ORDER);
    expect(nextSort(twice, 'age')).toEqual({ key: 'age', isDescending: true });
  });
});

describe('which lines of the log are shown', () => {
  const line = (from: number, changes: Partial<Extract<ActionRow, { kind: 'line' }>> = {}): LogItem => ({
    kind: 'line',
    from,
    to: from + 1,
    timestamp: '',
    actor: 'worker_1',
    action_type: 'SYSTEM',
    tone: 'purple',
    action: 'claimed',
    detail: 'hello',
    clipped: 0,
    task_id: null,
    simulated: false,
    ...changes,
  });
  const gap: LogItem = { kind: 'gap', from: 0, to: 1 };
  const torn: LogItem = { kind: 'unreadable', from: 5, to: 6, why: '' };
  const items = [
    gap,
    line(1),
    line(2, { action_type: 'ERROR', detail: 'Boom' }),
    line(3, { task_id: 'my task', actor: 'grind' }),
    torn,
  ];
  const shown = (search: string, ...types: (typeof TYPES)[number][]): readonly number[] =>
    filterLog(items, { types: new Set(types), search }).map((item) => item.from);

  it('knows every type there is', () => {
    expect(TYPES).toEqual(ACTION_TYPES);
  });

  it('by several types at once, and a gap always: it may hold what is looked for', () => {
    expect(shown('', 'ERROR')).toEqual([0, 2]);
    expect(shown('', 'ERROR', 'SYSTEM')).toEqual([0, 1, 2, 3]);
  });

  it('by words, and by the fields task and actor', () => {
    expect(shown('boom')).toEqual([0, 2]);
    expect(shown('actor:grind')).toEqual([0, 3]);
    expect(shown(searchFor('task', 'my task'))).toEqual([0, 3]);
    expect(shown('unreadable')).toEqual([0, 5]);
  });

  it('all of them when nothing is asked', () => {
    expect(filterLog(items, { types: new Set(), search: ' ' })).toBe(items);
  });
});
