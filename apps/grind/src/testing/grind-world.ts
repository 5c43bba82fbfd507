/**
 * A home in memory with a grind at its desk: real record, real control, real fold of money; time, disk and the model are in the test's hand. Several
 * desks may be opened one after another over the same disk, as a grind that died and its successor.
 */
import {
  ApiAuditLine,
  homeIdOf,
  homeLayout,
  SafetyAuditLine,
  type ApiAuditLine as AuditLine,
  type ControlStore,
  type GrindReply,
  type GrindRequest,
  type RecordStore,
} from '@vivarium/contracts';
import { createModels, type CircuitRules } from '@vivarium/budget';
import { nanoUsd, usdToNano, type NanoUsd } from '@vivarium/core';
import { createBudgetStore, createControlStore, createRecordStore, initHome } from '@vivarium/home';
import { createScriptedProvider, type Script, type ScriptedProvider } from '@vivarium/model/testing';
import { createMemoryMachine, type MemoryMachine } from '@vivarium/platform/testing';
import type { GrindAnswer } from '../answer.ts';
import { openDesk, type Desk, type DeskDeps } from '../desk.ts';
import { watchHalt } from '../halt-watch.ts';
import type { Caller } from '../order.ts';
import { ADMIN } from '../principal.ts';
import type { Refusal } from '../refusal.ts';
import { NO_CACHE, type ReplyCache } from '../reply-cache.ts';
import { createTurns } from '../turns.ts';

const NO_BREAKER: CircuitRules = {
  failures: Number.MAX_SAFE_INTEGER,
  windowMs: 300_000,
  spend: nanoUsd(Number.MAX_SAFE_INTEGER),
};

export interface GrindWorldOptions {
  readonly script?: Script;
  /** Of every run, and of the direct requests of a day. */
  readonly runCap?: NanoUsd;
  /** Of a UTC day; or what looks it up each time, as grind itself does. */
  readonly dayCap?: NanoUsd | (() => NanoUsd);
  /** When breakers open. Default: never; most tests are about something else, and fail on purpose. */
  readonly breaker?: CircuitRules;
  /** What runs announced, where that matters. Default: every run did, with `runCap` and this grind's book. */
  readonly announced?: DeskDeps['announced'];
  readonly simulated?: boolean;
  /** Default: none. */
  readonly cache?: ReplyCache;
  /** An earlier grind of the same home, which is dead by now. */
  readonly after?: GrindWorld;
  /** Made beforehand, for its faults to be planned. */
  readonly machine?: MemoryMachine;
}

export interface GrindWorld {
  readonly machine: MemoryMachine;
  readonly record: RecordStore;
  readonly control: ControlStore;
  readonly provider: ScriptedProvider;
  readonly desk: Desk;
  readonly home: string;
  /** What went to standard error. */
  readonly diagnostics: string[];
  ask(request?: Partial<GrindRequest>, caller?: Partial<Caller>): Promise<GrindAnswer>;
  /** Moves time on until the answer is there. */
  settled(answer: Promise<GrindAnswer>, ms?: number): Promise<GrindAnswer>;
  reply(request?: Partial<GrindRequest>): Promise<GrindReply>;
  refusal(request?: Partial<GrindRequest>): Promise<Refusal>;
  /** Lines of api_audit.log about calls, each held against its schema. */
  audit(): readonly Exclude<AuditLine, RunOpened | CapSet>[];
  /** The other lines of it: which runs may spend what. */
  opened(): readonly RunOpened[];
  caps(): readonly CapSet[];
  events(): readonly string[];
  gateLines(): readonly SafetyAuditLine[];
  actions(): readonly Record<string, unknown>[];
  /** Everything on the disk, as one text. */
  everythingWritten(): string;
  /** As kill -9 does: it touches nothing any more, and what it wrote stays. */
  die(): void;
  stop(): void;
}

type CapSet = Extract<AuditLine, { event: 'cap.set' }>;
type RunOpened = Extract<AuditLine, { event: 'run.opened' }>;

const ROOT = '/home-of-test';

