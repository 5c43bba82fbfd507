/**
 * The process of one worker. Owns its wiring and its end; the work is in loop.ts. Reads no environment and knows no key.
 *
 * Forked, it obeys its parent's messages and notices by the closed channel that the parent is gone, also after kill -9: then it finishes what
 * it can in a few seconds, gives back the rest, and leaves. By hand it obeys SIGINT and SIGTERM.
 * Exit codes: 0 left as told · 1 something impossible · 2 usage · 4 only an operator can make it work.
 */
import {
  homeIdOf,
  homeLayout,
  OrchestratorMessage,
  type HomeLayout,
  type WorkerMessage,
} from '@vivarium/contracts';
import { isVivariumError, messageOf, runId, workerId } from '@vivarium/core';
import { createControlStore, createRecordStore, initHome, runFiles } from '@vivarium/home';
import { createNodeMachine } from '@vivarium/platform';
import { createFileTaskQueue } from '@vivarium/queue';
import { readFlags, usage, type Flags } from './flags.ts';
import { createGrindClient } from './grind-client.ts';
import { createWorkerLoop } from './loop.ts';

const ORPHAN_DRAIN_MS = 10_000;
const PREPARE_AGAIN_MS = 1_000;

const machine = createNodeMachine();
const forked = process.send !== undefined;

function say(message: WorkerMessage, onSent: () => void = () => undefined): void {
  // A parent that left meanwhile is told nothing; `disconnect` is heard elsewhere.
  if (process.connected) process.send?.(message, undefined, undefined, onSent);
  else onSent();
}

/** A full disk is waited for, not died of: whoever started this process would only start another (Q11). */
async function prepare(layout: HomeLayout): Promise<void> {
  for (let told = ''; process.connected || !forked;) {
    try {
      initHome(layout, machine.files);
      return;
    } catch (error) {
      if (!isVivariumError(error) || error.remedy.kind !== 'retry') throw error;
      const { code, message, hint } = error;
      if (message !== told)
        say({ kind: 'fault', code, message, ...(hint === undefined ? {} : { hint }), remedy: 'wait' });
      told = message;
      await machine.clock.sleep(PREPARE_AGAIN_MS);
    }
  }
}

async function work(flags: Flags): Promise<number> {
  const root = machine.files.realPath(flags.home);
  if (root === undefined) {
    process.stderr.write(`worker: there is no directory ${flags.home}\n`);
    return 4;
  }
  const layout = homeLayout(root);
  const home = homeIdOf(root);
  await prepare(layout);
  const record = createRecordStore({ layout, home, machine, soon: setImmediate });
  process.on('exit', () => record.flush());
  const run = runId(flags.runId);
  const worker = workerId(`worker_${machine.ids.hex(4)}`);
  const runs = runFiles(layout, machine);
  const queue = createFileTaskQueue({
    layout,
    home,
    machine,
    record,
    runId: run,
    slots: flags.concurrency,
    durability: flags.durability,
    onProblem: ({ code, message, hint }) =>
      say({ kind: 'fault', code, message, ...(hint === undefined ? {} : { hint }), remedy: 'wait' }),
  });
  const loop = createWorkerLoop({
    home,
    runId: run,
    timeoutMs: flags.timeoutMs,
    clock: machine.clock,
    stays: flags.stays,
    chance: () => Number.parseInt(machine.ids.hex(4), 16) / 2 ** 32,
    grind: createGrindClient({ connections: flags.concurrency, clock: machine.clock }),
    worker,
    slots: flags.concurrency,
    queue,
    record,
    control: createControlStore({ layout, machine, record }),
    grindAddresses: () =>
      [...new Set([flags.grindUrl, runs.liveGrind()?.url])].filter((url) => url !== undefined),
    say: forked ? say : (message) => void process.stdout.write(`${JSON.stringify(message)}\n`),
  });

  let told = 0;
  const leave = (why: string): void => {
    told += 1;
    if (told === 1) loop.drain(why, flags.timeoutMs);
    else loop.stop(why);
  };
  process.on('SIGTERM', () => leave('SIGTERM'));
  // A terminal sends these to every process in it: the parent decides what they mean.
  for (const signal of ['SIGINT', 'SIGHUP'] as const)
    process.on(signal, () => (forked ? undefined : leave(signal)));
  const orphaned = (): void => {
    loop.drain('parent_gone', ORPHAN_DRAIN_MS);
    // It may have been draining already, with more patience than is left now.
    setTimeout(() => loop.stop('parent_gone'), ORPHAN_DRAIN_MS).unref();
  };
  process.on('disconnect', orphaned);
  // It may have gone while this process was starting.
  if (forked && !process.connected) orphaned();
  process.on('message', (message) => {
    const order = OrchestratorMessage.safeParse(message).data;
    if (order?.kind === 'drain') loop.drain('told', flags.timeoutMs);
    if (order?.kind === 'stop') loop.stop('told');
  });

  const ended = loop.run();
  say({ kind: 'ready', worker_id: worker, pid: process.pid });
  const { reason, faulty } = await ended;
  await new Promise<void>((resolve) => say({ kind: 'bye', reason }, resolve));
  return faulty ? 4 : 0;
}

const answer = readFlags(process.argv.slice(2), () => machine.ids.next('run'));
switch (answer.kind) {
  case 'help':
    process.stdout.write(`${usage}\n`);
    break;
  case 'faulty':
    process.stderr.write(
      `${answer.problems.map((problem) => `worker: ${problem}\n`).join('')}worker: --help lists the flags\n`,
    );
    process.exitCode = 2;
    process.disconnect?.();
    break;
  case 'flags':
    try {
      process.exit(await work(answer.flags));
    } catch (error) {
      // What only a person can mend is told to the parent, who would otherwise start another in its place.
      if (isVivariumError(error) && error.remedy.kind === 'stop') {
        const { code, message, hint } = error;
        say({ kind: 'fault', code, message, ...(hint === undefined ? {} : { hint }), remedy: 'stop' }, () =>
          process.exit(4),
        );
        break;
      }
      process.stderr.write(
        `worker: ${isVivariumError(error) ? `${error.code}: ` : ''}${messageOf(error)}\n${error instanceof Error ? error.stack : ''}\n`,
      );
      process.exit(1);
    }
}
