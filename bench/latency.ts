/**
 * `npm run bench -- latency [--json] [--rounds 100] [--adds 300] [--chain 100] [--ends 15] [--many 100000]`: what a person waits for.
 *
 * - Commands by the wall clock, beside the bare start-up of Node (`node -e 0`), all in turn: `--version`, `add` and `status` on small homes; a few
 *   rounds of `status` on a home of many tasks, all of them completed. Also how many files of JavaScript each loads.
 * - In a watching run of at most 1,000 tasks: from the call of `queue.add`, and from its answer, to the claim, one task at a time into an idle run;
 *   and in a chain, from the completion of a task to the claim of the one that waits for it.
 * - From the last completion in the record to the end of `start`.
 * Moments are timestamps of the record, whole milliseconds: an add that is claimed before it answered counts as nought. With fewer than a hundred
 * values p99 is the largest. Every task that was added must have been completed, and every command must have told the truth, or the bench fails.
 * Durability: written, not synced. Ratios are to be quoted; absolute figures are this machine's, today.
 */
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { StatusReport } from '@vivarium/contracts';
import {
  addAll,
  benchTask,
  benchTasks,
  mustAddUp,
  mustBeDone,
  openBenchHome,
  readDone,
  type BenchHome,
} from './lib/bench-home.ts';
import { workTogether } from './lib/bench-process.ts';
import { mustEndWith, type CommandEnd } from './lib/command.ts';
import { readFlags } from './lib/flags.ts';
import { factsOf, tell } from './lib/report.ts';
import { startGrind, startRun, startSimulator } from './lib/run.ts';
import { onStage, type Stage } from './lib/stage.ts';
import { median, quantile, rounded } from './lib/statistics.ts';

const flags = readFlags('latency', { rounds: 100, adds: 300, chain: 100, ends: 15, many: 100_000 });
const facts = factsOf('latency', 'written, not synced');
/** Of the commands on many tasks, which take seconds. */
const MOST_SLOW_ROUNDS = 5;
const SMALL = 12;
const WATCHING_WORKERS = 2;
const LONGEST_WAIT_MS = 20_000;
const COMMAND = 'bin/orchestrator';

if (flags.adds + flags.chain > 1_000)
  throw new Error('a watching run of more than 1,000 tasks is another question');

/** One command line, and what it must have answered. */
interface Timed {
  readonly name: string;
  readonly path: string;
  readonly args: () => readonly string[];
  readonly check?: (end: CommandEnd) => boolean;
}

const tables = await onStage(async (stage) => ({
  commands: await timeCommands(stage),
  moments: [...(await timeWatchingRun(stage)), await timeEnds(stage)],
}));
tell({ ...facts }, tables, flags.asJson);

async function timeCommands(stage: Stage): Promise<readonly object[]> {
  const small = await workedOffHome(stage, SMALL);
  const large = await largeHome(stage, flags.many, small);
  const growing = openBenchHome(stage.makeDirectory('growing')).layout.root;
  const statusOf = (home: BenchHome, tasks: number): Timed => ({
    name: `status, ${tasks} tasks`,
    path: COMMAND,
    args: () => ['--home', home.layout.root, 'status', '--json'],
    check: ({ out }) => StatusReport.parse(JSON.parse(out)).completed === tasks,
  });
  let added = 0;
  const bare: Timed = { name: 'node -e 0', path: '-e', args: () => ['0'] };
  const quick: readonly Timed[] = [
    bare,
    { name: '--version', path: COMMAND, args: () => ['--version'], check: ({ out }) => /^\d+\./.test(out) },
    {
      name: 'add',
      path: COMMAND,
      args: () => [
        '--home',
        growing,
        'add',
        `task-${(added += 1)}`,
        'grind',
        '--prompt',
        'Say why.',
        '--json',
      ],
      check: ({ out }) => out.includes(`task-${added}`),
    },
    statusOf(small, SMALL),
  ];
  const slow = [bare, statusOf(large, flags.many)];
  return [
    ...(await timeInTurn(stage, quick, flags.rounds)),
    ...(await timeInTurn(stage, slow, Math.min(flags.rounds, MOST_SLOW_ROUNDS))).slice(1),
  ];
}

