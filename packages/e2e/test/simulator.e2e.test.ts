import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runTool } from './repository.ts';
import {
  simulatorMain,
  startSimulator,
  startSimulatorWithFileLimit,
  type SimulatorProcess,
} from './simulator-process.ts';

let directory: string;
let billPath: string;
const running: SimulatorProcess[] = [];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'vivarium-simulator-'));
  billPath = join(directory, 'bill.jsonl');
});
afterEach(async () => {
  for (const { child, ended } of running.splice(0)) {
    child.kill('SIGKILL');
    await ended;
  }
  rmSync(directory, { recursive: true });
});

const start = async (...flags: readonly string[]): Promise<SimulatorProcess> => {
  const simulator = await startSimulator(...flags);
  running.push(simulator);
  return simulator;
};

const ask = (simulator: SimulatorProcess, prompt: string): Promise<Response> =>
  fetch(`${simulator.url}/openai/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: 'Bearer a-test-key' },
    body: JSON.stringify({ model: 'llama-3.1-8b-instant', messages: [{ role: 'user', content: prompt }] }),
  });

interface Reply {
  readonly choices: readonly { readonly message: { readonly content: string } }[];
  readonly usage: Readonly<Record<string, number>>;
  readonly x_groq: { readonly id: string };
}
// `as`: the shape of the reply is the subject of the simulator's own tests.
const replyOf = async (response: Response): Promise<Reply> => (await response.json()) as Reply;

const totals = async (simulator: SimulatorProcess): Promise<unknown> =>
  (await fetch(`${simulator.url}/simulator/bill`)).json();

/** Readable lines of the bill, and how many are not. */
function readBill(): { readonly ids: ReadonlySet<string>; readonly cost: number; readonly torn: number } {
  const ids = new Set<string>();
  let cost = 0;
  let torn = 0;
  for (const line of readFileSync(billPath, 'utf8').split('\n')) {
    if (line === '') continue;
    try {
      const { request_id, cost_nano_usd } = JSON.parse(line) as {
        readonly request_id: string;
        readonly cost_nano_usd: number;
      };
      ids.add(request_id);
      cost += cost_nano_usd;
    } catch {
      torn += 1;
    }
  }
  return { ids, cost, torn };
}

describe('the life of the simulator', () => {
  it('says that it is ready once, on stdout and to its parent, with address and process id', async () => {
    const simulator = await start('--latency-ms', '0');
    await expect.poll(() => simulator.messages.length).toBe(1);
    expect(simulator.messages[0]).toMatchObject({
      kind: 'ready',
      url: simulator.url,
      pid: simulator.child.pid,
    });
    expect(JSON.parse(simulator.output())).toEqual(simulator.messages[0]);
  });

  it('ends with 0 when asked, also with calls under way', async () => {
    const simulator = await start('--latency-ms', '60000', '--bill', billPath);
    const waiting = ask(simulator, 'wait').catch((error: unknown) => error);
    await expect
      .poll(async () =>
        (await (await fetch(`${simulator.url}/simulator/state`)).text()).includes('"in_flight":1'),
      )
      .toBe(true);
    simulator.child.kill('SIGTERM');
    expect(await simulator.ended).toBe(0);
    expect(await waiting).toBeInstanceOf(Error);
    expect(readBill().ids.size).toBe(0);
  });

  it('ends when its parent is gone', async () => {
    const simulator = await start();
    simulator.child.disconnect();
    expect(await simulator.ended).toBe(0);
  });

  it('names the flag it does not know and ends with 2', async () => {
    const { code, output } = await runTool([simulatorMain, '--latencyms', '3']);
    expect(code).toBe(2);
    expect(output).toContain('--latencyms');
  });

  it('names the port that is taken, and the bill it cannot open, and ends with 4', async () => {
    const { port } = new URL((await start()).url);
    const taken = await runTool([simulatorMain, '--port', port]);
    expect(taken.code).toBe(4);
    expect(taken.output).toContain(`127.0.0.1:${port}: it is taken`);
    const unreadable = await runTool([simulatorMain, '--bill', join(directory, 'missing', 'bill.jsonl')]);
    expect(unreadable.code).toBe(4);
    expect(unreadable.output).toContain('missing');
  });

  it('gives the same answer in another process with the same seed, and another with another', async () => {
    const [one, two, other] = await Promise.all([
      start('--seed', 'a'),
      start('--seed', 'a'),
      start('--seed', 'b'),
    ]);
    const texts = await Promise.all(
      [one, two, other].map(async (simulator) => {
        const { choices, usage } = await replyOf(await ask(simulator, 'Explain tides.'));
        return JSON.stringify([choices, usage]);
      }),
    );
    expect(texts[0]).toBe(texts[1]);
    expect(texts[0]).not.toBe(texts[2]);
  });
});

describe('the bill', () => {
  it('M2: after kill -9 under load holds every call whose reply was read, and goes on from there', async () => {
    const first = await start('--latency-ms', '0', '--bill', billPath);
    const read: string[] = [];
    const callers = Array.from({ length: 8 }, async (_, caller) => {
      for (let call = 0; ; call += 1) {
        try {
          read.push(
            (await replyOf(await ask(first, `caller ${caller} asks for the ${call}th time`))).x_groq.id,
          );
        } catch {
          return;
        }
      }
    });
    await expect.poll(() => read.length, { timeout: 30_000 }).toBeGreaterThan(200);
    first.child.kill('SIGKILL');
    await Promise.all(callers);

    const bill = readBill();
    expect(read.filter((id) => !bill.ids.has(id))).toEqual([]);

    const second = await start('--latency-ms', '0', '--bill', billPath);
    expect(await totals(second)).toMatchObject({ calls: bill.ids.size, cost_nano_usd: bill.cost });
    await replyOf(await ask(second, 'one more'));
    const after = readBill();
    expect(after.ids.size).toBe(bill.ids.size + 1);
    expect(await totals(second)).toMatchObject({ calls: after.ids.size, cost_nano_usd: after.cost });
  });

  it('M2: gives no answer it could not write down, and a full disk leaves nothing that a restart stumbles over', async () => {
    const first = await startSimulatorWithFileLimit(4, '--latency-ms', '0', '--bill', billPath);
    running.push(first);
    const read: string[] = [];
    const statuses: number[] = [];
    for (let call = 0; call < 30; call += 1) {
      const response = await ask(first, `call ${call}`);
      statuses.push(response.status);
      if (response.ok) read.push((await replyOf(response)).x_groq.id);
    }
    expect(statuses.filter((status) => status === 200).length).toBeGreaterThan(0);
    expect(statuses.at(-1)).toBe(500);
    const full = readBill();
    expect([...full.ids]).toEqual(read);
    expect(full.torn).toBe(1);
    expect(await totals(first)).toMatchObject({ calls: read.length, cost_nano_usd: full.cost });
    await first.stop();

    const second = await start('--latency-ms', '0', '--bill', billPath);
    expect(await totals(second)).toMatchObject({
      calls: read.length,
      cost_nano_usd: full.cost,
      torn_lines: 1,
    });
    expect((await ask(second, 'after the disk was cleared')).status).toBe(200);
    expect(readBill().ids.size).toBe(read.length + 1);
  });
});
