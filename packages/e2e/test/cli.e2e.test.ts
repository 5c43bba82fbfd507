/** The command line as people type it: every command, every flag's effect, every exit code that needs no run. */
import { execFile } from 'node:child_process';
import {
  existsSync,
  mkdtempSync,
  mkdirSync,
  readdirSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { QueueFile, StatusReport } from '@vivarium/contracts';
import {
  createHome,
  launchCli,
  orchestratorMain,
  taskNamed,
  type Ended,
  type Home,
} from './orchestrator-process.ts';
import { root } from './repository.ts';

let home: Home;
beforeEach(() => {
  home = createHome();
});
afterEach(() => home.remove());

/** The command line within a line of bash, on the home of the test. */
const outputOf = (words: string) =>
  new Promise<Ended>((resolve) => {
    const line = `'${process.execPath}' '${orchestratorMain}' --home '${home.path}' ${words}`;
    execFile('bash', ['-c', line], (error, out, err) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, out, err }),
    );
  });
const tasks = () => QueueFile.parse(JSON.parse(home.read('queue.json'))).tasks;

describe('usage', () => {
  it.each([
    [['ad'], /unknown command 'ad'[\s\S]*Did you mean add\?/],
    [['start', '--concurency', '2'], /unknown option '--concurency'[\s\S]*Did you mean --concurrency\?/],
    [['start', '0'], /^ERROR: workers: a whole number from 1 to 32, got '0'\n$/],
    [['up', '33'], /workers: a whole number from 1 to 32, got '33'/],
    [['start', '--run-cap', '-1'], /'-1' is not an amount in US dollars, 0 or more/],
    [['up', '--run-cap', 'abc'], /'abc' is not an amount in US dollars, 0 or more/],
    [['add', 'a,b', 'grind', '--prompt', 'x'], /'a,b' has a comma in it, where --depends-on/],
    [['start', '2', 'stray'], /too many arguments/],
    [['start', '--concurrency', '0'], /'0' is not a whole number from 1 to 256/],
    [['status', 'stray'], /too many arguments/],
    [['add', 'a', 'grind'], /--prompt is missing/],
    [['add', 'a', '--prompt', 'x'], /an id and a type are needed/],
    [['add', 'a', 'grind', '--prompt'], /argument missing/],
    [['add', 'a', 'grind', '--prompt', 'x', '--task', 'y'], /cannot be used with/],
    [['add', 'a', 'grind', '--prompt', 'x', '--min', 'nan'], /'nan' is not an amount/],
    [['add', 'a', 'grind', '--prompt', 'x', '--max', 'Infinity'], /'Infinity' is not an amount/],
    [['add', 'a', 'grind', '--prompt', 'x', '--min', '-1'], /'-1' is not an amount/],
    [['add', 'a', 'grind', '--prompt', 'x', '--min', '0'], /'0' is not an amount/],
    [['add', 'a', 'grind', '--prompt', 'x', '--min', '0.2', '--max', '0.1'], /--max 0.1 is below --min 0.2/],
    [['add', 'a', 'grind', '--prompt', 'x', '--intensity', 'huge'], /Allowed choices are low, medium, high/],
    [['add', 'a', 'grind', '--prompt', 'x', '--model', 'haiku'], /'haiku' is not on the whitelist/],
    [['add', 'a', 'grind', '--prompt', 'x', '--temperature', '3'], /'3' is not a temperature/],
    [['add', 'a', 'grind', '--prompt', 'x', '--max-tokens', '1.5'], /'1.5' is not a whole number/],
    [['add', 'a', 'grind', '--prompt', 'x', '--depends-on', 'a,,b'], /names an empty id/],
    [['add', 'a', 'grind', '--prompt', '  '], /the prompt is empty/],
    [['add', 'a', 'grind', '--prompt', 'x', '--priority', '101'], /'101' is not a whole number from -100/],
    [['add', 'a', 'grind', '--prompt', 'x', '--timeout', '0'], /'0' is not a number of seconds/],
    [['add', 'a', 'grind', '--prompt', 'x', '--attempts', '0'], /'0' is not a whole number from 1 to 100/],
    [['add', 'a', 'grind', '--prompt', 'x', '--not-before', 'soon'], /--not-before 'soon' is no time/],
    [['add', '--priority', '1', '--file', 'x.json'], /do not go with it/],
    [['retry'], /one way of choosing is needed/],
    [['retry', 'a', '--all'], /one way of choosing is needed/],
    [['retry', '--all', '--simulated'], /one way of choosing is needed/],
    [['retry', '--matching', ''], /an empty text matches everything/],
    [['cancel'], /one way of choosing is needed/],
    [['cancel', 'a', '--matching', 'b'], /one way of choosing is needed/],
    [['show'], /missing required argument 'id'/],
    [['show', 'a', '--output', '--json'], /cannot be used with/],
    [['logs', '--type', 'safety'], /'safety' is none of TOOL, COST,/],
    [['logs', '-n', 'x'], /'x' is not a whole number/],
    [['add', 'a', '--file', 'x.json'], /do not go with it/],
    [['up', '--once', '--panel-port', '0'], /'--panel-port <port>' cannot be used with option '--once'/],
    [['clear', '--force'], /unknown option '--force'/],
  ])('%j is refused with exit code 2, says why, and changes nothing', async (args, words) => {
    const { code, out, err } = await home.cli(args);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toMatch(words);
    expect(tasks()).toEqual([]);
  });

  it('every command explains itself, and without one all are listed', async () => {
    for (const name of [
      'add',
      'start',
      'up',
      'status',
      'show',
      'logs',
      'retry',
      'cancel',
      'clear',
      'init',
      'pause',
      'resume',
      'halt',
      'hold',
      'drain',
      'clear-halt',
      'audit',
      'replay',
      'breaker',
      'panel',
    ]) {
      const { code, out } = await home.cli([name, '--help']);
      expect({ name, code }).toEqual({ name, code: 0 });
      expect(out).toMatch(new RegExp(`Usage: orchestrator ${name}`));
    }
    const bare = await launchCli([]).ended;
    expect(bare.code).toBe(2);
    expect(bare.err).toMatch(/Commands:/);
  });
});

