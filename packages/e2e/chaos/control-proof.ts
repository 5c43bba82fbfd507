/**
 * Proof that orders act at once: HALT while 32 calls are in flight, and PAUSE and resume under load, many times, on real processes and by the seed's files alone.
 * Checked by reading the logs plainly; shares no code with the product.
 *
 * - HALT: within a second no call is under way and every task is back in the queue; each cut call is charged in full, once. Half of the cut calls are billed all the same, and
 *   beside them others are answered: the simulator's bill lies between what is settled and that with the charges, and is neither.
 * - PAUSE: once every worker says in its beat that it obeys, no claim is written until the order is lifted.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createCommandLine, repositoryOf } from './command-line.ts';
import { readLog } from './log-lines.ts';

export interface ControlProof {
  readonly halts: Rounds;
  readonly pauses: Rounds;
  /** In nano-dollars; all simulated. */
  readonly money: {
    readonly cut: number;
    readonly charged: number;
    readonly settled: number;
    readonly bill: number;
  };
  readonly violations: readonly string[];
}
export interface Rounds {
  readonly rounds: number;
  /** Milliseconds from the order to its effect, sorted. */
  readonly effectMs: readonly number[];
}

const TASK_TEXT = 'Write a line about';
const WORKERS = 2;
const SLOTS = 16;
const IN_FLIGHT = WORKERS * SLOTS;
/** Tasks wait for ever; the answer of every second one is generated, billed, and kept back. */
const NEVER_ANSWERED = [
  { match: { promptIncludes: TASK_TEXT, every: 2 }, fault: { kind: 'hang', billed: true } },
  { match: { promptIncludes: TASK_TEXT }, fault: { kind: 'hang' } },
];
const PATIENCE_MS = 20_000;
const HALT_WITHIN_MS = 1_000;
const PAUSE_WITHIN_MS = 500;
const WATCHED_MS = 15;

export async function proveControl(options: {
  readonly halts: number;
  readonly pauses: number;
  readonly say: (line: string) => void;
}): Promise<ControlProof> {
  const violations: string[] = [];
  const halted = await withHome(
    { tasks: 2 * IN_FLIGHT, latencyMs: 1, faults: NEVER_ANSWERED },
    async (stage) => {
      const effectMs: number[] = [];
      for (let round = 0; round < options.halts; round += 1) {
        await until(async () => (await callsOf(stage)) === IN_FLIGHT, `${IN_FLIGHT} calls in flight`);
        await Promise.all([1, 2].map(() => answered(stage, round)));
        const began = performance.now();
        stage.write('HALT', '{"reason":"proof"}');
        await until(
          async () => (await callsOf(stage)) === 0 && inProgress(stage) === 0,
          'the calls to be cut',
        );
        const took = performance.now() - began;
        effectMs.push(took);
        if (took > HALT_WITHIN_MS)
          violations.push(`HALT ${round}: ${Math.round(took)} ms until all was cut and given back`);
        rmSync(stage.at('HALT'));
        if ((round + 1) % 50 === 0) options.say(`${round + 1} halts`);
      }
      const money = moneyOf(stage);
      if (money.cut !== options.halts * IN_FLIGHT)
        violations.push(`${money.cut} calls charged as unknown, ${options.halts * IN_FLIGHT} were cut`);
      if (money.doubled > 0) violations.push(`${money.doubled} calls settled twice`);
      if (money.answered !== 2 * options.halts)
        violations.push(`${money.answered} calls settled, ${2 * options.halts} were answered`);
      if (money.settled === 0 || money.settled >= money.bill || money.bill >= money.settled + money.charged)
        violations.push(
          `the bill ${money.bill} does not lie between ${money.settled} and ${money.settled + money.charged}`,
        );
      return { effectMs: sorted(effectMs), money };
    },
  );
  const paused = await withHome({ tasks: 40 * options.pauses + 500, latencyMs: 5 }, async (stage) => {
    const effectMs: number[] = [];
    for (let round = 0; round < options.pauses; round += 1) {
      const before = sizeOf(stage);
      await until(() => claimsSince(stage, before) > 0, 'a claim');
      const began = performance.now();
      stage.write('PAUSE', '{"reason":"proof"}');
      await until(() => obeying(stage) === WORKERS, 'the workers to obey', 1);
      const took = performance.now() - began;
      effectMs.push(took);
      const mark = sizeOf(stage);
      await sleep(WATCHED_MS);
      const claims = claimsSince(stage, mark);
      if (took > PAUSE_WITHIN_MS)
        violations.push(`PAUSE ${round}: ${Math.round(took)} ms until all workers obeyed`);
      if (claims > 0)
        violations.push(`PAUSE ${round}: ${claims} claims after every worker had said that it obeys`);
      rmSync(stage.at('PAUSE'));
      if ((round + 1) % 250 === 0) options.say(`${round + 1} pauses`);
    }
    return sorted(effectMs);
  });
  return {
    halts: { rounds: options.halts, effectMs: halted.effectMs },
    pauses: { rounds: options.pauses, effectMs: paused },
    money: halted.money,
    violations,
  };
}

