/** What grind answers instead of a result: a value, told apart by its code. What the caller does next is in the table, not in each place that refuses. */
import { refusalCatalogue, type GrindRefusal, type RefusalCode } from '@vivarium/contracts';
import type { Milliseconds, NanoUsd } from '@vivarium/core';

type Body = GrindRefusal['error'];

export interface Refusal {
  readonly kind: 'refusal';
  readonly code: RefusalCode;
  readonly message: string;
  readonly remedy: Body['remedy'];
  readonly hint: string;
  readonly details: RefusalDetails;
}

export interface RefusalDetails {
  readonly retryAfterMs?: Milliseconds;
  /** For deferred: which cap. For provider_failed: unavailable, timeout, malformed. */
  readonly reason?: string;
  readonly ruleIds?: readonly string[];
  readonly issues?: readonly { readonly path: string; readonly message: string }[];
  /** Charged although there is no answer. */
  readonly charged?: NanoUsd;
}

interface NextStep {
  readonly remedy: Body['remedy'];
  readonly hint: string;
}

const NEXT_STEPS: Readonly<Record<RefusalCode, NextStep>> = {
  invalid_request: { remedy: 'fail', hint: 'Correct the fields named.' },
  unauthorized: {
    remedy: 'fail',
    hint: 'Send `authorization: Bearer …` with a token of this home: orchestrator token create.',
  },
  not_permitted: { remedy: 'fail', hint: 'Tokens have POST /grind, GET /models and GET /me.' },
  forbidden_origin: {
    remedy: 'fail',
    hint: 'Call it at 127.0.0.1 from a program of this machine, not from a page.',
  },
  refused: { remedy: 'fail', hint: 'Reword the text if it was not meant so.' },
  not_found: {
    remedy: 'fail',
    hint: 'There are POST /grind, POST /cancel, POST /breaker/reset, GET /healthz, GET /books, GET /models and GET /me.',
  },
  foreign_home: {
    remedy: 'wait',
    hint: 'Call the grind of that home; run/grind.json in it names the address.',
  },
  unknown_run: {
    remedy: 'stop',
    hint: 'Begin the run with `orchestrator start`, or leave run_id out.',
  },
  cancelled: { remedy: 'fail', hint: 'orchestrator retry <id> opens the task again.' },
  idempotency_conflict: { remedy: 'fail', hint: 'Use a new key for a new request.' },
  unsupported_media_type: { remedy: 'fail', hint: 'Send content-type: application/json.' },
  payload_too_large: { remedy: 'fail', hint: 'Shorten the prompt.' },
  unknown_model: { remedy: 'fail', hint: 'Use one of GET /models.' },
  unpriced_model: { remedy: 'fail', hint: 'Use a model with a price.' },
  deferred: {
    remedy: 'wait',
    hint: 'Raise the cap named: max_budget of the task, --run-cap of the run, `budget set run` for direct requests, `budget set day` for the day (UTC), `budget set principal` for a token.',
  },
  rate_limited: { remedy: 'retry', hint: 'Try again after retry_after_ms.' },
  provider_failed: { remedy: 'retry', hint: 'Try again.' },
  provider_rejected: { remedy: 'fail', hint: 'Change the request: its length, its model, its parameters.' },
  provider_key: { remedy: 'stop', hint: 'Set a valid GROQ_API_KEY and start again.' },
  halted: { remedy: 'wait', hint: 'orchestrator clear-halt --reason "…"' },
  draining: { remedy: 'wait', hint: 'orchestrator start, or orchestrator resume' },
  held: { remedy: 'wait', hint: 'orchestrator resume' },
  circuit_open: {
    remedy: 'wait',
    hint: 'It tries again by itself; orchestrator breaker says when, and resets it with a reason.',
  },
  paused: { remedy: 'wait', hint: 'orchestrator resume' },
  record_unwritable: {
    remedy: 'wait',
    hint: 'Make room on the disk, or give back the right to write to logs/.',
  },
  stopping: { remedy: 'retry', hint: 'Try again; whoever runs it may start another.' },
  deadline_exceeded: { remedy: 'retry', hint: 'Allow more time.' },
  internal: { remedy: 'retry', hint: "Look at grind's diagnostics." },
};

/** `message` is in our words: never a text of the provider, never a key, never the prompt (S6). */
export const refuse = (code: RefusalCode, message: string, details: RefusalDetails = {}): Refusal => ({
  kind: 'refusal',
  code,
  message,
  ...NEXT_STEPS[code],
  details,
});

export const stopping = (): Refusal => refuse('stopping', 'This grind is shutting down.');

export interface RefusedRequest {
  readonly taskId: string | null;
  readonly requestId: string;
  readonly simulated: boolean;
}

export const statusOf = (refusal: Refusal): number => refusalCatalogue[refusal.code].status;

/** The body of the answer. */
export function refusalBody(
  { code, message, remedy, hint, details }: Refusal,
  request: RefusedRequest,
): GrindRefusal {
  const { retryAfterMs, reason, ruleIds, issues, charged } = details;
  return {
    error: {
      code,
      message,
      remedy,
      hint,
      retryable: remedy === 'retry',
      ...(retryAfterMs === undefined ? {} : { retry_after_ms: retryAfterMs }),
      ...(reason === undefined ? {} : { reason }),
      ...(ruleIds === undefined ? {} : { rule_ids: [...ruleIds] }),
      ...(issues === undefined ? {} : { issues: [...issues] }),
      task_id: request.taskId,
      request_id: request.requestId,
      cost_nano_usd: charged ?? 0,
      simulated: request.simulated,
    },
  };
}
