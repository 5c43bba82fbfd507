/**
 * The four ports that carry all shared state, and the one to a model. They speak in the types of this package, which is why they stand
 * here and not in core (docs/decisions/2026-11-23-ports-in-contracts.md). Engines: queue, home, model; later PostgreSQL, by the same suites.
 */
import type { CallId, Milliseconds, NanoUsd, RunId, WorkerId } from '@vivarium/core';
import type {
  ControlOrder,
  ControlReceipt,
  ControlRequest,
  ControlState,
  ControlSubject,
} from './control.ts';
import type { Action } from './events/action-log.ts';
import type { ApiAuditLine } from './events/api-audit.ts';
import type { CutBy } from './fields.ts';
import type { MoneyFold } from './folds/money.ts';
import type { TaskView } from './folds/status.ts';
import type { LogName, SegmentName } from './home-layout.ts';
import type { NewTask, Task } from './task.ts';

// ---------------------------------------------------------------------------------------------------------------- record

/** What a recorded line survives: the death of any process, or a power loss as well. */
export type Durability = 'os' | 'fsync';

/** Where a reader stands in a log. `generation` changes when another file takes its name (clear, archive). */
export interface Cursor {
  readonly generation: string;
  readonly offset: number;
}

export type RecordEntry =
  | { readonly kind: 'line'; readonly value: unknown; readonly from: number; readonly to: number }
  /** A whole line that is not JSON: a fragment left by a crash. It is skipped, counted and shown, never silence. */
  | { readonly kind: 'unreadable'; readonly from: number; readonly to: number };

export interface RecordBatch {
  readonly entries: readonly RecordEntry[];
  /** True when the file was replaced or cut since the last read: what was folded before is void, these entries begin anew. */
  readonly restarted: boolean;
  readonly cursor: Cursor;
  /** True when the limit on bytes ended the read before the end of the log. */
  readonly more: boolean;
}

export interface RecordTail {
  /**
   * Everything appended since the last read, up to the last newline; a half-written line stays for the next read. Reads new bytes only.
   * `mostBytes`: no more than so many of them, for a look at an old stretch of a long log; the next read goes on there.
   */
  read(mostBytes?: number): RecordBatch;
  /** Lines found unreadable so far. */
  readonly unreadable: number;
}

/** A log as it was when it was set aside. */
export interface EarlierPart {
  /** When that was: UTC with Z and milliseconds. */
  readonly until: string;
  /** A reader of its own, from the beginning. */
  tail(): RecordTail;
}

/**
 * Reads a log on to its end, piece by piece: a long one is never in memory as a whole, and what was parsed of it can go as soon as it was taken.
 */
export function readOn(tail: RecordTail, take: (batch: RecordBatch) => void): void {
  for (let more = true; more;) {
    const batch = tail.read(PIECE_BYTES);
    take(batch);
    ({ more } = batch);
  }
}
const PIECE_BYTES = 4_194_304;

/** Readers of all that ever stood in a log, oldest part first; the last is of the log as it is. */
export const partsOf = (record: RecordStore, log: LogName): readonly RecordTail[] => [
  ...record.earlier(log).map((part) => part.tail()),
  record.tail(log),
];

export interface StoredResult {
  readonly sha256: string;
  readonly text: string;
}

