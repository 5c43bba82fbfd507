/**
 * One process of queue-processes.e2e.test.ts, on the built packages: `work` claims and finishes until the queue is drained, `add` adds tasks one by
 * one, `hold` claims and does nothing more. Notes every end it was told is recorded in a file of its own, so that the test need not
 * believe the log.
 */
import { appendFileSync } from 'node:fs';
import { homeIdOf, homeLayout } from '@vivarium/contracts';
import { createRecordStore } from '@vivarium/home';
import { createNodeMachine } from '@vivarium/platform';
import { createFileTaskQueue } from '@vivarium/queue';

const [part, root, name, notes, first, count] = process.argv.slice(2);
const LEASE_MS = 2_000;
const layout = homeLayout(root);
const home = homeIdOf(root);
const machine = createNodeMachine();
const record = createRecordStore({ layout, home, machine });
const queue = createFileTaskQueue({ layout, home, machine, record, runId: 'run_e2e', leaseMs: LEASE_MS });
process.once('disconnect', () => process.exit(1));

/** @param {string} summary */
const completed = (summary) => ({
  kind: 'completed',
  summary,
  resultSha256: 'a'.repeat(64),
  finishReason: 'stop',
  usage: {
    requestedModel: 'llama-3.1-8b-instant',
    model: 'llama-3.1-8b-instant',
    inputTokens: 1,
    outputTokens: 1,
    cost: 1,
    latencyMs: 1,
    provider: 'simulator',
    simulated: true,
    callId: 'call_1',
  },
});

async function work() {
  const beat = setInterval(() => queue.beat(name, 0), 200);
  for (;;) {
    const answer = await queue.claim(name, 2);
    if (answer.kind === 'drained') break;
    if (answer.kind === 'waiting') {
      await machine.clock.sleep(Math.min(answer.wakeInMs, 50));
      continue;
    }
    for (const claim of answer.claims) {
      await machine.clock.sleep(2);
      const told = await queue.finish(claim, completed(`by ${name}`));
      appendFileSync(notes, `${told} ${claim.task.id} ${claim.round}\n`);
    }
  }
  clearInterval(beat);
  queue.leave(name);
}

async function add() {
  for (let index = 0; index < Number(count); index += 1) {
    const { rejected } = await queue.add([{ id: `t${Number(first) + index}`, prompt: 'p' }]);
    if (rejected.length > 0) throw new Error(rejected[0].reason);
  }
}

if (part === 'add') await add();
else if (part === 'work') await work();
else {
  await queue.claim(name, 3);
  process.send('holding');
  await machine.clock.sleep(600_000);
}
process.exit(0);
