/**
 * `npm run bench -- queue [--json]`: what the file engine costs per task over the system calls it cannot do without, in one run on one machine.
 * Add, claim and finish with no HTTP and no work in between; 1, 4 and 8 processes on one home. CPU is user and system time of all processes
 * together. Durability: written, not synced, on both sides. Ratios are to be quoted; absolute figures are this machine's, today.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { runId, workerId } from '@vivarium/core';
import { createTaskFold, ExecutionLogLine, homeIdOf, homeLayout, type HomeLayout } from '@vivarium/contracts';
import { createRecordStore, initHome } from '@vivarium/home';
import { createNodeMachine } from '@vivarium/platform';
import { createFileTaskQueue } from '@vivarium/queue';
import { cpuMsSince, workTogether, type WorkReport } from './lib/bench-process.ts';
import { median } from './lib/load.ts';

/** The longer load is ten times the shorter: one round of it is as steady as several of that. */
const LOADS = [
  { tasks: 1_000, rounds: 3 },
  { tasks: 10_000, rounds: 1 },
] as const;
const PROCESSES = [1, 4, 8] as const;
const SINGLE_ADDS = 5;
/** Tasks each process works off on a home of its own before it is measured: workers live long, and the compiler's work is not the queue's. */
const WARM_UP = 300;
const asJson = process.argv.includes('--json');
const scratch = mkdtempSync(join(tmpdir(), 'vivarium-bench-'));
const machine = createNodeMachine();

interface Row {
  readonly tasks: number;
  readonly processes: number;
  readonly rounds: number;
  readonly add_all_cpu_us_per_task: number;
  readonly add_one_cpu_ms: number;
  readonly open_cpu_ms_per_process: number;
  readonly cpu_us_per_task: number;
  readonly bare_cpu_us_per_task: number;
  readonly times_bare: number;
  readonly tasks_per_second: number;
}

interface Sizes {
  readonly lock: number;
  readonly claim: number;
  readonly finish: number;
}

