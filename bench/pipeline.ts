/**
 * `npm run bench -- pipeline [--json] [--tasks 2000] [--rounds 3] [--durability os] [--sealing on] [--profile DIR]`: the whole path of a task through worker,
 * HTTP, grind, simulator and logs, by `orchestrator start 4 --concurrency 16` on a home of its own, with the simulator at zero latency and at 50 ms.
 *
 * Each round is a whole run: `whole` counts from the command to its end, start-up of five processes included; `steady` from the moment every worker
 * had completed a task to the last claim, by the timestamps of the record. CPU is user and system time of every process: orchestrator, workers,
 * grind and simulator. The bare path beside it is the least that does the same: bare calls of a record, kept connections, a proxy that checks
 * nothing, the same simulator; its processes were warmed up and have no start-up in their figures. At 50 ms the ideal is all slots asking
 * without a pause. The tasks of a round must all be completed once, and the sum settled must be the simulator's bill, or the bench fails.
 * `--profile DIR`: every process leaves a CPU profile in that new directory and the functions that took most are listed; the figures then say nothing.
 * `--sealing off`: the record is chained, and not sealed beside the run.
 * Durability: written, not synced; with `--durability fsync` holds, decisions, results and ends are on the disk before they count, and the bare path
 * syncs its ends. Ratios are to be quoted; absolute figures are this machine's, today.
 */
import { existsSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { addAll, benchTasks, mustAddUp, mustBeDone, openBenchHome, readDone } from './lib/bench-home.ts';
import { workTogether } from './lib/bench-process.ts';
import { mustEndWith } from './lib/command.ts';
import { durabilitiesOf, readFlags } from './lib/flags.ts';
import { cpuMs, endedChildrenMs } from './lib/process-cost.ts';
import { ROLES, watchProcesses, type CpuByRole } from './lib/process-watch.ts';
import { factsOf, tell } from './lib/report.ts';
import { startGrind, startRun, startSimulator } from './lib/run.ts';
import { onStage, type Stage } from './lib/stage.ts';
import { selfTimes } from './lib/self-time.ts';
import { median, rounded, sum } from './lib/statistics.ts';
import { steadyPart } from './lib/steady.ts';

const flags = readFlags('pipeline', {
  tasks: 2_000,
  rounds: 3,
  durability: 'os',
  sealing: 'on',
  profile: '',
});
const [durability = 'os'] = durabilitiesOf(flags.durability);
const facts = factsOf('pipeline', durability === 'os' ? 'written, not synced' : 'fsync');
const WORKERS = 4;
const SLOTS = 16;
const LATENCIES = [0, 50] as const;
/** Of the services, which live on from round to round; workers are new in each, as they are in life. */
const WARM_UP = 300;

if (flags.profile !== '') {
  if (existsSync(flags.profile)) {
    process.stderr.write(`--profile ${flags.profile}: there is one already; name another directory\n`);
    process.exit(2);
  }
  mkdirSync(flags.profile);
  process.env['NODE_OPTIONS'] = `--import=${new URL('lib/cpu-profile.js', import.meta.url).href}`;
  process.env['VIVARIUM_BENCH_PROFILES'] = resolve(flags.profile);
}

interface Round {
  readonly whole_tasks_per_second: number;
  readonly whole_cpu_ms_per_task: number;
  readonly steady_tasks_per_second: number;
  readonly steady_cpu_ms_per_task: number;
  readonly steadyByRole: CpuByRole;
  readonly wholeByRole: CpuByRole;
}
interface BareRound {
  readonly tasks_per_second: number;
  readonly cpu_ms_per_task: number;
}

const { runs, split } = await onStage(async (stage) => {
  const runs: Record<string, unknown>[] = [];
  const split: Record<string, unknown>[] = [];
  for (const latencyMs of LATENCIES) {
    const path = await openPath(stage, latencyMs);
    const bare = await openBarePath(stage, latencyMs);
    await path(WARM_UP);
    const rounds: Round[] = [];
    const bareRounds: BareRound[] = [];
    for (let round = 0; round < flags.rounds; round += 1) {
      rounds.push(await path(flags.tasks));
      bareRounds.push(await bare(flags.tasks));
    }
    const middle = (key: keyof Omit<Round, 'steadyByRole' | 'wholeByRole'>): number =>
      median(rounds.map((each) => each[key]));
    const bareCpu = median(bareRounds.map((each) => each.cpu_ms_per_task));
    const bareRate = median(bareRounds.map((each) => each.tasks_per_second));
    const ideal = latencyMs === 0 ? undefined : (WORKERS * SLOTS * 1_000) / latencyMs;
    runs.push({
      latency_ms: latencyMs,
      steady_tasks_per_second: rounded(middle('steady_tasks_per_second')),
      whole_tasks_per_second: rounded(middle('whole_tasks_per_second')),
      bare_tasks_per_second: rounded(bareRate),
      steady_cpu_ms_per_task: rounded(middle('steady_cpu_ms_per_task')),
      whole_cpu_ms_per_task: rounded(middle('whole_cpu_ms_per_task')),
      bare_cpu_ms_per_task: rounded(bareCpu),
      steady_cpu_times_bare: rounded(middle('steady_cpu_ms_per_task') / bareCpu),
      ...(ideal === undefined
        ? {}
        : {
            ideal_tasks_per_second: ideal,
            steady_share_of_ideal: rounded(middle('steady_tasks_per_second') / ideal),
            whole_share_of_ideal: rounded(middle('whole_tasks_per_second') / ideal),
            bare_share_of_ideal: rounded(bareRate / ideal),
          }),
    });
    for (const role of ROLES)
      split.push({
        latency_ms: latencyMs,
        process: role,
        steady_cpu_ms_per_task: rounded(median(rounds.map(({ steadyByRole }) => steadyByRole[role]))),
        whole_cpu_ms_per_task: rounded(median(rounds.map(({ wholeByRole }) => wholeByRole[role]))),
      });
  }
  return { runs, split };
});
const self_time = flags.profile === '' ? [] : selfTimes(flags.profile);
const load = `${flags.tasks} tasks, sealing ${flags.sealing}, ${WORKERS} workers × ${SLOTS} slots, medians of ${flags.rounds} rounds`;
tell({ ...facts, load }, { runs, cpu_by_process: split, self_time }, flags.asJson);

/** A home with its simulator and its grind. What is answered works off so many new tasks in one run, and measures it. */
async function openPath(stage: Stage, latencyMs: number): Promise<(tasks: number) => Promise<Round>> {
  const home = openBenchHome(stage.makeDirectory('home'));
  const simulator = await startSimulator(stage, latencyMs, home.layout.simulatorBill);
  const grind = await startGrind(stage, home.layout.root, simulator, durability);
  let all = 0;
  let round = 0;
  return async (tasks) => {
    round += 1;
    all += tasks;
    await addAll(home, benchTasks(`r${round}`, tasks));
    const endedBefore = endedChildrenMs();
    const run = { workers: WORKERS, slots: SLOTS, durability };
    const env = { VIVARIUM_SEALING: flags.sealing, VIVARIUM_SEAL_DIR: join(stage.directory, 'keys') };
    const command = startRun(stage, home.layout.root, run, { env });
    const watch = watchProcesses([command.pid, grind.pid, simulator.pid]);
    const end = mustEndWith(0, 'start', await command.ended);
    watch.stop();
    const whole = watch.cpuAt(Infinity);
    const childrenMs = endedChildrenMs() - endedBefore;

    const done = mustBeDone(readDone(home), all);
    mustAddUp(home, all);
    const ofRound = {
      ...done,
      claims: done.claims.slice(all - tasks),
      completions: done.completions.slice(all - tasks),
    };
    const steady = steadyPart(ofRound, WORKERS);
    if (steady === undefined && tasks > WARM_UP)
      throw new Error(`${tasks} tasks were too few for all workers to come to work; give more by --tasks`);
    const { from, to, completions } = steady ?? { from: 0, to: 1, completions: 1 };
    const [atFirst, atLast] = [watch.cpuAt(from), watch.cpuAt(to)];
    const steadyByRole = byRole((role) => (atLast[role] - atFirst[role]) / completions);
    // What orchestrator and workers used after the last look at them is in the sum their parent was given.
    const wholeByRole = byRole(
      (role) => (role === 'worker' ? childrenMs - whole.orchestrator : whole[role]) / tasks,
    );
    return {
      whole_tasks_per_second: (tasks / end.elapsedMs) * 1_000,
      whole_cpu_ms_per_task: sum(ROLES.map((role) => wholeByRole[role])),
      steady_tasks_per_second: (completions / (to - from)) * 1_000,
      steady_cpu_ms_per_task: sum(ROLES.map((role) => steadyByRole[role])),
      steadyByRole,
      wholeByRole,
    };
  };
}

async function openBarePath(stage: Stage, latencyMs: number): Promise<(tasks: number) => Promise<BareRound>> {
  const directory = stage.makeDirectory('bare');
  const simulator = await startSimulator(stage, latencyMs, join(directory, 'bill.jsonl'));
  const proxy = await stage.service('bench/dist/lib/bare-proxy.js', [simulator.url]);
  const services = [proxy, simulator];
  const used = (): number => sum(services.map(({ pid }) => cpuMs(pid)));
  return async (tasks) => {
    const share = Math.ceil(tasks / WORKERS);
    let before = 0;
    const work = await workTogether(
      'bare-worker.js',
      Array.from({ length: WORKERS }, (_, index) =>
        [directory, `p${index}`, `${proxy.url}/grind`, share, SLOTS, WARM_UP, durability].map(String),
      ),
      () => (before = used()),
    );
    const cpu = used() - before + sum(work.map((each) => each.cpuMs));
    const done = share * WORKERS;
    return {
      tasks_per_second: (done / Math.max(...work.map(({ elapsedMs }) => elapsedMs))) * 1_000,
      cpu_ms_per_task: cpu / done,
    };
  };
}

function byRole(value: (role: (typeof ROLES)[number]) => number): CpuByRole {
  // All roles, each with a number.
  return Object.fromEntries(ROLES.map((role) => [role, value(role)])) as CpuByRole;
}
