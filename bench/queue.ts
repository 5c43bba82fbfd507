/**
 * `npm run bench -- queue [--json] [--tasks 1000,10000,100000] [--processes 1,4,8] [--rounds 3,1,1] [--durability os,fsync]`: what the file engine
 * costs per task over the system calls it cannot do without, in one run on one machine. Add, claim and finish with no HTTP and no work in between;
 * that many processes on one home. CPU is user and system time of all of them together.
 *
 * The main figures claim one task at a time; beside them 16 claimed in one step and ended in one turn, as the slots of a worker may. The bare calls
 * are made by the same processes in between, those of 10 tasks after every 40, so that whatever the machine does meets both; they are in no other
 * figure. They are those of a program that writes each lock file anew, in one directory and one log for all processes; the engine itself needs fewer,
 * for it keeps the files of its locks ready (platform/src/short-lived-files.ts). `--rounds` counts per load, the last number for all that follow: a load ten times as long is as steady as several rounds. Unless it is said
 * by flags, the largest loads are worked off by four processes, and only the smallest with `fsync`.
 * Durability of a row: `os`, written and not synced, or `fsync`, a recorded end is on the disk; the bare calls then sync each end by itself.
 * Ratios are to be quoted; absolute figures are this machine's, today.
 */
import { rmSync } from 'node:fs';
import { workerId } from '@vivarium/core';
import type { Durability } from '@vivarium/contracts';
import { createNodeMachine } from '@vivarium/platform';
import type { Sizes } from './lib/bare-record.ts';
import { addAll, mustBeDone, openBenchHome, readDone, type BenchHome } from './lib/bench-home.ts';
import { cpuMsSince, workTogether } from './lib/bench-process.ts';
import { durabilitiesOf, readFlags } from './lib/flags.ts';
import type { QueueWorkReport } from './lib/queue-worker.ts';
import { factsOf, tell } from './lib/report.ts';
import { onStage } from './lib/stage.ts';
import { median, rounded, sum } from './lib/statistics.ts';

const flags = readFlags('queue', {
  tasks: [1_000, 10_000, 100_000],
  processes: [1, 4, 8],
  rounds: [3, 1, 1],
  durability: 'os,fsync',
});
const facts = factsOf('queue', 'told in each row');
const durabilities = durabilitiesOf(flags.durability);

/** From here on, one number of processes is enough of a default. */
const LARGE = 50_000;
const USUAL_PROCESSES = 4;
const MANY_SLOTS = 16;
const SINGLE_ADDS = 3;
/** Tasks each process works off on a home of its own before it is measured: workers live long, and the compiler's work is not the queue's. */
const WARM_UP = 1_000;
interface Case {
  readonly tasks: number;
  readonly processes: number;
  readonly slots: number;
  readonly durability: Durability;
  readonly rounds: number;
}
type Figures = Readonly<Record<(typeof FIGURES)[number], number>>;
const FIGURES = [
  'add_all_cpu_us_per_task',
  'add_one_cpu_ms',
  'open_cpu_ms_per_process',
  'cpu_us_per_task',
  'bare_cpu_us_per_task',
  'times_bare',
  'tasks_per_second',
] as const;

const cases = flags.tasks.flatMap((tasks, index): readonly Case[] => {
  const rounds = flags.rounds[Math.min(index, flags.rounds.length - 1)] ?? 1;
  const isLarge = tasks >= LARGE && !flags.given.has('processes');
  const counts = isLarge ? [USUAL_PROCESSES] : flags.processes;
  const isSynced = index === 0 || flags.given.has('durability');
  return durabilities
    .filter((durability) => durability === 'os' || isSynced)
    .flatMap((durability) => {
      const single = counts.map((processes) => ({ tasks, processes, slots: 1, durability, rounds }));
      const ofMany =
        !isLarge && counts.includes(USUAL_PROCESSES)
          ? [{ tasks, processes: USUAL_PROCESSES, slots: MANY_SLOTS, durability, rounds }]
          : [];
      return [...single, ...ofMany];
    });
});

const rows = await onStage(async ({ makeDirectory }) => {
  const sizes = await sizesOf(makeDirectory('sizes'));
  const measured = new Map<Case, Figures[]>(cases.map((each) => [each, []]));
  // Round by round through all cases, so that what else the machine does meets all of them.
  for (let round = 0; round < Math.max(...cases.map(({ rounds }) => rounds)); round += 1) {
    for (const [each, rounds] of measured)
      if (round < each.rounds) rounds.push(await measure(each, sizes, makeDirectory('home')));
  }
  return [...measured].map(([each, rounds]) => ({ ...each, ...medians(rounds) }));
});
tell({ ...facts, warm_up_tasks: WARM_UP }, { rows, growth: growthOf(rows) }, flags.asJson);

