/**
 * The main job with real processes: add → start → worker → grind → simulator → record → exit. What is checked is read from the files of the
 * home, not from what the programs say of themselves.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  BeatFile,
  createMoneyFold,
  createTaskFold,
  ApiAuditLine,
  ExecutionLogLine,
  StatusReport,
} from '@vivarium/contracts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const main = fileURLToPath(new URL('../../../apps/orchestrator/bundle/main.js', import.meta.url));
const seedTasks = fileURLToPath(new URL('../../../../shared/data/seed-tasks', import.meta.url));

let home: string;
let started: ChildProcess[];
beforeEach(async () => {
  home = realpathSync(mkdtempSync(join(tmpdir(), 'vivarium-e2e-')));
  started = [];
  expect(await orchestrator('init', home)).toMatchObject({ code: 0 });
});
afterEach(() => {
  for (const child of started) child.kill('SIGKILL');
  rmSync(home, { recursive: true, force: true });
});

interface Ended {
  readonly code: number | null;
  readonly out: string;
}
const launch = (
  ...args: readonly string[]
): { readonly child: ChildProcess; readonly ended: Promise<Ended> } => {
  const { PATH = '', HOME = '' } = process.env;
  const child = spawn(process.execPath, [main, ...args], {
    cwd: home,
    env: { PATH, HOME },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  started.push(child);
  let out = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (out += text));
  return { child, ended: new Promise((resolve) => child.on('close', (code) => resolve({ code, out }))) };
};
const orchestrator = (...args: readonly string[]): Promise<Ended> => launch(...args).ended;

const linesOf = (name: string): unknown[] => {
  const path = join(home, 'logs', name);
  if (!existsSync(path)) return [];
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line): unknown => JSON.parse(line));
};
const executionLines = (): ExecutionLogLine[] =>
  linesOf('execution_log.jsonl').map((line) => ExecutionLogLine.parse(line));
const settledAndUnknown = (): { settled: number; unknown: number; held: number } => {
  const fold = createMoneyFold();
  for (const line of linesOf('api_audit.log')) fold.apply(ApiAuditLine.parse(line));
  return fold.book(true).total;
};
const billed = (): number =>
  linesOf('simulator_bill.jsonl').reduce<number>(
    (sum, line) => sum + (line as { cost_nano_usd: number }).cost_nano_usd,
    0,
  );
const completions = (): ReadonlyMap<string, number> => {
  const fold = createTaskFold();
  const counts = new Map<string, number>();
  for (const line of executionLines()) {
    if (fold.apply(line) === 'applied' && line.status === 'completed')
      counts.set(line.task_id, (counts.get(line.task_id) ?? 0) + 1);
  }
  return counts;
};
const until = async <T>(look: () => T | undefined): Promise<T> => {
  for (let tries = 0; tries < 400; tries += 1) {
    const found = look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error('waited ten seconds for nothing');
};
const pidOf = (workerId: string): number | undefined =>
  readdirSync(join(home, 'run/workers'))
    .filter((name) => /^[^.].*\.json$/.test(name))
    .map((name) => BeatFile.parse(JSON.parse(readFileSync(join(home, 'run/workers', name), 'utf8'))))
    .find((beat) => beat.worker_id === workerId)?.pid;
const processesOf = (): readonly string[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(home);
      } catch {
        return false;
      }
    });
const addLong = async (count: number): Promise<void> => {
  const tasks = Array.from({ length: count }, (_, index) => ({
    id: `t${index + 1}`,
    prompt: `Explain part ${index + 1} of a log-structured store in detail, with code.`,
    model: 'llama-3.3-70b-versatile',
  }));
  writeFileSync(join(home, 'tasks.jsonl'), tasks.map((task) => JSON.stringify(task)).join('\n'));
  expect(await orchestrator('add', '--file', 'tasks.jsonl')).toMatchObject({ code: 0 });
};

describe('the main job', () => {
  it('M2, M4: adds, works off, records and leaves; what is settled is what the simulator billed', async () => {
    expect(
      (
        await orchestrator(
          'add',
          'a',
          'grind',
          '--prompt',
          'Say what a hold is.',
          '--min',
          '0.05',
          '--max',
          '0.10',
        )
      ).code,
    ).toBe(0);
    expect(
      (await orchestrator('add', 'b', 'grind', '--prompt', 'List 3 things.', '--depends-on', 'a')).code,
    ).toBe(0);
    const run = await orchestrator('start', '2');
    expect(run).toMatchObject({ code: 0 });
    expect(run.out).toContain('SIMULATED');

    const report = StatusReport.parse(JSON.parse((await orchestrator('status', '--json')).out));
    expect(report).toMatchObject({
      total: 2,
      completed: 2,
      cost_nano_usd: 0,
      simulated_held_nano_usd: 0,
      unreadable_lines: 0,
    });
    expect(report.simulated_cost_nano_usd).toBe(billed());
    expect(billed()).toBeGreaterThan(0);
    const ends = executionLines().flatMap((line) => (line.status === 'completed' ? [line] : []));
    expect(ends.map((line) => [line.task_id, line.simulated, line.provider])).toEqual([
      ['a', true, 'simulator'],
      ['b', true, 'simulator'],
    ]);
    expect(
      report.tasks.every(
        (task) => task.result !== null && readFileSync(join(home, task.result), 'utf8').includes('simulated'),
      ),
    ).toBe(true);
    expect(processesOf()).toEqual([]);
  });

  it('Q2, Q8, M3: a worker killed with its calls under way changes nothing about the end, and nothing is paid twice', async () => {
    await addLong(8);
    const { ended } = launch('start', '2', '--concurrency', '2');
    const claim = await until(() => executionLines().find((line) => line.status === 'in_progress'));
    process.kill(await until(() => pidOf(claim.worker_id)), 'SIGKILL');
    expect(await ended).toMatchObject({ code: 0 });
    expect([...completions().values()]).toEqual(Array.from({ length: 8 }, () => 1));
    expect(settledAndUnknown()).toMatchObject({ settled: billed(), unknown: 0, held: 0 });
    expect(
      executionLines().some((line) => line.status === 'in_progress' && line.supersedes !== undefined),
    ).toBe(true);
  });

  it('M2, Q11: grind killed mid-run is started again; no task fails, and the bill lies between known and known plus unknown', async () => {
    await addLong(6);
    const { ended } = launch('start', '2', '--concurrency', '2');
    await until(() =>
      linesOf('api_audit.log').find((line) => ApiAuditLine.parse(line).event === 'call.held'),
    );
    const { pid } = JSON.parse(readFileSync(join(home, 'run/grind.json'), 'utf8')) as { pid: number };
    process.kill(pid, 'SIGKILL');
    expect(await ended).toMatchObject({ code: 0 });
    expect([...completions().values()]).toEqual(Array.from({ length: 6 }, () => 1));
    const { settled, unknown, held } = settledAndUnknown();
    expect(held).toBe(0);
    expect(settled).toBeLessThanOrEqual(billed());
    expect(billed()).toBeLessThanOrEqual(settled + unknown);
  });

  it('Q11, S3: HALT gives tasks back and ends the run with 3; only a reason leaves it, and the work then completes', async () => {
    await addLong(6);
    const { ended } = launch('start', '1');
    await until(() => executionLines().find((line) => line.status === 'in_progress'));
    expect(await orchestrator('halt', '--reason', 'a test')).toMatchObject({ code: 0 });
    expect(await ended).toMatchObject({ code: 3 });
    expect(await orchestrator('start', '1')).toMatchObject({ code: 3 });
    expect((await orchestrator('clear-halt')).code).not.toBe(0);
    expect(await orchestrator('clear-halt', '--reason', 'the test goes on')).toMatchObject({ code: 0 });
    expect(await orchestrator('start', '2')).toMatchObject({ code: 0 });
    expect(completions().size).toBe(6);
  });

  it('leaves no process behind when the orchestrator is killed, and the next start finishes the work', async () => {
    await addLong(4);
    const { child, ended } = launch('start', '2');
    await until(() => executionLines().find((line) => line.status === 'in_progress'));
    child.kill('SIGKILL');
    await ended;
    await until(() => (processesOf().length === 0 ? true : undefined));
    expect(await orchestrator('start', '2')).toMatchObject({ code: 0 });
    expect([...completions().values()]).toEqual([1, 1, 1, 1]);
  });

  it('names the fault of a queue.json broken by hand, and goes on when it is mended', async () => {
    await addLong(1);
    const queue = join(home, 'queue.json');
    const good = readFileSync(queue, 'utf8');
    writeFileSync(queue, '{"tasks": [\n');
    const broken = await orchestrator('start', '1');
    expect(broken).toMatchObject({ code: 4 });
    expect(broken.out).toMatch(/queue\.json:2:1/);
    writeFileSync(queue, good);
    expect(await orchestrator('start', '1')).toMatchObject({ code: 0 });
  });

  it.runIf(existsSync(seedTasks))(
    "runs the seed's own 209 entries; the two malformed files are named where they break",
    async () => {
      const files = readdirSync(seedTasks).map((name) => join(seedTasks, name));
      const added = await orchestrator('add', '--file', ...files);
      expect(added.code).toBe(1);
      expect(added.out).toContain('209 added');
      expect(added.out).toMatch(/agi_wave2\.json:84:1/);
      expect(added.out).toMatch(/meta_wave2\.json:50:1/);
      expect(await orchestrator('start', '4', '--concurrency', '16')).toMatchObject({ code: 0 });
      expect(completions().size).toBe(209);
      expect(settledAndUnknown()).toMatchObject({ settled: billed(), unknown: 0, held: 0 });
    },
  );
});