/** The record: append-only logs of one home. Lines are never changed, dropped or reordered. */
export interface RecordStore {
  /** Id of the home; it stands in every line. */
  readonly home: string;
  /** Appends one line with one write. Throws `record_unwritable`; the line may then stand in part, never in the way of the next. */
  append(log: LogName | SegmentName, line: Readonly<Record<string, unknown>>): void;
  /** Appends several lines with one write, in order. `read back`: the caller reads them back, and writes again what it does not find. */
  appendAll(
    log: LogName | SegmentName,
    lines: readonly Readonly<Record<string, unknown>>[],
    afterwards?: 'read back',
  ): void;
  /**
   * Appends one line with those of the same turn, with one write for all. Resolves when it stands; rejects with `record_unwritable` when it does not.
   * `written` is called in the step that writes, with where the line begins as long as this process alone appends.
   */
  appendSoon(
    log: LogName | SegmentName,
    line: Readonly<Record<string, unknown>>,
    written?: (at: number) => void,
  ): Promise<void>;
  /**
   * Ends what stands at the end of a log without its newline, as the next append would. For a log's only writer: what it reads then is all that will
   * ever be read of what stands there. Throws `record_unwritable` when the log cannot be appended to; creates none.
   */
  mend(log: LogName | SegmentName): void;
  /** Bytes of a log as it stands; 0 when there is none. */
  size(log: LogName | SegmentName): number;
  /** Makes what was appended survive a power loss. */
  sync(log: LogName | SegmentName): void;
  /**
   * Writes an action line and its readable twin, at the end of this turn at the latest. Never throws: what is for watching must not stop the work;
   * failures are counted.
   */
  act(action: Action): void;
  /** A reader of its own, from the beginning or from a cursor. A cursor of another generation restarts. */
  tail(log: LogName | SegmentName, from?: Cursor): RecordTail;
  /** What stood in a log before it was set aside (clear, archive), oldest first. What a part holds may stand in the next one again. */
  earlier(log: LogName): readonly EarlierPart[];
  /** Stores a whole output under its SHA-256 and answers that. Throws `record_unwritable`. */
  putResult(text: string): string;
  /** The output of that name, or undefined when it is not there as it was written. */
  getResult(sha256: string): string | undefined;
  /** All outputs that are there as they were written, in no order; reads each once. One may be told several times. */
  results(): Iterable<StoredResult>;
  /** Whether something of the text would be taken out on its way into the record (S6): then it cannot name anything there. */
  holdsSecret(text: string): boolean;
  /** Calls back soon after any log changed, or only the one named; may call too often or, rarely, not at all: poll slowly beside it. */
  watch(onChange: () => void, only?: LogName): () => void;
}

// ---------------------------------------------------------------------------------------------------------------- queue

export interface Claim {
  readonly task: Task;
  readonly digest: string;
  readonly round: number;
  readonly attempt: number;
  /** Faults of earlier attempts of this round: the number an attempts limit counts. */
  readonly faults: number;
  /** Attempts of this round that ended because the provider was out of reach. */
  readonly outages: number;
  readonly workerId: WorkerId;
}

export type ClaimAnswer =
  | { readonly kind: 'claimed'; readonly claims: readonly Claim[] }
  /** Nothing for this worker now, but others are at work or a time must pass. `wakeInMs`: when it is worth asking again at the latest. */
  | { readonly kind: 'waiting'; readonly wakeInMs: Milliseconds }
  /** Nothing is left that this run could do: every task is final, or deferred until another run. */
  | { readonly kind: 'drained'; readonly deferred: number };

/** What a call cost and who answered; on every outcome that reached the provider. */
export interface AttemptUsage {
  readonly requestedModel: string;
  readonly model: string;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cost: NanoUsd;
  readonly latencyMs: Milliseconds;
  readonly provider: string;
  readonly simulated: boolean;
  readonly callId: string;
}

export type TaskOutcome =
  | {
      readonly kind: 'completed';
      readonly usage: AttemptUsage;
      readonly summary: string;
      readonly resultSha256: string;
      readonly finishReason: string;
      readonly cutBy?: CutBy | undefined;
    }
  | {
      readonly kind: 'failed';
      readonly error: string;
      readonly errorCode: string;
      readonly cost?: NanoUsd;
      readonly simulated?: boolean;
    }
  | { readonly kind: 'refused'; readonly reason: string; readonly ruleIds: readonly string[] }
  /** Waits for money, a rate limit or a person: never the task's failure (Q11). `until` null: not again in this run. */
  | { readonly kind: 'deferred'; readonly reason: string; readonly until: Date | null }
  /** A fault that may pass. Past the attempts limit the engine records `failed` instead. */
  | {
      readonly kind: 'retrying';
      readonly error: string;
      readonly errorCode: string;
      readonly retryAfterMs: Milliseconds;
      /** `upstream`: the provider was out of reach for everybody. Default: the task. */
      readonly blame?: 'task' | 'upstream';
      readonly cost?: NanoUsd;
      readonly simulated?: boolean;
    }
  /** Given back without blame: HALT, drain, unreachable grind (Q11). */
  | { readonly kind: 'released'; readonly reason: string };

