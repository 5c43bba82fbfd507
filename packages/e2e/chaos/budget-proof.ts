/**
 * Proof that nothing is overspent: 64 slots against a simulator that delays, cuts, loses, doubles and refuses, with a limiter of its own, while grind, workers and
 * orchestrators are killed. Every kind of cap is met: of tasks, runs, a principal, and the day. Then the record is checked from the outside, by code that shares nothing with the
 * product, against every cap at every line and against the simulator's own bill.
 *
 * Owns a home and every process it started; all of them are gone when it is done, also when it is cut short.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { checkMoney, type MoneyFindings } from './check-money.ts';
import { checkPrices } from './check-prices.ts';
import { createCommandLine, repositoryOf } from './command-line.ts';
import { createDice, type Dice } from './dice.ts';
import { readLog, textOf, type LogLine } from './log-lines.ts';
import { moneyOfDay } from './money-of-day.ts';
import { findProcesses, send } from './processes.ts';
import { violation, type Violation } from './violation.ts';

export interface BudgetProofOptions {
  readonly minutes: number;
  readonly seed: string;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
  /** Another program in the place of grind: to see that a wrong one is found out. */
  readonly grindMain?: string;
  /** Two of them on one home at once. */
  readonly twoGrinds?: boolean;
}

export interface BudgetProof {
  readonly seed: string;
  readonly seconds: number;
  readonly kills: Readonly<Record<string, number>>;
  /** Lines of api_audit.log by event. */
  readonly events: Readonly<Record<string, number>>;
  /** How often each kind of cap left too little. */
  readonly capsMet: Readonly<Record<string, number>>;
  readonly money: MoneyFindings;
  readonly violations: readonly Violation[];
}

export const WORKERS = 4;
export const SLOTS = 16;
const BATCH = 160;
const TOKENS_PER_MINUTE = 900_000;
const ALICE_USD = '0.0001';
const FAULTS = [
  { match: { probability: 0.03 }, fault: { kind: 'status', status: 500 } },
  { match: { probability: 0.02 }, fault: { kind: 'status', status: 429, retryAfterSeconds: 0.2 } },
  { match: { probability: 0.03 }, fault: { kind: 'cut' } },
  { match: { probability: 0.02 }, fault: { kind: 'cut', afterBytes: 40 } },
  { match: { probability: 0.02 }, fault: { kind: 'malformed' } },
  { match: { probability: 0.02 }, fault: { kind: 'no-usage' } },
  { match: { probability: 0.03 }, fault: { kind: 'delay', ms: 2_300 } },
  { match: { probability: 0.01 }, fault: { kind: 'hang', billed: true } },
  { match: { probability: 0.005 }, fault: { kind: 'hang' } },
] as const;
/** Answers are billed when they are given, a while after the call: nothing is to come any more after this. */
const LAST_BILL_MS = 3_500;
const RUN_PATIENCE_MS = 6_000;
const UP_WITHIN_MS = 15_000;
/** The longest deadline of a call, and what a busy machine adds. */
const ASK_PATIENCE_MS = 6_000;

export async function proveBudget(options: BudgetProofOptions): Promise<BudgetProof> {
  const began = performance.now();
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'vivarium-proof-')));
  const stage = createStage(root, options);
  try {
    await stage.prepare();
    const until = began + options.minutes * 60_000;
    await Promise.all([stage.keepWorking(until), stage.keepKilling(until), stage.keepAskingDirectly(until)]);
    await stage.meetTheDay();
    await stage.quiet();
    return { ...stage.judge(), seconds: Math.round((performance.now() - began) / 1_000) };
  } finally {
    await stage.end();
    rmSync(root, { recursive: true, force: true });
  }
}

