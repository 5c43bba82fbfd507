/**
 * `npm run bench -- bulk [--json] [--tasks 1000000] [--drain 10000] [--limit 600]`: many tasks at once. A JSONL file of that many is added by
 * `orchestrator add --file`, some more by a second file, one by `add`; then `start 4 --concurrency 16` works off the first of them against a simulator at
 * zero latency and is told to leave.
 *
 * Each step tells its time, CPU and the most memory each kind of process held (resident, of the largest process of that kind); the end shows what
 * the files weigh. A step that fails or takes longer than `--limit` seconds is told as such, ends the bench with 1, and what depends on it is
 * left out. Checked: the number of tasks that `add` says it added, and after the run that each completion is of another task, that nothing was
 * left in progress, that there are at least as many as asked for, and that the sum settled is the simulator's bill.
 * Durability: written, not synced. Absolute figures are this machine's, today.
 */
import { closeSync, openSync, readdirSync, statSync, writeSync } from 'node:fs';
import { join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  benchTask,
  mustAddUp,
  mustBeDone,
  openBenchHome,
  readDone,
  type BenchHome,
} from './lib/bench-home.ts';
import { mustEndWith, type Command, type CommandEnd } from './lib/command.ts';
import { readFlags } from './lib/flags.ts';
import { endedChildrenMs } from './lib/process-cost.ts';
import { watchProcesses } from './lib/process-watch.ts';
import { factsOf, tell } from './lib/report.ts';
import { startGrind, startRun, startSimulator } from './lib/run.ts';
import { onStage, type Stage } from './lib/stage.ts';
import { rounded } from './lib/statistics.ts';

const flags = readFlags('bulk', { tasks: 1_000_000, drain: 10_000, limit: 600 });
const facts = factsOf('bulk', 'written, not synced');
const limitMs = flags.limit * 1_000;
const WORKERS = 4;
const SLOTS = 16;
const LOOK_MS = 50;
const DONE = 'done';
/** Added to the many afterwards. */
const LATER = 1_000;

interface Step {
  readonly step: string;
  readonly outcome: string;
  readonly seconds?: number;
  readonly cpu_seconds?: number;
  readonly peak_mb?: string;
  readonly tasks_per_second?: number;
}

const { steps, files } = await onStage(async (stage) => {
  const home = openBenchHome(stage.makeDirectory('home'));
  const all: Step[] = [];
  let expected = 0;
  const adds: readonly (readonly [count: number, add: () => Promise<Step>])[] = [
    [flags.tasks, () => addFile(stage, home, 'many', flags.tasks)],
    [LATER, () => addFile(stage, home, 'later', LATER)],
    [1, () => addOne(stage, home)],
  ];
  for (const [count, add] of adds) {
    const step = await add();
    all.push(step);
    if (step.outcome !== DONE) break;
    expected += count;
  }
  if (expected >= flags.tasks) all.push(...(await drain(stage, home, Math.min(flags.drain, expected))));
  return { steps: all, files: sizesOf(home) };
});
tell({ ...facts, tasks: flags.tasks, drain: flags.drain }, { steps, files }, flags.asJson);
if (steps.some(({ outcome }) => outcome !== DONE)) process.exitCode = 1;

function addFile(stage: Stage, home: BenchHome, name: string, count: number): Promise<Step> {
  const path = join(stage.directory, `${name}.jsonl`);
  writeTasks(path, name, count);
  const command = stage.command('bin/orchestrator', ['--home', home.layout.root, 'add', '--file', path], {
    limitMs,
    keepOutput: true,
  });
  return timed(`add --file, ${count} tasks`, command, [], count, (end) => {
    mustEndWith(0, 'add --file', end);
    if (!end.out.includes(`${count} added, 0 already there, 0 rejected`))
      throw new Error(`it said: ${end.out.slice(-300)}`);
  });
}

function addOne(stage: Stage, home: BenchHome): Promise<Step> {
  const { id, prompt } = benchTask('one');
  const command = stage.command(
    'bin/orchestrator',
    ['--home', home.layout.root, 'add', id, 'grind', '--prompt', prompt],
    { limitMs },
  );
  return timed('add, one task', command, [], 1, (end) => void mustEndWith(0, 'add', end));
}

/** One line after the other: the whole would not fit into one string. */
function writeTasks(path: string, name: string, count: number): void {
  const file = openSync(path, 'w');
  for (let from = 0; from < count; from += LATER) {
    const lines = Array.from({ length: Math.min(LATER, count - from) }, (_, index) =>
      JSON.stringify(benchTask(`${name}-${from + index}`)),
    );
    writeSync(file, `${lines.join('\n')}\n`);
  }
  closeSync(file);
}