describe('add', () => {
  it('writes what every flag says', async () => {
    await home.cli(['add', 'first', 'grind', '--task', 'The alias.']);
    await home.cli(['add', 'other', 'grind', '--prompt', 'x']);
    const words =
      'add task-1 review --min 0.05 --max 0.10 --intensity high --model openai/gpt-oss-20b --depends-on first,other --depends-on first';
    const { code, out } = await home.cli([
      ...words.split(' '),
      '--max-tokens',
      '99',
      '--temperature',
      '0.7',
      '--prompt',
      '- a text that begins with a dash',
    ]);
    expect({ code, out }).toEqual({
      code: 0,
      out: '✓ Added task: task-1\n  Type: review | Budget: $0.05-$0.10 | Intensity: high\n  Worst case: $0.0000342 a call, $0.10 in all\n',
    });
    expect(tasks()[0]).toMatchObject({
      id: 'first',
      prompt: 'The alias.',
      min_budget: 0.05,
      max_budget: 0.1,
      intensity: 'medium',
      model: null,
      depends_on: [],
    });
    expect(tasks()[2]).toEqual({
      id: 'task-1', type: 'review', prompt: '- a text that begins with a dash', min_budget: 0.05, max_budget: 0.1, intensity: 'high', status: 'pending',
      depends_on: ['first', 'other'], parallel_safe: true, model: 'openai/gpt-oss-20b', max_tokens: 99, temperature: 0.7,
    }); // prettier-ignore
  });

  it('--priority, --not-before, --timeout and --attempts are in the task; a delay counts from now', async () => {
    const before = Date.now();
    const words = 'later grind --prompt x --priority -7 --not-before +2h --timeout 2.5 --attempts 2';
    const { out } = await home.cli(['add', ...words.split(' ')]);
    expect(tasks()[0]).toMatchObject({ priority: -7, timeout_seconds: 2.5, attempts: 2 });
    const { not_before: notBefore = '' } = tasks()[0] ?? {};
    expect(out).toContain(`Not before: ${notBefore}\n`);
    expect(Date.parse(notBefore) - before - 7_200_000).toBeGreaterThanOrEqual(0);
    expect(Date.parse(notBefore) - before - 7_200_000).toBeLessThan(60_000);
  });

  it('a small --max alone lowers what must be free with it', async () => {
    await home.cli(['add', 'cheap', 'grind', '--prompt', 'x', '--max', '0.01']);
    expect(tasks()[0]).toMatchObject({ min_budget: 0.01, max_budget: 0.01 });
  });

  it('refuses a known id, an unknown dependency (Q10) and a text the gate refuses, with exit code 1 and the reason', async () => {
    await home.cli(['add', 'a', 'grind', '--prompt', 'x']);
    const cases: readonly (readonly [readonly string[], RegExp])[] = [
      [['add', 'a', 'grind', '--prompt', 'y'], /"a" is already in the queue/],
      [
        ['add', 'b', 'grind', '--prompt', 'y', '--depends-on', 'zz'],
        /"b" depends on "zz", which is not in the queue/,
      ],
      [
        ['add', 'c', 'grind', '--prompt', 'Run rm -rf / on the server.'],
        /the safety gate refuses this text: .*rule /,
      ],
    ];
    for (const [args, words] of cases) {
      const { code, err } = await home.cli(args);
      expect(code).toBe(1);
      expect(err).toMatch(words);
    }
    expect(tasks().map(({ id }) => id)).toEqual(['a']);
  });

  it('--json answers in one document, refused or not', async () => {
    expect(JSON.parse((await home.cli(['add', 'a', 'grind', '--prompt', 'x', '--json'])).out)).toEqual({
      added: ['a'],
      rejected: [],
    });
    const again = JSON.parse(
      (await home.cli(['add', 'a', 'grind', '--prompt', 'x', '--json'])).out,
    ) as unknown;
    expect(again).toMatchObject({
      added: [],
      rejected: [{ id: 'a', reason: expect.stringContaining('already') as unknown }],
    });
  });

  it('two dozen at once lose none', async () => {
    const ids = Array.from({ length: 24 }, (_, at) => `t${at}`);
    const ends = await Promise.all(ids.map((id) => home.cli(['add', id, 'grind', '--prompt', 'x'])));
    expect(new Set(ends.map(({ code }) => code))).toEqual(new Set([0]));
    expect(
      tasks()
        .map(({ id }) => id)
        .toSorted(),
    ).toEqual(ids.toSorted());
  });
});

