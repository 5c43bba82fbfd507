/**
 * One run: a home, work for it, disturbances by the schedule, then quiet, a clean `start` that finishes everything, and the judgement. Owns the
 * home, its disk and every process it started; all of them are gone when it is done, also when it is cut short.
 */
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createCommandLine, repositoryOf, type Ended, type Running } from './command-line.ts';
import { createDice } from './dice.ts';
import { createDisturber, type Counts } from './disturber.ts';
import { compareStatus, judgeHome, type Judgement } from './judge-home.ts';
import { createOperator } from './operator.ts';
import { findProcesses, send } from './processes.ts';
import { createProviderFaults } from './provider-faults.ts';
import { createQueueDesk } from './queue-desk.ts';
import { planDisturbances } from './schedule.ts';
import { mountSmallDisk } from './small-disk.ts';
import { violation, type Violation } from './violation.ts';
import { createTaskSource } from './wanted-tasks.ts';
import { createWitness } from './witness.ts';

export interface ChaosOptions {
  readonly minutes: number;
  readonly seed: string;
  /** Most tasks; undefined: as many as the time takes. */
  readonly tasks: number | undefined;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

export interface ChaosResult {
  readonly seed: string;
  readonly minutes: number;
  readonly seconds: number;
  readonly counts: Counts;
  /** How runs ended that nobody killed, by exit code. */
  readonly endings: Readonly<Record<string, number>>;
  readonly disk: { readonly kind: 'small' } | { readonly kind: 'none'; readonly why: string };
  readonly judgement: Judgement;
  readonly violations: readonly Violation[];
  /** Where the home is kept when something is wrong with it. */
  readonly kept: string | undefined;
}

const WORKERS = '3';
const SLOTS = '8';
/** More than a run can cost; the second runs are the ones that meet their cap. */
const RUN_CAP = '5';
const TIGHT_RUN_CAP = '0.0004';
/** A task leaves some 11 kB; a quick machine does two thousand in a minute. Full it is to be when the schedule says so, and not before. */
const DISK_MB = 64;
const DISK_MB_PER_MINUTE = 64;
/** Tasks kept waiting, so that a disturbance never finds an idle system. */
const BACKLOG = 240;
const BATCH = 80;
const LOOK_EVERY_MS = 50;
const SAY_EVERY_MS = 10_000;
const START_AGAIN_MS = 250;
/** Disturbing begins when work has begun. */
const FIRST_CLAIM_MS = 20_000;
const DRAIN_MS = 30_000;
const FINISH_MS = 180_000;

export async function runChaos(options: ChaosOptions): Promise<ChaosResult> {
  const { minutes, say } = options;
  const began = performance.now();
  const stage = realpathSync(mkdtempSync(join(tmpdir(), 'vivarium-chaos-')));
  const [home = '', scratch = ''] = ['home', 'scratch'].map((name) => join(stage, name));
  mkdirSync(home);
  mkdirSync(scratch);
  const mounted = mountSmallDisk(home, DISK_MB + Math.ceil(minutes * DISK_MB_PER_MINUTE));
  const disk = typeof mounted === 'string' ? undefined : mounted;
  if (typeof mounted === 'string')
    say(`NO FULL DISK IN THIS RUN: a small disk of its own cannot be mounted (${mounted}).`);

  let keep = false;
  try {
    const result = await disturbAndJudge(options, home, scratch, disk, began);
    keep = result.violations.length > 0;
    const kept = keep && disk !== undefined ? join(stage, 'kept') : home;
    if (keep && disk !== undefined) cpSync(home, kept, { recursive: true });
    return {
      ...result,
      disk: typeof mounted === 'string' ? { kind: 'none', why: mounted } : { kind: 'small' },
      kept: keep ? kept : undefined,
    };
  } finally {
    await endAll(home);
    disk?.unmount();
    if (!keep) rmSync(stage, { recursive: true, force: true });
  }
}

async function disturbAndJudge(
  { minutes, seed, tasks, signal, say }: ChaosOptions,
  home: string,
  scratch: string,
  disk: Exclude<ReturnType<typeof mountSmallDisk>, string> | undefined,
  began: number,
): Promise<Omit<ChaosResult, 'disk' | 'kept'>> {
  const durationMs = minutes * 60_000;
  const cli = createCommandLine(repositoryOf(import.meta.url), home, scratch);
  const witness = createWitness(home);
  const source = createTaskSource(createDice(seed, 'tasks'));
  const desk = createQueueDesk({ home, scratch, cli, source, canWrite: () => disk?.isFull !== true });
  const faults = createProviderFaults(home);
  const endings: Record<string, number> = {};
  const violations: Violation[] = [];
  const running = new Set<Running>();
  let isDisturbed = true;

  const start = (...words: readonly string[]): Running => {
    const run = cli.launch(['start', ...words], true);
    running.add(run);
    void run.ended.then((end) => {
      running.delete(run);
      endings[String(end.code)] = (endings[String(end.code)] ?? 0) + 1;
      if (hasFallen(end)) violations.push(violation('a process never falls over', end.err.slice(-600)));
    });
    return run;
  };
  const keepRunning = async (): Promise<void> => {
    while (isDisturbed && !signal.aborted) {
      await start(WORKERS, '--concurrency', SLOTS, '--watch', '--run-cap', RUN_CAP).ended;
      await sleep(START_AGAIN_MS);
    }
  };
  const operator = createOperator(home, cli);
  const disturber = createDisturber({
    home,
    clocks: scratch,
    disk,
    desk,
    operator,
    witness,
    secondRun() {
      if (running.size > 1) return false;
      start('1', '--concurrency', '2', '--run-cap', TIGHT_RUN_CAP, '--durability', 'fsync');
      return true;
    },
  });
  const remains = (): number => (tasks ?? Number.POSITIVE_INFINITY) - desk.promised.size;
  const keepFed = async (): Promise<void> => {
    while (isDisturbed && !signal.aborted) {
      const isHungry = desk.promised.size - witness.ended.size < BACKLOG && remains() > 0;
      if (isHungry) await desk.add(Math.min(BATCH, remains()), () => isDisturbed && !signal.aborted);
      await sleep(LOOK_EVERY_MS);
    }
  };
  const watch = setInterval(() => witness.look(), LOOK_EVERY_MS);
  const tell = setInterval(() => void faults.tellNew(), 200);
  const report = setInterval(() => {
    const { worker, grind, simulator, orchestrator } = disturber.counts.kills;
    say(
      `${Math.round((performance.now() - began) / 1_000)} s: ${witness.ended.size} of ${desk.promised.size} tasks ended, ${worker + grind + simulator + orchestrator} kills`,
    );
  }, SAY_EVERY_MS);

  try {
    const init = await cli.launch(['init', home]).ended;
    if (init.code !== 0) throw new Error(`no home could be made: ${init.err}`);
    await desk.add(BATCH, () => !signal.aborted);
    /** What goes wrong here is no excuse for the product, and must not end the run before it is cleaned up. */
    const seen = (work: Promise<void>): Promise<void> =>
      work.catch((error: unknown) => {
        if (!signal.aborted) violations.push(violation('chaos itself goes on', String(error)));
      });
    const lives = [seen(keepRunning()), seen(keepFed())];
    for (let waited = 0; witness.begun.size === 0 && waited < FIRST_CLAIM_MS; waited += LOOK_EVERY_MS)
      await sleep(LOOK_EVERY_MS, undefined, { signal });
    const disturbed = performance.now();
    const acts: Promise<void>[] = [];
    for (const disturbance of planDisturbances(seed, durationMs)) {
      await sleep(Math.max(0, disturbance.atMs - (performance.now() - disturbed)), undefined, { signal });
      acts.push(seen(disturber.perform(disturbance)));
    }
    await sleep(Math.max(0, durationMs - (performance.now() - disturbed)), undefined, { signal });

    isDisturbed = false;
    disturber.undo();
    await Promise.all(acts);
    disturber.undo();
    for (const { pid } of running) send(pid, 'SIGTERM');
    await within(DRAIN_MS, Promise.all(lives));
    await endAll(home);
    clearInterval(tell);

    say('Quiet now; a clean run finishes what is left.');
    const clean = cli.launch(['start', WORKERS, '--concurrency', SLOTS, '--run-cap', RUN_CAP]);
    running.add(clean);
    const end = await within(FINISH_MS, clean.ended, signal);
    if (end === undefined)
      violations.push(violation('Q9', `a clean start did not end within ${FINISH_MS / 1_000} s`));
    else if (hasFallen(end) || ![0, 1].includes(Number(end.code)))
      violations.push(
        violation('Q9', `a clean start ended with ${end.code}: ${(end.err || end.out).slice(-600)}`),
      );
    await endAll(home);
    clearInterval(watch);
    witness.look();

    const status = await cli.launch(['status', '--json']).ended;
    const verified = await cli.launch(['audit', 'verify']).ended;
    const replayed = await cli.launch(['replay']).ended;
    const judgement = judgeHome(home, witness, desk.promised, disturber.stalled);
    return {
      seed,
      minutes,
      seconds: Math.round((performance.now() - began) / 1_000),
      counts: disturber.counts,
      endings,
      judgement,
      violations: [
        ...violations,
        ...judgement.violations,
        ...compareStatus(status.out, judgement.tasks),
        ...(replayed.code === 0
          ? []
          : [violation('replay equals what is believed', replayed.out + replayed.err)]),
        ...(verified.code === 0 ? [] : [violation('S5', verified.out + verified.err)]),
      ],
    };
  } finally {
    isDisturbed = false;
    disturber.undo();
    for (const timer of [watch, tell, report]) clearInterval(timer);
  }
}

/** A stack is what nobody expected. */
const hasFallen = ({ err }: Ended): boolean => /^\s+at .+:\d+:\d+\)?$/m.test(err);

/** Undefined when it takes longer. */
async function within<T>(ms: number, work: Promise<T>, signal?: AbortSignal): Promise<T | undefined> {
  const done = new AbortController();
  const limits = signal === undefined ? done.signal : AbortSignal.any([done.signal, signal]);
  try {
    return await Promise.race([work, sleep(ms, undefined, { signal: limits })]);
  } finally {
    done.abort();
  }
}

/** Every process of this home ends; none but these is named. */
async function endAll(home: string): Promise<void> {
  for (let left = findProcesses(home); left.length > 0; left = findProcesses(home)) {
    for (const { pid } of left) send(pid, 'SIGKILL');
    await sleep(20);
  }
}
