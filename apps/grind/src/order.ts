/** A request, read once: what is asked, for whom, until when, and the ids that join its lines in the record. */
import {
  DEFAULT_MAX_TOKENS,
  DEFAULT_TEMPERATURE,
  sha256,
  TASK_DEFAULTS,
  type GrindRequest,
} from '@vivarium/contracts';
import { nanoUsd, usdToNano, zeroUsd, type HomeId, type Milliseconds, type NanoUsd } from '@vivarium/core';
import type { Principal } from './principal.ts';

export interface Caller {
  readonly principal: Principal;
  readonly requestId: string;
  /** On the monotonic clock. */
  readonly receivedAt: Milliseconds;
  /** Calls back when the caller has gone away before its answer. */
  onGone(callback: () => void): void;
}

export interface OrderSettings {
  readonly home: HomeId;
  /** Run that requests without a run_id belong to. */
  readonly directRunId: (principal: Principal) => string;
  readonly defaultModel: string;
  readonly defaultDeadlineMs: Milliseconds;
  readonly provider: string;
  readonly simulated: boolean;
}

export interface Order {
  readonly caller: Caller;
  readonly prompt: string;
  readonly promptSha256: string;
  /** The seed's form: the first 16 digits. */
  readonly promptHash: string;
  readonly requestedModel: string;
  /** False when the caller left the choice to grind. */
  readonly namesModel: boolean;
  readonly wantedCompletionTokens: number;
  readonly temperature: number;
  readonly minBudget: NanoUsd;
  readonly maxBudget: NanoUsd;
  readonly claimedHome: string | undefined;
  /** Of a token: its name before it, so that it meets no task of anybody else. */
  readonly taskId: string | undefined;
  /** As the caller calls it. */
  readonly givenTaskId: string | undefined;
  readonly round: number;
  readonly runId: string;
  /** False when the caller named no run. */
  readonly namesRun: boolean;
  readonly key: string | undefined;
  readonly deadlineAt: Milliseconds;
  /** Who the lines say it was: the worker, or grind itself for a direct request. */
  readonly actor: string;
  readonly joins: Joins;
}

/** The fields that every line about this request carries, as far as they apply. */
export interface Joins {
  readonly home: HomeId;
  readonly run_id: string;
  readonly task_id: string | undefined;
  readonly round: number | undefined;
  readonly attempt: number | undefined;
  readonly task_digest: string | undefined;
  readonly worker_id: string | undefined;
  readonly request_id: string;
  readonly provider: string;
  readonly simulated: boolean;
}

export function readOrder(request: GrindRequest, caller: Caller, settings: OrderSettings): Order {
  const promptSha256 = sha256(request.prompt);
  const round = request.round ?? 1;
  const { principal } = caller;
  const runId = request.run_id ?? settings.directRunId(principal);
  const givenTaskId = request.task_id ?? undefined;
  const taskId = givenTaskId === undefined ? undefined : ownName(givenTaskId, principal);
  return {
    caller,
    prompt: request.prompt,
    promptSha256,
    promptHash: promptSha256.slice(0, 16),
    requestedModel: request.model ?? settings.defaultModel,
    namesModel: typeof request.model === 'string',
    wantedCompletionTokens: request.max_tokens ?? DEFAULT_MAX_TOKENS,
    temperature: request.temperature ?? DEFAULT_TEMPERATURE,
    minBudget: request.min_budget == null ? zeroUsd : budget(request.min_budget),
    maxBudget: budget(request.max_budget ?? TASK_DEFAULTS.max_budget),
    claimedHome: request.home ?? undefined,
    taskId,
    givenTaskId,
    round,
    runId,
    namesRun: typeof request.run_id === 'string',
    key: request.idempotency_key == null ? undefined : ownName(request.idempotency_key, principal),
    deadlineAt: caller.receivedAt + (request.deadline_ms ?? settings.defaultDeadlineMs),
    actor: request.worker_id ?? (principal.role === 'admin' ? 'grind' : principal.user),
    joins: {
      home: settings.home,
      run_id: runId,
      task_id: taskId,
      round: taskId === undefined ? undefined : round,
      attempt: request.attempt ?? undefined,
      task_digest: request.task_digest ?? undefined,
      worker_id: request.worker_id ?? undefined,
      request_id: caller.requestId,
      provider: settings.provider,
      simulated: settings.simulated,
    },
  };
}

/** What callers name lies in one space for each token: none can name, and pay with or be answered by, what is another's. */
const ownName = (name: string, { role, user }: Principal): string =>
  role === 'admin' ? name : `${user}/${name}`;
export const nameOfOwn = (own: string, { role, user }: Principal): string =>
  role === 'admin' ? own : own.slice(user.length + 1);

/** The fields of a request that speak for a run and its workers. */
const FIELDS_OF_RUNS = ['run_id', 'round', 'attempt', 'task_digest', 'worker_id'] as const;

/** Which of them a caller named that may not: runs are the admin's. */
export const foreignFields = (request: GrindRequest, { role }: Principal): readonly string[] =>
  role === 'admin' ? [] : FIELDS_OF_RUNS.filter((field) => request[field] != null);

const MOST_DOLLARS = 1_000_000;
/** A cap beyond a million dollars is no other cap; a number beyond the safe integers would be none at all. */
const budget = (dollars: number): NanoUsd => nanoUsd(usdToNano(Math.min(dollars, MOST_DOLLARS)));