async function drain(stage: Stage, home: BenchHome, wanted: number): Promise<readonly Step[]> {
  const simulator = await startSimulator(stage, 0, home.layout.simulatorBill);
  const grind = await startGrind(stage, home.layout.root, simulator);
  const run = startRun(stage, home.layout.root, { workers: WORKERS, slots: SLOTS }, { limitMs });
  const began = performance.now();
  const counted = countCompletions(home);
  let first: number | undefined;
  let reached: number | undefined;
  let isOver = false;
  const watching = (async () => {
    while (!isOver && reached === undefined) {
      await sleep(LOOK_MS);
      const completed = counted();
      if (completed > 0) first ??= performance.now() - began;
      if (completed >= wanted) reached = performance.now() - began;
    }
    run.signal('SIGTERM');
  })();
  const whole = await timed(
    `start, ${wanted} worked off, left`,
    run,
    [grind.pid, simulator.pid],
    wanted,
    (end) => {
      // Told to leave with work undone it says so by its code; a small queue may have been drained meanwhile.
      if (end.wasTooSlow || (end.code !== 143 && end.code !== 0)) mustEndWith(143, 'start', end);
      const { claims, completions } = readDone(home);
      mustBeDone({ ...readDone(home) }, completions.length);
      if (completions.length < wanted || claims.length !== completions.length)
        throw new Error(`${wanted} wanted, ${claims.length} claimed, ${completions.length} completed`);
      mustAddUp(home, completions.length);
    },
  );
  isOver = true;
  await watching;
  const stepOf = (step: string, ms: number | undefined): Step => ({
    step,
    outcome: ms === undefined ? 'never' : DONE,
    ...(ms === undefined ? {} : { seconds: rounded(ms / 1_000) }),
  });
  return [stepOf('start → first completion', first), stepOf(`start → ${wanted} completions`, reached), whole];
}

/** How many tasks the record says were completed so far; each call reads what is new. */
function countCompletions({ record }: BenchHome): () => number {
  const tail = record.tail('execution');
  let completed = 0;
  return () => {
    for (const entry of tail.read().entries)
      if (entry.kind === 'line' && (entry.value as { readonly status?: string }).status === 'completed')
        completed += 1;
    return completed;
  };
}

/** Waits for the end of a command, and says what it cost and whether it was right. */
async function timed(
  step: string,
  command: Command,
  services: readonly number[],
  tasks: number,
  check: (end: CommandEnd) => void,
): Promise<Step> {
  const before = endedChildrenMs();
  const watch = watchProcesses([command.pid, ...services]);
  const end = await command.ended;
  watch.stop();
  const { grind, simulator } = watch.cpuAt(Infinity);
  const cpuMs = endedChildrenMs() - before + grind + simulator;
  const peaks = Object.entries(watch.peakMb()).map(([role, mb]) => `${role} ${Math.round(mb)}`);
  const outcome = outcomeOf(() => check(end));
  return {
    step,
    outcome,
    seconds: rounded(end.elapsedMs / 1_000),
    cpu_seconds: rounded(cpuMs / 1_000),
    peak_mb: peaks.join(', '),
    ...(outcome === DONE ? { tasks_per_second: rounded((tasks / end.elapsedMs) * 1_000) } : {}),
  };
}

function outcomeOf(check: () => void): string {
  try {
    check();
    return DONE;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    // What a runtime says when memory is out stands among many lines.
    const fatal = /FATAL ERROR: .*/.exec(message)?.[0];
    return `FAILED: ${fatal ?? message.slice(0, 300)}`;
  }
}

/** What the home weighs: files by themselves, directories of many by their sum. */
function sizesOf({ layout }: BenchHome): readonly object[] {
  const sizes = new Map<string, { files: number; bytes: number }>();
  for (const entry of readdirSync(layout.root, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const [top = '', second = '', third] = relative(layout.root, path).split('/');
    const name = top !== 'logs' ? top : third === undefined ? `${top}/${second}` : `${top}/${second}/`;
    const size = sizes.get(name) ?? { files: 0, bytes: 0 };
    sizes.set(name, { files: size.files + 1, bytes: size.bytes + statSync(path).size });
  }
  return [...sizes].map(([name, { files, bytes }]) => ({ name, files, mb: rounded(bytes / 1e6) }));
}