async function measure(each: Case, sizes: Sizes, root: string): Promise<Figures> {
  const home = openBenchHome(root);
  const adding = await addTasks(home, each.tasks);
  const all = each.tasks + SINGLE_ADDS;
  const work = await workOff(home, each, sizes, all);
  for (const used of [root, `${root}-bare`]) rmSync(used, { recursive: true, force: true });
  const usPerTask = (ms: readonly number[], tasks: number): number => (sum(ms) * 1_000) / tasks;
  const cpuUs = usPerTask(
    work.map(({ cpuMs }) => cpuMs),
    all,
  );
  const bareUs = usPerTask(
    work.map(({ bareCpuMs }) => bareCpuMs),
    sum(work.map(({ bareTasks }) => bareTasks)),
  );
  return {
    ...adding,
    open_cpu_ms_per_process: median(work.map(({ openCpuMs }) => openCpuMs)),
    cpu_us_per_task: cpuUs,
    bare_cpu_us_per_task: bareUs,
    times_bare: cpuUs / bareUs,
    tasks_per_second: all / (Math.max(...work.map(({ elapsedMs }) => elapsedMs)) / 1_000),
  };
}

async function workOff(
  home: BenchHome,
  { processes, slots, durability }: Pick<Case, 'processes' | 'slots' | 'durability'>,
  { lock, claim, finish }: Sizes,
  tasks: number,
): Promise<readonly QueueWorkReport[]> {
  const words = [home.layout.root, WARM_UP, slots, durability, lock, claim, finish].map(String);
  const work = await workTogether<QueueWorkReport>('queue-worker.js', Array(processes).fill(words));
  mustBeDone(readDone(home), tasks);
  const reported = sum(work.map((report) => report.tasks));
  if (reported !== tasks) throw new Error(`${tasks} tasks, ${reported} reported`);
  return work;
}

/** What the engine writes for one task, by looking at a few. */
async function sizesOf(root: string): Promise<Sizes> {
  const home = openBenchHome(root);
  const { ids, clock } = createNodeMachine();
  await addTasks(home, SINGLE_ADDS);
  const one = { processes: 1, slots: 1, durability: 'os' } as const;
  await workOff(home, one, { lock: 0, claim: 0, finish: 0 }, 2 * SINGLE_ADDS);
  const { claimBytes, completionBytes } = readDone(home);
  // As the lock of one task of this bench is written.
  const lock = {
    worker_id: workerId(ids.next('worker')),
    started_at: clock.now().toISOString(),
    task_id: 'task-1234',
    round: 1,
    attempt: 1,
  };
  return { lock: JSON.stringify(lock, null, 2).length, claim: claimBytes, finish: completionBytes };
}

/** All at once, as `add --file` does; then some one by one, into the queue that is there. */
async function addTasks(
  home: BenchHome,
  tasks: number,
): Promise<Pick<Figures, 'add_all_cpu_us_per_task' | 'add_one_cpu_ms'>> {
  const prompt =
    'Explain in three sentences why a write-ahead log is written before the change it describes. ';
  const newTask = (id: string) => ({ id, prompt: `${prompt}${id}` });
  const many = Array.from({ length: tasks }, (_, index) => newTask(`task-${index}`));
  const atFirst = process.cpuUsage();
  await addAll(home, many);
  const allMs = cpuMsSince(atFirst);
  const then = process.cpuUsage();
  for (let index = 0; index < SINGLE_ADDS; index += 1) await addAll(home, [newTask(`single-${index}`)]);
  return { add_all_cpu_us_per_task: (allMs * 1_000) / tasks, add_one_cpu_ms: cpuMsSince(then) / SINGLE_ADDS };
}

function medians(rounds: readonly Figures[]): Figures {
  const middle = FIGURES.map((name) => [name, rounded(median(rounds.map((each) => each[name])))]);
  // All names of the list, each with a number.
  return Object.fromEntries(middle) as Figures;
}

/** What a task of the largest load costs over one of the smallest, by as many processes: Q6 says that it does not grow. */
function growthOf(rows: readonly (Case & Figures)[]): readonly object[] {
  const least = Math.min(...flags.tasks);
  const most = Math.max(...flags.tasks);
  return rows.flatMap(({ tasks, processes, slots, durability, cpu_us_per_task, times_bare }) => {
    const small = rows.find(
      (row) =>
        row.tasks === least &&
        row.processes === processes &&
        row.slots === slots &&
        row.durability === durability,
    );
    if (tasks !== most || most === least || small === undefined) return [];
    return [
      {
        processes,
        slots,
        durability,
        from_tasks: least,
        to_tasks: most,
        cpu_ratio: rounded(cpu_us_per_task / small.cpu_us_per_task),
        times_bare_ratio: rounded(times_bare / small.times_bare),
      },
    ];
  });
}