export function createGrindWorld(options: GrindWorldOptions = {}): GrindWorld {
  const {
    runCap = usdToNano(2),
    dayCap = nanoUsd(Number.MAX_SAFE_INTEGER),
    simulated = true,
    after,
  } = options;
  after?.die();
  const machine =
    options.machine ??
    createMemoryMachine(after === undefined ? {} : { disk: after.machine.disk, clock: after.machine.clock });
  const layout = homeLayout(ROOT);
  const home = homeIdOf(ROOT);
  initHome(layout, machine.files);
  // As grind itself does.
  const turns = createTurns(setImmediate);
  const record = createRecordStore({ layout, home, machine, soon: setImmediate, onWrite: turns.forgetAll });
  const control = createControlStore({ layout, machine, record, lookOnceATurn: turns.forgetting });
  const provider = createScriptedProvider({
    clock: machine.clock,
    simulated,
    name: simulated ? 'simulator' : 'groq',
    ...(options.script === undefined ? {} : { script: options.script }),
  });
  const diagnostics: string[] = [];
  const desk = openDesk({
    home,
    machine,
    record,
    control,
    openBudget: (also) => createBudgetStore({ record, layout, machine, also }),
    models: createModels(),
    cache: options.cache ?? NO_CACHE,
    breakerRules: options.breaker ?? NO_BREAKER,
    provider,
    defaultModel: 'llama-3.1-8b-instant',
    limits: {
      directCap: runCap,
      get dayCap() {
        return typeof dayCap === 'function' ? dayCap() : dayCap;
      },
    },
    announced: options.announced ?? (() => ({ run_cap_nano_usd: runCap, simulated })),
    defaultDeadlineMs: 900_000,
    diagnostics: {
      warn: (fields, text) => diagnostics.push(JSON.stringify([fields, text])),
      error: (fields, text) => diagnostics.push(JSON.stringify([fields, text])),
    },
  });
  const unwatch = watchHalt({
    control,
    clock: machine.clock,
    heed: () => desk.calls.heed(),
  });
  let requests = 0;

  const linesOf = (log: 'apiAudit' | 'safetyAudit' | 'action'): readonly unknown[] =>
    record
      .tail(log)
      .read()
      .entries.flatMap((entry) => (entry.kind === 'line' ? [entry.value] : []));
  const money = (): readonly AuditLine[] => linesOf('apiAudit').map((line) => ApiAuditLine.parse(line));
  const world: GrindWorld = {
    machine,
    record,
    control,
    provider,
    desk,
    home,
    diagnostics,
    ask(request = {}, caller = {}) {
      requests += 1;
      const given = {
        principal: ADMIN,
        requestId: `req_${requests}`,
        receivedAt: machine.clock.monotonic(),
        onGone: () => undefined,
        ...caller,
      };
      return desk.calls.answer({ prompt: 'Write a haiku about logs.', run_id: 'run_1', ...request }, given);
    },
    async settled(answer, ms = 60_000) {
      await machine.clock.advanceSettled(ms);
      return answer;
    },
    async reply(request) {
      const answer = await world.settled(world.ask(request));
      if (answer.kind !== 'reply') throw new Error(`refused: ${JSON.stringify(answer)}`);
      return answer.reply;
    },
    async refusal(request) {
      const answer = await world.settled(world.ask(request));
      if (answer.kind !== 'refusal') throw new Error('not refused');
      return answer;
    },
    audit: () => money().filter((line) => line.event !== 'run.opened' && line.event !== 'cap.set'),
    caps: () => money().filter((line) => line.event === 'cap.set'),
    opened: () => money().filter((line) => line.event === 'run.opened'),
    events: () => world.audit().map((line) => line.event),
    gateLines: () => linesOf('safetyAudit').map((line) => SafetyAuditLine.parse(line)),
    actions() {
      record.flush();
      return linesOf('action') as readonly Record<string, unknown>[]; // looked at field by field in tests
    },
    everythingWritten: () =>
      [...machine.disk.files.keys()].map((path) => machine.files.readText(path) ?? '').join('\n'),
    die() {
      machine.files.intercept(() => {
        throw new Error('this process is dead');
      });
    },
    stop() {
      unwatch();
      desk.settlements.stop();
    },
  };
  return world;
}