interface Stage {
  readonly grind: string;
  at(...names: readonly string[]): string;
  write(name: string, text: string): void;
}

async function withHome<T>(
  {
    tasks,
    latencyMs,
    faults = [],
  }: { readonly tasks: number; readonly latencyMs: number; readonly faults?: readonly object[] },
  work: (stage: Stage) => Promise<T>,
): Promise<T> {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'vivarium-proof-')));
  const home = join(root, 'home');
  const repository = repositoryOf(import.meta.url);
  const at = (...names: readonly string[]): string => join(home, ...names);
  const children: ChildProcess[] = [];
  const serve = async (app: string, ...words: readonly string[]): Promise<string> => {
    const main = join(repository, `apps/${app}/bundle/main.js`);
    const child = spawn(process.execPath, [main, ...words], {
      env: { HOME: root },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    return new Promise((resolve, reject) => {
      let said = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        said += text;
        const [, url] = /(http:\/\/127\.0\.0\.1:\d+)/.exec(said) ?? [];
        if (url !== undefined) resolve(url);
      });
      child.once('exit', (code) => reject(new Error(`${app} ended with ${code}: ${said}`)));
    });
  };
  try {
    mkdirSync(join(home, 'logs'), { recursive: true });
    mkdirSync(at('queue.d'));
    writeFileSync(at('queue.json'), '{"version":"1.0","tasks":[]}');
    const wanted = Array.from({ length: tasks }, (_, n) => ({
      id: `task-${n}`, type: 'grind', prompt: `${TASK_TEXT} ${n}.`, min_budget: 0.000001, max_budget: 100, max_tokens: 16,
    })); // prettier-ignore
    writeFileSync(join(root, 'tasks.jsonl'), wanted.map((task) => `${JSON.stringify(task)}\n`).join(''));
    const cli = createCommandLine(repository, home, root);
    const added = await cli.launch(['add', '--file', join(root, 'tasks.jsonl')]).ended;
    if (added.code !== 0) throw new Error(`the tasks were not added: ${added.err}${added.out}`);
    const simulator = await serve(
      'groq-simulator',
      '--port',
      '0',
      '--bill',
      at('logs/simulator_bill.jsonl'),
      '--latency-ms',
      String(latencyMs),
      '--faults',
      JSON.stringify(faults),
    );
    const grind = await serve('grind', '--home', home, '--port', '0', '--simulator', simulator);
    const run = cli.launch([
      'start',
      String(WORKERS),
      '--concurrency',
      String(SLOTS),
      '--watch',
      '--run-cap',
      '1000',
    ]);
    children.push(run.child);
    await until(() => beatsOf(at('run/workers')).length === WORKERS, 'the workers');
    return await work({ grind, at, write: (name, text) => writeFileSync(at(name), text) });
  } finally {
    for (const child of children.toReversed()) {
      child.kill('SIGTERM');
      const patience = setTimeout(() => child.kill('SIGKILL'), 3_000);
      if (child.exitCode === null && child.signalCode === null)
        await new Promise((resolve) => child.once('exit', resolve));
      clearTimeout(patience);
    }
    await until(
      () => beatsOf(at('run/workers')).every(({ pid }) => !existsSync(`/proc/${pid}`)),
      'the workers to leave',
    );
    rmSync(root, { recursive: true, force: true });
  }
}