interface Stage {
  prepare(): Promise<void>;
  /** Runs one after another, each with tasks of its own and a cap that may be tight. */
  keepWorking(until: number): Promise<void>;
  keepKilling(until: number): Promise<void>;
  /** As the holder of a token, within a budget that is soon met; under keys that come again. */
  keepAskingDirectly(until: number): Promise<void>;
  /** A last run under a cap of the day that leaves almost nothing. */
  meetTheDay(): Promise<void>;
  /** Nothing is under way any more, neither here nor at the provider. */
  quiet(): Promise<void>;
  judge(): Omit<BudgetProof, 'seconds'>;
  end(): Promise<void>;
}

function createStage(root: string, options: BudgetProofOptions): Stage {
  const { seed, signal, say } = options;
  const home = join(root, 'home');
  const at = (...names: readonly string[]): string => join(home, ...names);
  const repository = repositoryOf(import.meta.url);
  // A run is to find the grind of this proof or none: it would bring one of its own.
  const cli = createCommandLine(repository, home, root, () => ({
    SWARM_API_URL: `http://127.0.0.1:${ports[0]}`,
  }));
  const children = new Set<ChildProcess>();
  const taskCaps = new Map<string, number>();
  const kills: Record<string, number> = { grind: 0, worker: 0, orchestrator: 0 };
  let batch = 0;
  let simulator = '';
  let token = '';
  let dayCapUsd = '5';
  let keepsGrind = true;
  let ports: readonly number[] = [];
  const grinds = new Map<number, ChildProcess>();
  /** Where they answer, by place. */
  const addresses = new Map<number, string>();

  const isOver = (until: number): boolean => signal.aborted || performance.now() > until;
  const rest = (ms: number): Promise<unknown> => sleep(ms, undefined, { signal }).catch(() => undefined);

  const launch = (
    main: string,
    words: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): ChildProcess => {
    const child = spawn(process.execPath, [main, ...words], {
      cwd: root,
      env: { PATH: process.env['PATH'] ?? '', HOME: root, ...env },
      stdio: ['ignore', 'pipe', 'ignore'],
      detached: true,
    });
    children.add(child);
    child.once('exit', () => children.delete(child));
    return child;
  };
  const addressOf = (child: ChildProcess): Promise<string> =>
    new Promise((resolve, reject) => {
      let said = '';
      child.stdout?.setEncoding('utf8').on('data', (text: string) => {
        said += text;
        const [, url] = /(http:\/\/127\.0\.0\.1:\d+)/.exec(said) ?? [];
        if (url !== undefined) resolve(url);
      });
      child.once('exit', () => reject(new Error(`a service ended before it was up: ${said}`)));
    });
  /** One, or in the place of one two; brought back whenever it is gone. */
  const keepGrind = (place: number): void => {
    // A place is taken once: who was to bring back the last one may come when there is a new one already.
    if (!keepsGrind || signal.aborted || grinds.has(place)) return;
    const main = options.grindMain ?? join(repository, 'apps/grind/bundle/main.js');
    const child = launch(main, ['--home', home, '--port', String(ports[place]), '--simulator', simulator], {
      VIVARIUM_BREAKER_FAILURES: '1000000',
      VIVARIUM_DAY_CAP_USD: dayCapUsd,
    });
    grinds.set(place, child);
    addressOf(child).then(
      (url) => addresses.set(place, url),
      () => undefined,
    );
    child.once('exit', () => {
      grinds.delete(place);
      addresses.delete(place);
      setTimeout(() => keepGrind(place), 100);
    });
  };
  /** Or the time is over: then what was to be done with it finds none, and says so. */
  const grindIsUp = async (until: number): Promise<void> => {
    while (addresses.get(0) === undefined && !isOver(until)) await rest(20);
  };
  const stopGrinds = async (): Promise<void> => {
    keepsGrind = false;
    for (const child of grinds.values()) child.kill('SIGTERM');
    const end = performance.now() + 10_000;
    while (grinds.size > 0 && performance.now() < end) await sleep(20);
    for (const child of grinds.values()) child.kill('SIGKILL');
    while (grinds.size > 0) await sleep(20);
  };
  const addTasks = async (dice: Dice, count: number): Promise<void> => {
    batch += 1;
    const tasks = Array.from({ length: count }, (_, n) => {
      // The tightest leave nothing for a call, some leave little, most leave enough.
      const cap = dice.chance(0.3) ? dice.between(16_000, 40_000) / 1e9 : 0.01;
      const id = `task-${batch}-${n}`;
      taskCaps.set(id, Math.round(cap * 1e9));
      return {
        id, type: 'grind', prompt: `Write a line about ${id}, whatever comes to mind.`, min_budget: 0.000_000_001, max_budget: cap, max_tokens: dice.between(16, 400),
        timeout_seconds: 3,
      }; // prettier-ignore
    });
    const file = join(root, 'tasks.jsonl');
    writeFileSync(file, tasks.map((task) => `${JSON.stringify(task)}\n`).join(''));
    const added = await cli.launch(['add', '--file', file]).ended;
    if (added.code !== 0) throw new Error(`the tasks were not added: ${added.err}${added.out}`);
  };
  /** A run whose last tasks wait for the provider is told to leave, and then made to. */
  const runOnce = async (capUsd: string, until: number): Promise<void> => {
    const run = cli.launch(['start', String(WORKERS), '--concurrency', String(SLOTS), '--run-cap', capUsd]);
    const left = Math.max(0, until - performance.now()) + RUN_PATIENCE_MS;
    const ends = (['SIGTERM', 'SIGKILL'] as const).map((kind, at) =>
      setTimeout(() => run.child.kill(kind), left + at * RUN_PATIENCE_MS),
    );
    await run.ended.finally(() => ends.forEach(clearTimeout));
  };
  const auditLines = (): readonly LogLine[] =>
    existsSync(at('logs/api_audit.log')) ? readLog(readFileSync(at('logs/api_audit.log'), 'utf8')).lines : [];

  return {
    async prepare() {
      mkdirSync(at('logs'), { recursive: true });
      mkdirSync(at('queue.d'));
      writeFileSync(at('queue.json'), '{"version":"1.0","tasks":[]}');
      const made = await cli.launch(['token', 'create', 'alice', '--budget', ALICE_USD, '--rate', '100000'])
        .ended;
      if (made.code !== 0) throw new Error(`no token was made: ${made.err}`);
      token = made.out.trim();
      const words = [
        '--port',
        '0',
        '--seed',
        seed,
        '--latency-ms',
        '25',
        '--bill',
        at('logs/simulator_bill.jsonl'),
      ];
      const limits = ['--tokens-per-minute', String(TOKENS_PER_MINUTE), '--faults', JSON.stringify(FAULTS)];
      simulator = await addressOf(
        launch(join(repository, 'apps/groq-simulator/bundle/main.js'), [...words, ...limits]),
      );
      ports = [await freePort(), await freePort()];
      keepGrind(0);
      if (options.twoGrinds === true) keepGrind(1);
    },
    async keepWorking(until) {
      const dice = createDice(seed, 'work');
      while (!isOver(until)) {
        await grindIsUp(until);
        await addTasks(dice, BATCH);
        // Every second one, from the first on, can pay for a fraction of its slots.
        await runOnce(batch % 2 === 1 ? '0.0005' : '1', until);
      }
    },
    async keepKilling(until) {
      const dice = createDice(seed, 'kills');
      for (let said = 0; !isOver(until);) {
        await rest(dice.between(300, 1_500));
        const role = dice.chance(0.45) ? 'grind' : dice.chance(0.7) ? 'worker' : 'orchestrator';
        const victims =
          role === 'grind'
            ? [...grinds.values()].map(({ pid }) => pid ?? 0)
            : findProcesses(home)
                .filter((each) => each.role === role)
                .map(({ pid }) => pid);
        const pid = victims[Math.floor(dice.fraction() * victims.length)];
        if (pid !== undefined && send(pid, 'SIGKILL')) kills[role] = (kills[role] ?? 0) + 1;
        const minute = Math.floor((performance.now() - (until - options.minutes * 60_000)) / 60_000);
        if (minute > said)
          say(
            `${(said = minute)} min: ${kills['grind']} grinds, ${kills['worker']} workers, ${kills['orchestrator']} orchestrators killed`,
          );
      }
    },
    async keepAskingDirectly(until) {
      const dice = createDice(seed, 'direct');
      const slots = Array.from({ length: 8 }, async () => {
        while (!isOver(until)) {
          const urls = [...addresses.values()];
          const url = urls[dice.between(0, Math.max(0, urls.length - 1))];
          const key = `key-${dice.between(0, 400)}`;
          const body = {
            prompt: `Say something for ${key}.`,
            idempotency_key: key,
            max_tokens: 32,
            deadline_ms: dice.between(10, 2_000),
          };
          if (url !== undefined) await askOnce(`${url}/grind`, token, body);
          await rest(dice.between(20, 200));
        }
      });
      await Promise.all(slots);
    },
    async meetTheDay() {
      if (signal.aborted) return;
      await stopGrinds();
      const day = new Date().toISOString().slice(0, 10);
      const spent = moneyOfDay(auditLines(), day);
      dayCapUsd = ((spent + 400_000) / 1e9).toFixed(9);
      keepsGrind = true;
      keepGrind(0);
      await addTasks(createDice(seed, 'day'), BATCH);
      await grindIsUp(performance.now() + UP_WITHIN_MS);
      await runOnce('1', performance.now());
    },
    async quiet() {
      await stopGrinds();
      await rest(LAST_BILL_MS);
      // What the last grind left open is charged by the next one.
      keepsGrind = true;
      keepGrind(0);
      const last = grinds.get(0);
      if (last !== undefined) await addressOf(last).catch(() => undefined);
      await stopGrinds();
    },
    judge() {
      const audit = auditLines();
      const bill = readLog(readFileSync(at('logs/simulator_bill.jsonl'), 'utf8')).lines;
      const money = checkMoney({ audit, bill, taskCaps });
      const capsMet: Record<string, number> = { task: 0, run: 0, principal: 0, day: 0 };
      const events: Record<string, number> = {};
      for (const line of audit) {
        const event = textOf(line, 'event');
        events[event] = (events[event] ?? 0) + 1;
        if (event === 'BUDGET_EXCEEDED')
          capsMet[textOf(line, 'cap')] = (capsMet[textOf(line, 'cap')] ?? 0) + 1;
      }
      const violations = [...money.violations, ...checkPrices(audit)];
      // A cap that was never met has shown nothing.
      for (const [cap, times] of Object.entries(capsMet))
        if (times === 0 && !signal.aborted)
          violations.push(violation('M1', `the cap of the ${cap} was never met: nothing is shown of it`));
      if (money.calls.settled === 0)
        violations.push(violation('M2', 'no call was settled: nothing is shown'));
      return { seed, kills, events, capsMet, money, violations };
    },
    async end() {
      keepsGrind = false;
      for (const { pid } of findProcesses(home)) send(pid, 'SIGKILL');
      for (const child of children) child.kill('SIGKILL');
      const end = performance.now() + 10_000;
      while ((findProcesses(home).length > 0 || children.size > 0) && performance.now() < end)
        await sleep(20);
    },
  };
}

/**
 * Asks and forgets. Has a patience of its own: the `fetch` of Node 20 sometimes never settles when the process it spoke to is killed (seen here: no connection left, and no error).
 */
async function askOnce(url: string, token: string, body: unknown): Promise<void> {
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), ASK_PATIENCE_MS);
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify(body),
      signal: patience.signal,
    });
    await response.text();
  } catch {
    // It was killed, or did not answer.
  } finally {
    clearTimeout(timer);
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port is free');
  return address.port;
}