try {
  const rows: Row[] = [];
  for (const { tasks, rounds } of LOADS) {
    for (const processes of PROCESSES) rows.push(await measure(tasks, processes, rounds));
  }
  const facts = {
    bench: 'queue',
    node: process.version,
    cores: cpus().length,
    warm_up_tasks: WARM_UP,
    durability: 'written',
  };
  if (asJson) process.stdout.write(`${JSON.stringify({ ...facts, rows })}\n`);
  else {
    process.stdout.write(
      `Node ${facts.node}, ${facts.cores} cores; medians of the rounds; ${WARM_UP} tasks of warm-up; nothing synced to the disk.\n`,
    );
    console.table(rows);
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

/** Engine and bare calls in turn, so that what else the machine does meets both. */
async function measure(tasks: number, processes: number, times: number): Promise<Row> {
  const rounds: Omit<Row, 'tasks' | 'processes' | 'rounds'>[] = [];
  for (let round = 0; round < times; round += 1) {
    const root = mkdtempSync(join(scratch, 'home-'));
    const layout = homeLayout(root);
    initHome(layout, machine.files);
    const adding = await addTasks(layout, tasks);
    const work = await workTogether(
      'queue-worker.js',
      Array.from({ length: processes }, () => [root, String(WARM_UP)]),
    );
    const sizes = check(layout, tasks + SINGLE_ADDS, work);
    const bareDirectory = join(root, 'bare');
    mkdirSync(bareDirectory);
    const share = Math.ceil(tasks / processes);
    const bare = await workTogether(
      'bare-cycle.js',
      Array.from({ length: processes }, (_, index) =>
        [bareDirectory, `p${index}`, share, sizes.lock, sizes.claim, sizes.finish].map(String),
      ),
    );
    const cpuUs = cpuPerTask(work);
    const bareUs = cpuPerTask(bare);
    rounds.push({
      ...adding,
      open_cpu_ms_per_process: median(work.map(({ openCpuMs }) => openCpuMs)),
      cpu_us_per_task: cpuUs,
      bare_cpu_us_per_task: bareUs,
      times_bare: cpuUs / bareUs,
      tasks_per_second: (tasks + SINGLE_ADDS) / (Math.max(...work.map(({ elapsedMs }) => elapsedMs)) / 1_000),
    });
    rmSync(root, { recursive: true, force: true });
  }
  const middle = (key: keyof (typeof rounds)[number]): number =>
    Number(median(rounds.map((round) => round[key])).toPrecision(3));
  return {
    tasks,
    processes,
    rounds: times,
    add_all_cpu_us_per_task: middle('add_all_cpu_us_per_task'),
    add_one_cpu_ms: middle('add_one_cpu_ms'),
    open_cpu_ms_per_process: middle('open_cpu_ms_per_process'),
    cpu_us_per_task: middle('cpu_us_per_task'),
    bare_cpu_us_per_task: middle('bare_cpu_us_per_task'),
    times_bare: middle('times_bare'),
    tasks_per_second: middle('tasks_per_second'),
  };
}

/** All at once, as `add --file` does; then some one by one, into the queue that is there. */
async function addTasks(
  layout: HomeLayout,
  tasks: number,
): Promise<Pick<Row, 'add_all_cpu_us_per_task' | 'add_one_cpu_ms'>> {
  const home = homeIdOf(layout.root);
  const record = createRecordStore({ layout, home, machine });
  const queue = createFileTaskQueue({ layout, home, machine, record, runId: runId('run_bench') });
  const prompt =
    'Explain in three sentences why a write-ahead log is written before the change it describes. ';
  const newTask = (id: string) => ({ id, prompt: `${prompt}${id}` });
  const atFirst = process.cpuUsage();
  await queue.add(Array.from({ length: tasks }, (_, index) => newTask(`task-${index}`)));
  const allMs = cpuMsSince(atFirst);
  const then = process.cpuUsage();
  for (let index = 0; index < SINGLE_ADDS; index += 1) await queue.add([newTask(`single-${index}`)]);
  return { add_all_cpu_us_per_task: (allMs * 1_000) / tasks, add_one_cpu_ms: cpuMsSince(then) / SINGLE_ADDS };
}

/** A fast wrong answer is none: every task must have ended, once, and be reported once. */
function check(layout: HomeLayout, tasks: number, work: readonly WorkReport[]): Sizes {
  const fold = createTaskFold();
  let completed = 0;
  const bytes = { in_progress: 0, completed: 0 };
  const counts = { in_progress: 0, completed: 0 };
  // Read as every reader does: a writer may have closed what it took for a fragment, and that is no line.
  const { entries } = createRecordStore({ layout, home: homeIdOf(layout.root), machine })
    .tail('execution')
    .read();
  for (const entry of entries) {
    if (entry.kind === 'unreadable') continue;
    const line = ExecutionLogLine.parse(entry.value);
    if (line.status !== 'in_progress' && line.status !== 'completed')
      throw new Error(`unexpected: ${JSON.stringify(line)}`);
    bytes[line.status] += entry.to - entry.from;
    counts[line.status] += 1;
    if (fold.apply(line) === 'applied' && line.status === 'completed') completed += 1;
  }
  const reported = work.reduce((sum, report) => sum + report.tasks, 0);
  if (completed !== tasks || reported !== tasks)
    throw new Error(`${tasks} tasks, ${completed} completed, ${reported} reported`);
  return {
    // As the lock of one task of this bench is written.
    lock: JSON.stringify(
      {
        worker_id: workerId(machine.ids.next('worker')),
        started_at: machine.clock.now().toISOString(),
        task_id: 'task-1234',
        round: 1,
        attempt: 1,
      },
      null,
      2,
    ).length,
    claim: Math.round(bytes.in_progress / counts.in_progress),
    finish: Math.round(bytes.completed / counts.completed),
  };
}

function cpuPerTask(work: readonly WorkReport[]): number {
  const cpuMs = work.reduce((sum, report) => sum + report.cpuMs, 0);
  const tasks = work.reduce((sum, report) => sum + report.tasks, 0);
  return (cpuMs * 1_000) / tasks;
}