export type FinishAnswer = 'recorded' | 'lost';

export interface RejectedTask {
  readonly id: string;
  /** Position in the list given to `add`. */
  readonly index: number;
  readonly reason: string;
}

/** What an operator's word did to tasks. */
export interface RevisionAnswer {
  /** Ids whose state changed, those that followed from others included. */
  readonly changed: readonly string[];
  readonly rejected: readonly { readonly id: string; readonly reason: string }[];
}

export interface AddAnswer {
  readonly added: readonly Task[];
  readonly rejected: readonly RejectedTask[];
}

/** Who may work on what. Engines: FileTaskQueue, MemoryTaskQueue. */
/** The orders a process obeys (`orderOf`), and since when. */
export interface Obeyed {
  readonly orders: string[];
  readonly since: string;
}

export interface TaskQueue {
  /**
   * Adds tasks under one lock. Unknown and cyclic dependencies (Q10), ids already there and invalid fields are rejected one by one, with all
   * that depend on them; the rest is added and is readable by every other process when this resolves.
   */
  add(tasks: readonly NewTask[]): Promise<AddAnswer>;
  /**
   * Claims up to `slots` tasks for a worker that has announced itself by `beat` (Q2, Q3, Q5, Q6). Also records what must be skipped (Q10).
   * `mayBegin`: tasks it says no to are left where they are, and are not what a run waits for less.
   */
  claim(worker: WorkerId, slots: number, mayBegin?: (taskId: string) => boolean): Promise<ClaimAnswer>;
  /** Ends an attempt. `lost`: the attempt is no longer the one in force, nothing changed (Q4). `recorded` is only answered once the line can be read back (Q8). */
  finish(claim: Claim, outcome: TaskOutcome): Promise<FinishAnswer>;
  /**
   * Opens tasks again (Q7): one that ended begins its next round, one that waits for a time or another run may be claimed now. Tasks that were skipped
   * for the sake of one of them come along. Refused for tasks that are being worked on, or wait to be claimed anyway.
   */
  retry(ids: readonly string[], reason: string): Promise<RevisionAnswer>;
  /** Ends tasks that have not ended. A worker that holds one learns it at its finish, which answers `lost`. */
  cancel(ids: readonly string[], reason: string): Promise<RevisionAnswer>;
  /**
   * Moves the worker's beat on (Q5). To be called at a steady interval, well below the lease time, also while idle. `obeys`: the orders it obeys
   * from now on, for whoever gave them.
   */
  beat(worker: WorkerId, busy: number, obeys?: Obeyed): void;
  /** Ends the worker's beat: its claims may be taken over at once. */
  leave(worker: WorkerId): void;
  /** The tasks as they stand, in the order of the queue. */
  list(): Promise<readonly TaskView[]>;
  /** Calls back soon after something changed that could make a claim possible. */
  watch(onChange: () => void): () => void;
}

// ---------------------------------------------------------------------------------------------------------------- money

/** The write-ahead log of money. Engines: FileBudgetStore (api_audit.log). One exclusive writer per home. */
export interface BudgetStore {
  /** What the log says so far, these lines included. */
  readonly money: MoneyFold;
  /**
   * Appends and folds. Throws `record_unwritable`, and then nothing counts as written: a hold that throws was never granted. `around` is handed the step that makes
   * the line count, and calls it, once: for those who compare the sums before and after.
   */
  write(line: ApiAuditLine, around?: (fold: () => void) => void): void;
  /** The same, with the lines of the same turn. Resolves when the line counts; rejects when it does not. */
  commit(line: ApiAuditLine, around?: (fold: () => void) => void): Promise<void>;
}