/** One round of each after the other, so that what else the machine does meets all of them. */
async function timeInTurn(stage: Stage, timed: readonly Timed[], rounds: number): Promise<readonly object[]> {
  const times = new Map<Timed, number[]>(timed.map((each) => [each, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const [each, all] of times) {
      const end = await stage.command(each.path, each.args(), { keepOutput: true }).ended;
      mustEndWith(0, each.name, end);
      if (each.check?.(end) === false) throw new Error(`${each.name} answered ${end.out.slice(0, 300)}`);
      all.push(end.elapsedMs);
    }
  }
  const [bare = []] = times.values();
  const rows: object[] = [];
  for (const [each, all] of times)
    rows.push({
      command: each.name,
      rounds,
      p50_ms: rounded(median(all)),
      p99_ms: rounded(quantile(all, 0.99)),
      times_bare_start: rounded(median(all) / median(bare)),
      files_loaded: await filesLoaded(stage, each),
    });
  return rows;
}

/** How many files of JavaScript it loads, by the coverage it is told to leave: one call beside those that are timed. */
async function filesLoaded(stage: Stage, timed: Timed): Promise<number> {
  const directory = mkdtempSync(join(stage.directory, 'loaded-'));
  const env = { NODE_V8_COVERAGE: directory };
  mustEndWith(0, timed.name, await stage.command(timed.path, timed.args(), { env }).ended);
  const scripts = readdirSync(directory).flatMap((name) => {
    const text = readFileSync(join(directory, name), 'utf8');
    return (JSON.parse(text) as { readonly result: readonly { readonly url: string }[] }).result;
  });
  return scripts.filter(({ url }) => url.startsWith('file:')).length;
}

/** With so many tasks, all of them completed by the engine. */
async function workedOffHome(stage: Stage, tasks: number): Promise<BenchHome> {
  const home = openBenchHome(stage.makeDirectory('small'));
  await addAll(home, benchTasks('task', tasks));
  await workTogether('queue-worker.js', [[home.layout.root, '0', '1', 'os', '150', '400', '1000']]);
  mustBeDone(readDone(home), tasks);
  return home;
}

/** The same of many, whose record says of each what that of `model` says of its first: working them off one by one would take minutes. */
async function largeHome(stage: Stage, tasks: number, model: BenchHome): Promise<BenchHome> {
  const home = openBenchHome(stage.makeDirectory('large'));
  await addAll(home, benchTasks('task', tasks));
  const [claimed, completed] = ['in_progress', 'completed'].map(
    (wanted) => executionLines(model).find(({ status }) => status === wanted) ?? {},
  );
  const lines = (await home.queue.list()).flatMap(({ task, digest }, index) =>
    [claimed, completed].map((line, end) => ({
      ...line,
      task_id: task.id,
      task_digest: digest,
      event_id: `evt_${index}_${end}`,
    })),
  );
  for (let from = 0; from < lines.length; from += 10_000)
    home.record.appendAll('execution', lines.slice(from, from + 10_000));
  mustBeDone(readDone(home), tasks);
  return home;
}

function executionLines({ record }: BenchHome): readonly Readonly<Record<string, unknown>>[] {
  return (
    record
      .tail('execution')
      .read()
      // Every line of a log is an object.
      .entries.flatMap((entry) => (entry.kind === 'line' ? [entry.value as Record<string, unknown>] : []))
  );
}

async function timeWatchingRun(stage: Stage): Promise<readonly object[]> {
  const home = openBenchHome(stage.makeDirectory('watching'));
  const simulator = await startSimulator(stage, 0, home.layout.simulatorBill);
  await startGrind(stage, home.layout.root, simulator);
  const limitMs = LONGEST_WAIT_MS + (flags.adds + flags.chain) * 1_000;
  const run = startRun(
    stage,
    home.layout.root,
    { workers: WATCHING_WORKERS, slots: 1, watch: true },
    { limitMs },
  );
  const tail = home.record.tail('execution');
  const ended = new Set<string>();
  /** Looks now and then: often enough to go on soon, too seldom to be a load. */
  const untilDone = async (id: string): Promise<void> => {
    const last = performance.now() + LONGEST_WAIT_MS;
    while (!ended.has(id)) {
      if (performance.now() > last) throw new Error(`${id} was not completed within ${LONGEST_WAIT_MS} ms`);
      await sleep(20);
      for (const entry of tail.read().entries) {
        const line = entry.kind === 'line' ? (entry.value as { status?: string; task_id?: string }) : {};
        if (line.status === 'completed' && line.task_id !== undefined) ended.add(line.task_id);
      }
    }
  };

  // The first tells that the run is up; it is not counted.
  await addAll(home, [benchTask('first')]);
  await untilDone('first');
  const askedAt = new Map<string, number>();
  const answeredAt = new Map<string, number>();
  for (let index = 0; index < flags.adds; index += 1) {
    const id = `add-${index}`;
    // Not in step with anything that beats in the run.
    await sleep(30 + Math.random() * 50);
    askedAt.set(id, Date.now());
    await addAll(home, [benchTask(id)]);
    answeredAt.set(id, Date.now());
    await untilDone(id);
  }
  const links = Array.from({ length: flags.chain }, (_, index) =>
    benchTask(`link-${index}`, index === 0 ? {} : { depends_on: [`link-${index - 1}`] }),
  );
  await addAll(home, links);
  for (const { id } of links) await untilDone(id);
  run.signal('SIGTERM');
  mustEndWith(0, 'start --watch', await run.ended);

  const all = 1 + flags.adds + flags.chain;
  const { claims, completions } = mustBeDone(readDone(home), all);
  mustAddUp(home, all);
  const claimedAt = new Map(claims.map(({ task, at }) => [task, at]));
  const completedAt = new Map(completions.map(({ task, at }) => [task, at]));
  const between = (from: number | undefined, to: number | undefined): number =>
    Math.max(0, (to ?? Number.NaN) - (from ?? Number.NaN));
  return [
    momentRow(
      'add asked → claimed, idle run',
      [...askedAt].map(([id, at]) => between(at, claimedAt.get(id))),
    ),
    momentRow(
      'add answered → claimed, idle run',
      [...answeredAt].map(([id, at]) => between(at, claimedAt.get(id))),
    ),
    momentRow(
      'completed → next of a chain claimed',
      links.slice(1).map(({ id }, index) => between(completedAt.get(`link-${index}`), claimedAt.get(id))),
    ),
  ];
}

async function timeEnds(stage: Stage): Promise<object> {
  const home = openBenchHome(stage.makeDirectory('ending'));
  const simulator = await startSimulator(stage, 0, home.layout.simulatorBill);
  await startGrind(stage, home.layout.root, simulator);
  const waits: number[] = [];
  for (let round = 1; round <= flags.ends; round += 1) {
    await addAll(home, benchTasks(`round-${round}`, SMALL));
    const run = startRun(stage, home.layout.root, { workers: WATCHING_WORKERS, slots: 1 });
    const { endedAt } = mustEndWith(0, 'start', await run.ended);
    const { completions } = mustBeDone(readDone(home), round * SMALL);
    waits.push(endedAt - Math.max(...completions.map(({ at }) => at)));
  }
  mustAddUp(home, flags.ends * SMALL);
  return momentRow('last completion → end of start', waits);
}

function momentRow(moment: string, values: readonly number[]): object {
  return {
    moment,
    values: values.length,
    p50_ms: rounded(median(values)),
    p99_ms: rounded(quantile(values, 0.99)),
  };
}
