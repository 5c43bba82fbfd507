/**
 * One process of `npm run bench -- queue`: warms up on a home of its own, opens the queue of the home it is told, waits for the word, claims
 * (as many at a time as it is told) and finishes until nothing is left. Now and then it makes the bare calls of a few tasks instead, so that both
 * are measured in the same seconds, in the same process, beside the same neighbours. Tells what it did and what CPU each took; opening (reading the
 * queue and building the index) is told apart, because a worker does it once.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { nanoUsd, runId, workerId } from '@vivarium/core';
import { homeIdOf, homeLayout, type TaskOutcome, type TaskQueue } from '@vivarium/contracts';
import { createRecordStore, initHome } from '@vivarium/home';
import { createNodeMachine } from '@vivarium/platform';
import { createFileTaskQueue } from '@vivarium/queue';
import { openBareRecord } from './bare-record.ts';
import { cpuMsSince, report, whenTold, type WorkReport } from './bench-process.ts';

export interface QueueWorkReport extends WorkReport {
  readonly openCpuMs: number;
  readonly bareTasks: number;
  readonly bareCpuMs: number;
}

/** The bare calls of so many tasks after so many of the engine: enough to be measured, too few to leave the others undisturbed. */
const SLICE = 40;
const BARE_SLICE = 10;

const outcome: TaskOutcome = {
  kind: 'completed',
  summary:
    'A write-ahead log is written first so that a crash leaves either nothing or enough to go on. '.repeat(3),
  resultSha256: 'a'.repeat(64),
  finishReason: 'stop',
  usage: {
    requestedModel: 'llama-3.1-8b-instant',
    model: 'llama-3.1-8b-instant',
    inputTokens: 120,
    outputTokens: 340,
    cost: nanoUsd(33_200),
    latencyMs: 412,
    provider: 'simulator',
    simulated: true,
    callId: 'call_0123456789abcdef0123456789abcdef',
  },
};

const [root = '', warmUp = '0', slotsText = '1', durabilityText, lock = '0', claim = '0', finish = '0'] =
  process.argv.slice(2);
const slots = Number(slotsText);
const durability = durabilityText === 'fsync' ? 'fsync' : 'os';

const machine = createNodeMachine();
const worker = workerId(machine.ids.next('worker'));

function open(directory: string): TaskQueue {
  const layout = homeLayout(directory);
  const home = homeIdOf(layout.root);
  const record = createRecordStore({ layout, home, machine, durability });
  return createFileTaskQueue({ layout, home, machine, record, runId: runId('run_bench'), durability, slots });
}

/** As often as a worker does: one whose beat stands still is taken for dead, and its tasks are taken over (Q5). */
const BEAT_MS = 1_000;

/** Answers how many tasks this process finished. `onSlice` is called after so many of them. */
async function drain(
  queue: TaskQueue,
  slots: number,
  onSlice: () => void = () => undefined,
): Promise<number> {
  let tasks = 0;
  let sliceEnd = 0;
  let beatAt = -Infinity;
  for (;;) {
    if (performance.now() - beatAt > BEAT_MS) {
      queue.beat(worker, slots);
      beatAt = performance.now();
    }
    if (tasks >= sliceEnd) {
      onSlice();
      sliceEnd = tasks + SLICE;
    }
    const answer = await queue.claim(worker, slots);
    if (answer.kind === 'drained') return tasks;
    if (answer.kind === 'waiting') {
      await machine.clock.sleep(Math.min(answer.wakeInMs, 20));
      continue;
    }
    // At once, as the slots of a worker may end: what ends in one turn is written together.
    const ends = await Promise.all(answer.claims.map((claim) => queue.finish(claim, outcome)));
    tasks += ends.filter((end) => end === 'recorded').length;
  }
}

const scratch = mkdtempSync(`${root}-warm-`);
initHome(homeLayout(scratch), machine.files);
const scratchQueue = open(scratch);
await scratchQueue.add(
  Array.from({ length: Number(warmUp) }, (_, index) => ({ id: `warm-${index}`, prompt: 'warm up' })),
);
await drain(scratchQueue, slots);
rmSync(scratch, { recursive: true, force: true });

const opening = process.cpuUsage();
const queue = open(root);
await queue.claim(worker, 0);
const openCpuMs = cpuMsSince(opening);

const sizes = { lock: Number(lock), claim: Number(claim), finish: Number(finish) };
// All processes make them in one directory and one log, as the queue does.
const bareDirectory = `${root}-bare`;
mkdirSync(bareDirectory, { recursive: true });
const bare = openBareRecord(bareDirectory, `bare-${process.pid}`, sizes, durability);
let bareTasks = 0;
let bareCpuMs = 0;
let bareElapsedMs = 0;
const bareSlice = (): void => {
  const cpu = process.cpuUsage();
  const began = performance.now();
  for (let task = 0; task < BARE_SLICE; task += 1) {
    bare.begin(task);
    bare.end(task);
  }
  bareTasks += BARE_SLICE;
  bareCpuMs += cpuMsSince(cpu);
  bareElapsedMs += performance.now() - began;
};
for (let slice = 0; slice * BARE_SLICE < Number(warmUp); slice += 1) bareSlice();
[bareTasks, bareCpuMs, bareElapsedMs] = [0, 0, 0];

await whenTold();
const working = process.cpuUsage();
const began = performance.now();
const tasks = await drain(queue, slots, bareSlice);
const cpuMs = cpuMsSince(working) - bareCpuMs;
const elapsedMs = performance.now() - began - bareElapsedMs;
bare.close();
const done: QueueWorkReport = { tasks, cpuMs, openCpuMs, bareTasks, bareCpuMs, elapsedMs };
report(done);