// ---------------------------------------------------------------------------------------------------------------- control

/** What operators ordered. Engines: FileControlStore. Cheap enough to read before every claim and every paid call. */
export interface ControlStore {
  /** Orders that stand. Never throws: a state that cannot be read is one order that halts everything (fail closed). */
  orders(): readonly ControlOrder[];
  /** The strictest of those that concern the subject; without one, of those for everything. */
  read(subject?: ControlSubject): ControlState;
  /** Acts and records who and why. Only `clear-halt`, with a reason, leaves HALT (S3). */
  change(request: ControlRequest): ControlReceipt;
  watch(onChange: () => void): () => void;
}

// ---------------------------------------------------------------------------------------------------------------- model

export interface CompletionRequest {
  readonly callId: CallId;
  readonly runId: RunId | undefined;
  readonly model: string;
  readonly prompt: string;
  readonly maxCompletionTokens: number;
  readonly temperature: number;
  /** Most milliseconds for the whole call. */
  readonly timeoutMs: Milliseconds;
}

export interface RateLimits {
  readonly limitRequests?: number;
  readonly limitTokens?: number;
  readonly remainingRequests?: number;
  readonly remainingTokens?: number;
  readonly resetRequestsMs?: Milliseconds;
  readonly resetTokensMs?: Milliseconds;
}

export interface Completion {
  readonly kind: 'completed';
  readonly text: string;
  /** Model that was billed. */
  readonly model: string;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly reasoningTokens?: number;
  readonly cachedTokens?: number;
  readonly finishReason: 'stop' | 'length' | 'content_filter' | 'tool_calls' | 'other';
  readonly providerRequestId: string | undefined;
  readonly latencyMs: Milliseconds;
  /** True when the answer carries the mark of the simulator. */
  readonly simulated: boolean;
  readonly rateLimits: RateLimits;
}

/** Codes of core's errorCatalogue that a provider call can end in. */
export type ProviderFaultCode =
  | 'provider_rejected_key'
  | 'provider_rate_limited'
  | 'provider_unavailable'
  | 'provider_timeout'
  | 'provider_rejected_request'
  | 'provider_malformed'
  | 'call_aborted';

/** A call that brought no completion. Its message is ours: nothing of the upstream text, never the key (S6). */
export interface ProviderFault {
  readonly kind: 'fault';
  readonly code: ProviderFaultCode;
  readonly message: string;
  /** HTTP status, when there was one. */
  readonly status: number | undefined;
  /** `none`: the provider certainly billed nothing. `unknown`: the request may have been processed (cut, timeout, abort, unusable reply): M2. */
  readonly billing: 'none' | 'unknown';
  /** What the provider asked us to wait, for 429 and 503. */
  readonly retryAfterMs: Milliseconds | undefined;
  readonly latencyMs: Milliseconds;
  readonly rateLimits: RateLimits;
}

/** Talking to a model. Engines: Groq (groq-sdk), scripted. One call, no retries of its own: each attempt is budgeted and audited by the caller. */
export interface ModelProvider {
  /** `groq` or `simulator`: which book the money is in. */
  readonly name: string;
  /** True when no real money can move: the built-in simulator or a script. Decides the book a hold is written in, before the call (M5). */
  readonly simulated: boolean;
  /** Its replies say what it allows (`rateLimits`). */
  readonly tellsLimits: boolean;
  /** Never rejects: what can go wrong with a call is an answer. Honours `signal` at once, also in mid-flight. One that is for many calls is told so (`setMaxListeners`). */
  complete(request: CompletionRequest, signal: AbortSignal): Promise<Completion | ProviderFault>;
  /** Closes connections. Idempotent. */
  stop(): Promise<void>;
}
