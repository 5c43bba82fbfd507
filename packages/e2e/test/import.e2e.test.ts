/** Task files through the command line: every shape at once, standard input, what is told of faults, and the seed's own files where they are at hand. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { QueueFile } from '@vivarium/contracts';
import { createHome, until, type Home } from './orchestrator-process.ts';
import { root } from './repository.ts';

let home: Home;
beforeEach(() => {
  home = createHome();
});
afterEach(() => home.remove());

const tasks = () => QueueFile.parse(JSON.parse(home.read('queue.json'))).tasks;
const file = (name: string, content: unknown): string => {
  home.write(name, typeof content === 'string' ? content : JSON.stringify(content, null, 2));
  return home.at(name);
};

const LIST = [
  { task: 'Survey.', budget: 0.03, model: 'groq/compound', priority: 'high', phase: 0 },
  { task: 'Write.', budget: 0.02, phase: 1, tags: ['x'] },
];
const DOCUMENT = {
  meta: { name: 'Radio' },
  tasks: [
    { id: 'ui-1', phase: 1, description: 'Draw.' },
    { id: 'ui-2', phase: 2, description: 'Drag.', dependencies: ['ui-1'] },
  ],
};
const REMARKS = [
  { file: 'app/main.py', line: 27, type: 'TODO', description: 'Handle errors', priority: 'high' },
];

describe('add --file', () => {
  it('takes every shape at once, maps models openly, and says what nothing reads', async () => {
    const { code, out, err } = await home.cli([
      'add',
      '--file',
      file('list.json', LIST),
      file('document.json', DOCUMENT),
      file('remarks.json', REMARKS),
      file('lines.jsonl', '{"task":"One."}\n{"task":"Two."}\n'),
    ]);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(
      /groq\/compound → openai\/gpt-oss-120b \(1\)\npriorities, the highest first: high → 20 \(2\)\nkeys that nothing reads: tags \(1\)\n7 added, 0 already there, 0 rejected\n$/,
    );
    expect(tasks().map(({ id, depends_on }) => [id, depends_on])).toEqual([
      ['list-1', []], ['list-2', ['list-1']], ['ui-1', []], ['ui-2', ['ui-1']], ['remarks-1', []], ['lines-1', []], ['lines-2', []],
    ]); // prettier-ignore
    expect(tasks()[0]).toMatchObject({
      model: 'openai/gpt-oss-120b',
      requested_model: 'groq/compound',
      min_budget: 0.03,
      max_budget: 0.03,
      priority: 20,
    });
  });

  it('tells every fault with file, line, column and reason, adds the rest, and ends with 1', async () => {
    const broken = file('broken.json', '[\n  {"task": "a"}\n]\n[\n  {"task": "b"}\n]\n');
    const mixed = file('mixed.json', [
      { id: 'ok', task: 'x' },
      { id: 'bad', task: 'x', budget: 'much' },
      { id: 'lost', task: 'x', depends_on: ['nowhere'] },
    ]);
    const { code, out } = await home.cli(['add', '--file', broken, mixed, home.at('absent.json')]);
    expect(code).toBe(1);
    expect(out).toContain(`${broken}:4:1: a second JSON document begins here\n`);
    expect(out).toMatch(/mixed\.json:9:15 \(bad\): `budget`: must be a number, not a text/);
    expect(out).toMatch(
      /mixed\.json:11:3 \(lost\): "lost" depends on "nowhere", which is not in the queue\n/,
    );
    expect(out).toContain(`${home.at('absent.json')}: there is no such file\n`);
    expect(out).toMatch(/\n1 added, 0 already there, 4 rejected\n$/);
    expect(tasks().map(({ id }) => id)).toEqual(['ok']);
  });

  it('adds nothing twice: the same again is counted, other work under a known id is refused', async () => {
    const path = file('list.json', LIST);
    await home.cli(['add', '--file', path]);
    expect(await home.cli(['add', '--file', path])).toMatchObject({
      code: 0,
      out: expect.stringMatching(/\n?0 added, 2 already there, 0 rejected\n$/) as unknown,
    });
    file('list.json', [
      LIST[0],
      { ...LIST[1], task: 'Write something else.' },
      { task: 'A third.', phase: 2 },
    ]);
    const { code, out } = await home.cli(['add', '--file', path]);
    expect(code).toBe(1);
    expect(out).toMatch(
      /\(list-2\): a task with the id "list-2" is already in the queue[\s\S]*1 added, 1 already there, 1 rejected/,
    );
    expect(tasks().map(({ id, depends_on }) => [id, depends_on])).toEqual([
      ['list-1', []],
      ['list-2', ['list-1']],
      ['list-3', ['list-2']],
    ]);
  });

  it('reads standard input, and --json answers in one document', async () => {
    const { code, out } = await home.cli(['add', '--file', '-', '--json'], {
      input: '{"task":"From a pipe."}\n{"task":""}\n',
    });
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({
      added: ['stdin-1'],
      already_there: 0,
      rejected: [{ file: '-', line: 2, index: 1, id: 'stdin-2' }],
    });
  });

  it('texts that the gate will refuse are added, and told', async () => {
    const { out } = await home.cli([
      'add',
      '--file',
      file('list.json', [{ task: 'Run rm -rf / on the server.' }]),
    ]);
    expect(out).toMatch(/the safety gate will refuse 1 of them: list-1\n1 added/);
  });

  it('two imports of one file at once add every task once', async () => {
    const path = file(
      'many.json',
      Array.from({ length: 60 }, (_, at) => ({ task: `Number ${at}.` })),
    );
    const ends = await Promise.all([
      home.cli(['add', '--file', path, '--json']),
      home.cli(['add', '--file', path, '--json']),
    ]);
    const answers = ends.map(
      ({ out }) =>
        JSON.parse(out) as { added: readonly string[]; already_there: number; rejected: readonly unknown[] },
    );
    expect(answers.reduce((sum, { added }) => sum + added.length, 0)).toBe(60);
    expect(answers.reduce((sum, { already_there }) => sum + already_there, 0)).toBe(60);
    expect(answers.flatMap(({ rejected }) => rejected)).toEqual([]);
    expect(tasks()).toHaveLength(60);
  });
});

const seed = join(root, '../shared/data/seed-tasks');

// The seed's files are not part of this repository: where they lie beside it, they must go through whole.
describe.runIf(existsSync(seed))('the seed’s own task files', () => {
  const files = existsSync(seed)
    ? readdirSync(seed)
        .filter((name) => name.endsWith('.json'))
        .toSorted()
    : [];

  it('209 entries parse, no two are the same; the two malformed files are told where they break', async () => {
    const { code, out } = await home.cli(['add', '--file', ...files.map((name) => join(seed, name))]);
    expect(code).toBe(1);
    expect(out).toMatch(
      /agi_wave2\.json:84:1: a second JSON document begins here\n.*meta_wave2\.json:50:1: a second JSON document begins here\n/,
    );
    expect(out).toMatch(/\n209 added, 0 already there, 2 rejected\n$/);
    expect(new Set(tasks().map(({ id }) => id)).size).toBe(209);
  });

  it('all of them reach a final state under four workers of sixteen slots, one of them killed -9 half way; nothing twice, the sum is the bill', async () => {
    await home.cli(['add', '--file', ...files.map((name) => join(seed, name))]);
    const run = home.launch(['start', '4', '--concurrency', '16']);
    await until(
      () => home.read('logs/execution_log.jsonl').split('"status":"completed"').length > 100,
      60_000,
      'half of them',
    );
    process.kill(home.workerPids()[0] ?? 0, 'SIGKILL');
    const { out } = await run.ended;
    const { total, completed, failed, refused, skipped } = await home.status();
    expect({ total, final: completed + failed + refused + skipped }, out).toEqual({ total: 209, final: 209 });
    expect([...home.completions().values()].every((count) => count === 1)).toBe(true);
    expect(home.completions().size).toBe(completed);
    const { bill, settled, unknown, held } = home.books();
    expect({ settled, unknown, held }).toEqual({ settled: bill, unknown: 0, held: 0 });
    expect(home.processes()).toEqual([]);
  });
});