describe('homes', () => {
  it('--home, else VIVARIUM_HOME, else the nearest directory above with a queue.json', async () => {
    const other = createHome();
    try {
      const deep = other.at('a', 'b');
      mkdirSync(deep, { recursive: true });
      const flag = await launchCli(['status', '--json', '--home', home.path], {
        env: { VIVARIUM_HOME: other.path },
      }).ended;
      const variable = await launchCli(['status', '--json'], { env: { VIVARIUM_HOME: home.path }, cwd: deep })
        .ended;
      const nearest = await launchCli(['status', '--json'], { cwd: deep }).ended;
      const homes = [flag, variable, nearest].map(({ out }) => StatusReport.parse(JSON.parse(out)).home);
      expect(homes).toEqual([home.path, home.path, other.path]);
    } finally {
      await other.remove();
    }
  });

  it('the repository as the home of last resort is named on standard error, by every command', async () => {
    const { code, err } = await launchCli(['status', '--json'], { cwd: tmpdir() }).ended;
    expect(code).toBe(0);
    expect(err).toBe(
      `home: ${root} (the repository: no queue.json above ${tmpdir()}; name another with --home)\n`,
    );
    expect((await home.cli(['status'])).err).toBe('');
  });

  it('one that was named and is none is a fault, never a reason to take another', async () => {
    const { code, err } = await launchCli(['--home', home.at('nowhere'), 'status'], { cwd: home.path }).ended;
    expect(code).toBe(4);
    expect(err).toMatch(/there is no directory .*nowhere[\s\S]*orchestrator init/);
  });

  it('init makes one, and leaves one that is there as it is', async () => {
    const directory = join(realpathSync(mkdtempSync(join(tmpdir(), 'vivarium-init-'))), 'new', 'work');
    try {
      const made = await launchCli(['init', directory, '--json']).ended;
      expect(made.code).toBe(0);
      expect(JSON.parse(made.out)).toMatchObject({
        home: directory,
        created: expect.arrayContaining(['queue.json', 'logs', 'task_locks']) as unknown,
      });
      expect((await launchCli(['add', 'a', 'grind', '--prompt', 'x'], { cwd: directory }).ended).code).toBe(
        0,
      );
      const again = await launchCli(['init'], { cwd: directory }).ended;
      expect(again.out).toMatch(/is a home already; nothing was changed/);
      const report = StatusReport.parse(
        JSON.parse((await launchCli(['status', '--json'], { cwd: directory }).ended).out),
      );
      expect(report.total).toBe(1);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
});

describe('pause, resume, halt', () => {
  it('write the control files with reason and actor, and say what they did; HALT needs a reason to be left (S3)', async () => {
    expect(await home.cli(['pause', '--reason', 'lunch'])).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^PAUSED: lunch/) as unknown,
    });
    expect(JSON.parse(home.read('PAUSE'))).toMatchObject({
      paused: true,
      reason: 'lunch',
      actor: 'operator',
    });
    expect((await home.cli(['pause'])).out).toMatch(/Nothing changed: PAUSED/);
    expect((await home.cli(['halt', '--reason', 'smoke', '--json'])).out).toMatch(/"kind":"changed"/);
    expect(await home.cli(['resume', '--reason', 'x'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('resume does not leave it') as unknown,
    });
    expect(await home.cli(['clear-halt'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('only with a reason') as unknown,
    });
    expect((await home.cli(['status', '--json'])).out).toMatch(/"control":"halted","control_reason":"smoke"/);
    expect(await home.cli(['clear-halt', '--reason', 'no fire'])).toMatchObject({
      code: 0,
      out: 'HALT is lifted: running\n  Nothing is at work here; it holds for whatever starts.\n',
    });
    expect(home.read('logs/action_log.jsonl')).toMatch(/"event":"control.halt-cleared"/);
  });

  it('start and up --once under HALT or PAUSE start nothing, say how to go on, and end with 3', async () => {
    home.queue([taskNamed('a')]);
    for (const verb of ['pause', 'halt']) {
      await home.cli([verb, '--reason', 'for a test']);
      for (const args of [
        ['start', '1'],
        ['up', '1', '--once'],
      ]) {
        const { code, out } = await home.cli(args);
        expect(code).toBe(3);
        expect(out).toMatch(
          /(PAUSED|HALTED): for a test\. Nothing is started\.[\s\S]*orchestrator (resume|clear-halt)/,
        );
      }
    }
    expect(JSON.parse((await home.cli(['start', '--json'])).out)).toEqual({
      event: 'run.refused',
      control: 'halted',
      reason: 'for a test',
    });
    expect(home.read('logs/execution_log.jsonl')).toBe('');
    expect(home.read('HALT')).not.toBe('');
  });
});

describe('start without a run', () => {
  it('an empty queue says how to add, and ends with 0', async () => {
    const { code, out } = await home.cli(['start']);
    expect(code).toBe(0);
    expect(out).toMatch(/No tasks in queue: .*queue\.json[\s\S]*orchestrator add/);
  });

  it('--dry-run shows the first tasks, the waves and the worst case, and starts nothing', async () => {
    home.queue([
      ...Array.from({ length: 6 }, (_, at) => taskNamed(`t${at}`)),
      taskNamed('last', { depends_on: ['t0', 't5'] }),
    ]);
    const { code, out } = await home.cli(['start', '3', '--concurrency', '2', '--dry-run']);
    expect(code).toBe(0);
    expect(out).toMatch(/ {2}1\. Task ID: t0 \| Type: grind \| Budget: \$0\.01-\$0\.05\n/);
    expect(out).toMatch(
      /\.\.\. and 2 more task\(s\)\n {2}wave 1: 6 tasks, at most \$[\d.]+\n {2}wave 2: 1 task, at most /,
    );
    expect(out).toMatch(/the cap of the run: \$2\.00\nWould spawn up to 3 workers, 2 tasks at a time each/);
    const json = JSON.parse(
      (await home.cli(['start', '--dry-run', '--json', '--run-cap', '0.5'])).out,
    ) as unknown;
    expect(json).toMatchObject({
      event: 'run.planned',
      run_cap_nano_usd: 500_000_000,
      waves: [{ ids: ['t0', 't1', 't2', 't3', 't4', 't5'] }, { ids: ['last'] }],
    });
    expect(home.read('logs/execution_log.jsonl') + home.read('logs/api_audit.log')).toBe('');
  });

  it('faults of the configuration are told all at once, with exit code 4', async () => {
    home.queue([taskNamed('a')]);
    const env = {
      WORKER_TIMEOUT_SECONDS: 'soon',
      DEFAULT_GROQ_MODEL: 'gpt-4',
      SWARM_API_URL: 'nowhere',
      VIVARIUM_RUN_CAP_USD: 'much',
    };
    const { code, err } = await home.cli(['start'], { env });
    expect(code).toBe(4);
    for (const name of [
      'WORKER_TIMEOUT_SECONDS',
      'DEFAULT_GROQ_MODEL',
      'SWARM_API_URL',
      'VIVARIUM_RUN_CAP_USD',
    ])
      expect(err).toContain(name);
  });

  it('a broken queue.json is told with line and column, and exit code 4', async () => {
    home.write('queue.json', '{\n  "tasks": [\n    {"id": "a", "prompt": }\n  ]\n}\n');
    for (const command of ['start', 'status']) {
      const { code, err } = await home.cli([command]);
      expect(code).toBe(4);
      expect(err).toMatch(/queue\.json:3:\d+[\s\S]*places named and run the command again/);
    }
  });

  it('a grind that SWARM_API_URL names must be there', async () => {
    home.queue([taskNamed('a')]);
    const { code, err } = await home.cli(['start', '1'], { env: { SWARM_API_URL: 'http://127.0.0.1:9' } });
    expect(code).toBe(4);
    expect(err).toMatch(/no grind answers at http:\/\/127\.0\.0\.1:9[\s\S]*unset SWARM_API_URL/);
  });
});

describe('clear', () => {
  it('wants a word when nobody is there to ask, archives queue and log, and keeps what was spent', async () => {
    home.queue([taskNamed('a')]);
    expect((await home.cli(['start', '1'])).code).toBe(0);
    const spent = home.books();
    expect(await home.cli(['clear'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('--yes') as unknown,
    });
    expect(tasks()).toHaveLength(1);

    const { code, out } = await home.cli(['clear', '--yes']);
    expect(code).toBe(0);
    expect(out).toMatch(/^Cleared all tasks, logs, and locks\./);
    expect(tasks()).toEqual([]);
    const [archive] = readdirSync(home.at('logs/archive'));
    expect(home.read('logs/archive', archive ?? '', 'execution_log.jsonl')).toMatch(/"status":"completed"/);
    expect(home.read('logs/archive', archive ?? '', 'queue.json')).toMatch(/"id": "a"/);
    expect(home.books()).toEqual(spent);
    expect(await home.status()).toMatchObject({ total: 0, simulated_cost_nano_usd: spent.settled });
    expect(home.read('logs/action_log.jsonl')).toMatch(/"event":"log.cleared"/);
  });

  it('an id that is added anew is new work: asked again, paid again, never mistaken for what was cleared (M3, Q7)', async () => {
    for (const prompt of ['The first text.', 'Another text.', 'Another text.']) {
      await home.cli(['add', 'a', 'grind', '--prompt', prompt, '--max', '0.05']);
      expect((await home.cli(['start', '1'])).code).toBe(0);
      expect(await home.status()).toMatchObject({ total: 1, completed: 1 });
      await home.cli(['clear', '--yes']);
    }
    const books = home.books();
    expect(books.calls).toBe(3);
    expect(books.settled).toBe(books.bill);
    expect(home.read('logs/api_audit.log')).not.toMatch(/call\.replayed/);
  });
});

describe('status', () => {
  it('looks without writing, and tells people what they can do', async () => {
    home.queue([taskNamed('a'), taskNamed('b', { depends_on: ['a'] })]);
    const before = readdirSync(home.path);
    const { code, out } = await home.cli(['status']);
    expect(code).toBe(0);
    expect(out).toMatch(
      / {2}Total tasks +2\n {2}Completed +0 \(0%\)\n {2}In progress +0\n {2}Pending +2 \(1 queued, 1 blocked\)\n {2}Failed +0\n/,
    );
    expect(readdirSync(home.path)).toEqual(before);
    expect(await home.status()).toMatchObject({
      total: 2,
      queued: 1,
      blocked: 1,
      control: 'running',
      grind: null,
      runs: [],
      tasks: [{ id: 'a' }, { id: 'b', waits_for: ['a'] }],
    });
  });

  it.skipIf(!existsSync('/dev/full'))('output that cannot be written is told, and no success', async () => {
    home.queue([taskNamed('a')]);
    const { code, out, err } = await outputOf(`status > /dev/full`);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toMatch(/^ERROR: the output cannot be written: .*ENOSPC/);
  });

  it('a reader that has enough is no fault', async () => {
    home.queue(Array.from({ length: 3_000 }, (_, at) => taskNamed(`t${at}`)));
    const { code, out, err } = await outputOf(`status --all | head -1; exit "\${PIPESTATUS[0]}"`);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(/^Vivarium · [^\n]*\n$/);
  });

  it('reads the seed’s own log', async () => {
    mkdirSync(home.at('logs'));
    writeFileSync(
      home.at('logs/execution_log.jsonl'),
      `${JSON.stringify({ task_id: 'a', worker_id: 'worker_1', status: 'in_progress', timestamp: '2026-02-03T01:02:03', started_at: '2026-02-03T01:02:03' })}\nnot json\n`,
    );
    home.queue([taskNamed('a')]);
    expect(await home.status()).toMatchObject({ in_progress: 1, unreadable_lines: 1 });
  });
});