async function answered({ grind }: Stage, round: number): Promise<void> {
  const response = await fetch(`${grind}/grind`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ prompt: `Say something before halt ${round}.`, max_tokens: 16 }),
  });
  if (!response.ok) throw new Error(`grind answered ${response.status}: ${await response.text()}`);
}

async function callsOf({ grind }: Stage): Promise<number> {
  const health = (await (await fetch(`${grind}/healthz`)).json()) as { readonly calls: readonly unknown[] };
  return health.calls.length;
}

interface BeatSaid {
  readonly pid: number;
  readonly obeys?: { readonly orders: readonly string[] };
}
const beatsOf = (directory: string): readonly BeatSaid[] =>
  (existsSync(directory) ? readdirSync(directory) : [])
    .filter((name) => name.endsWith('.json') && !name.startsWith('.'))
    // `as`: a beat is replaced whole; one that is gone meanwhile says nothing
    .flatMap((name) =>
      existsSync(join(directory, name))
        ? [JSON.parse(readFileSync(join(directory, name), 'utf8')) as BeatSaid]
        : [],
    );
const obeying = (stage: Stage): number =>
  beatsOf(stage.at('run/workers')).filter(({ obeys }) => (obeys?.orders.length ?? 0) > 0).length;

const logOf = (stage: Stage): string => stage.at('logs/execution_log.jsonl');
const sizeOf = (stage: Stage): number => (existsSync(logOf(stage)) ? statSync(logOf(stage)).size : 0);

function claimsSince(stage: Stage, from: number): number {
  const size = sizeOf(stage);
  if (size <= from) return 0;
  const bytes = Buffer.alloc(size - from);
  const file = openSync(logOf(stage), 'r');
  readSync(file, bytes, 0, bytes.length, from);
  closeSync(file);
  return bytes.toString('utf8').split('"status":"in_progress"').length - 1;
}

/** Tasks that somebody is working on, by the last line of each. */
function inProgress(stage: Stage): number {
  const last = new Map<unknown, unknown>();
  for (const { value } of readLog(readFileSync(logOf(stage), 'utf8')).lines)
    last.set(value['task_id'], value['status']);
  return [...last.values()].filter((status) => status === 'in_progress').length;
}

function moneyOf(
  stage: Stage,
): ControlProof['money'] & { readonly doubled: number; readonly answered: number } {
  const ended = new Map<unknown, number>();
  let cut = 0;
  let charged = 0;
  let settled = 0;
  let answers = 0;
  for (const { value } of readLog(readFileSync(stage.at('logs/api_audit.log'), 'utf8')).lines) {
    if (value['event'] === 'call.usage-unknown') {
      cut += 1;
      charged += Number(value['charged_nano_usd']);
    } else if (value['event'] === 'API_CALL_SUCCESS') {
      settled += Number(value['cost_nano_usd']);
      answers += 1;
    } else continue;
    ended.set(value['call_id'], (ended.get(value['call_id']) ?? 0) + 1);
  }
  const billFile = stage.at('logs/simulator_bill.jsonl');
  const bill = existsSync(billFile)
    ? readLog(readFileSync(billFile, 'utf8')).lines.reduce(
        (sum, { value }) => sum + Number(value['cost_nano_usd'] ?? 0),
        0,
      )
    : 0;
  return {
    cut,
    charged,
    settled,
    bill,
    answered: answers,
    doubled: [...ended.values()].filter((times) => times > 1).length,
  };
}

const sorted = (values: readonly number[]): readonly number[] => values.toSorted((one, other) => one - other);

async function until(holds: () => boolean | Promise<boolean>, what: string, everyMs = 3): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`waited ${PATIENCE_MS} ms for ${what}`);
    await sleep(everyMs);
  }
}
