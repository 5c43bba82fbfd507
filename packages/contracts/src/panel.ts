/**
 * What the control panel's server and its page say to each other over Socket.IO, in both directions. The page imports only the types.
 *
 * A position says up to where a page has been told: byte offsets into three logs, the version of queue.json, and the generation, which
 * changes when one of those files was replaced or cut (everything told before is then void). A delta says which stretch `from..to` of which
 * file it covers; a page applies it only when it starts where the page stands, and asks for the stretch it missed otherwise. Rows of the
 * action log are a stream: each is told once. Rows of tasks are states: the newest wins. The overview is whole every time.
 */
import { z } from 'zod';
import { TONES } from './action-tone.ts';
import { BreakerView, PaceView } from './grind.ts';
import { CONTROL_KINDS, CONTROL_VERBS, type ControlState } from './control.ts';
import { ACTION_TYPES } from './events/action-log.ts';
import { NanoUsdField, Sha256, Tokens } from './fields.ts';
import { TASK_STATUSES } from './folds/status.ts';

/** Raised when a page of the version before could misread what is sent. A page of another number reloads itself. */
export const PANEL_PROTOCOL = 3;
/** Most lines of the action log in one message. */
export const PANEL_PAGE_LINES = 500;
/** Longest detail of an action line, and longest beginning of a prompt, in a row; the whole is fetched when somebody looks. */
export const PANEL_DETAIL_CHARACTERS = 600;
export const PANEL_PROMPT_CHARACTERS = 180;

/** The launch link: the token stands in the fragment, which a browser sends to nobody. The only place where its form is written. */
export const panelLink = (url: string, token: string): string => `${url}/open#token=${token}`;

export const FEED_LOGS = ['execution', 'apiAudit', 'action'] as const;
export type FeedLog = (typeof FEED_LOGS)[number];

const Offset = z.int().nonnegative();
const listOf = <T extends z.ZodType>(item: T) => z.array(item).readonly();

export const FeedPosition = z.strictObject({
  generation: z.string().max(400),
  /** Hash of queue.json as it was last told. */
  queue: z.string().max(100),
  execution: Offset,
  apiAudit: Offset,
  action: Offset,
});
export type FeedPosition = Readonly<z.infer<typeof FeedPosition>>;

// ------------------------------------------------------------------------------------------------------------------ rows

/** A task as the table shows it. Keys as on disk. */
export const TaskRow = z.object({
  id: z.string(),
  /** Place in queue.json. */
  order: z.int().nonnegative(),
  type: z.string(),
  status: z.enum(TASK_STATUSES),
  round: z.int().positive(),
  attempt: z.int().nonnegative(),
  worker_id: z.string().nullable(),
  requested_model: z.string().nullable(),
  /** Model that was billed. */
  model: z.string().nullable(),
  input_tokens: Tokens,
  output_tokens: Tokens,
  latency_ms: z.number().nullable(),
  /** Settled and unknown charges of the round. */
  cost_nano_usd: NanoUsdField,
  /** Part of it charged at worst case, because the usage never became known. */
  unknown_nano_usd: NanoUsdField,
  held_nano_usd: NanoUsdField,
  simulated: z.boolean(),
  /** When it came into this state. */
  since: z.string().nullable(),
  /** Deferred or retrying: when it may be tried again, as far as that is known. */
  not_before: z.string().nullable(),
  reason: z.string().nullable(),
  error_code: z.string().nullable(),
  finish_reason: z.string().nullable(),
  result_sha256: Sha256.nullable(),
  /** Beginning of the prompt. */
  prompt: z.string(),
  depends_on: listOf(z.string()),
  waits_for: listOf(z.string()),
  /** It ended, and was edited in queue.json afterwards: it will run again as new work. */
  edited: z.boolean(),
});
export type TaskRow = Readonly<z.infer<typeof TaskRow>>;

const span = { from: Offset, to: Offset };

/** A line of the action log. `from` is its byte offset: its name within a generation. */
export const ActionRow = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('line'),
    ...span,
    timestamp: z.string(),
    actor: z.string(),
    action_type: z.enum(ACTION_TYPES),
    /** Its colour, by the one rule there is. */
    tone: z.enum(TONES),
    action: z.string(),
    detail: z.string(),
    /** Characters of the detail that are not in this row. */
    clipped: z.int().nonnegative(),
    task_id: z.string().nullable(),
    simulated: z.boolean(),
  }),
  /** A fragment left by a crash, or a line that is no action: never silence. */
  z.object({ kind: z.literal('unreadable'), ...span, why: z.string() }),
]);
export type ActionRow = Readonly<z.infer<typeof ActionRow>>;

// -------------------------------------------------------------------------------------------------------------- overview

/** One word of the verdict line, with the rule that chose it and what the rule was given. */
export const Verdict = z.object({
  kind: z.string(),
  /** Chooses shape and colour; the words say the same. */
  tone: z.enum(['good', 'quiet', 'attention', 'bad']),
  words: z.string(),
  detail: z.string(),
  rule: z.string(),
  inputs: listOf(z.object({ name: z.string(), value: z.string() })),
  /** The one best next action, as a command line where there is one. */
  advice: z.object({ text: z.string(), command: z.string().nullable() }).nullable(),
});
export type Verdict = Readonly<z.infer<typeof Verdict>>;

/** One book of money, in 1e-9 US dollars. Real and simulated are never added (M5). */
export const MoneyFigures = z.object({
  settled: NanoUsdField,
  unknown: NanoUsdField,
  held: NanoUsdField,
  calls: z.int().nonnegative(),
  input_tokens: Tokens,
  output_tokens: Tokens,
});
export type MoneyFigures = Readonly<z.infer<typeof MoneyFigures>>;

export const WorkerRow = z.object({
  worker_id: z.string(),
  run_id: z.string(),
  pid: z.int(),
  /** `fresh`: its beat moves. `still`: it does not. `gone`: the process has ended. */
  state: z.enum(['fresh', 'still', 'gone']),
  slots: z.int(),
  busy: z.int(),
  /** Milliseconds since its beat last moved, on the panel's monotonic clock. */
  quiet_ms: z.number().nonnegative(),
});
export type WorkerRow = Readonly<z.infer<typeof WorkerRow>>;

export const PanelControl = z.object({
  kind: z.enum(CONTROL_KINDS),
  reason: z.string().nullable(),
  actor: z.string().nullable(),
  since: z.string().nullable(),
  /** Workers at hand, whether each has let go of its work since the change, and how long after it, as this panel saw it: requested is not yet effective. */
  workers: listOf(
    z.object({
      worker_id: z.string(),
      has_let_go: z.boolean(),
      /** Null for one that has not, and of a change nobody here has seen. */
      after_ms: z.number().nullable(),
    }),
  ),
  effective: z.boolean(),
  /** From the change as this panel saw it to the last acknowledgement. */
  effective_after_ms: z.number().nullable(),
  /** Orders that stand for one worker or one task. */
  scoped: listOf(z.object({ kind: z.enum(CONTROL_KINDS), scope: z.string(), reason: z.string() })),
});
export type PanelControl = Readonly<z.infer<typeof PanelControl>>;

export const Overview = z.object({
  as_of: z.string(),
  /** Where the record ends, for this overview: a page that stands elsewhere has missed something and asks for it. */
  position: FeedPosition,
  verdict: z.object({ running: Verdict, flow: Verdict, money: Verdict }),
  control: PanelControl,
  counts: z.record(z.enum([...TASK_STATUSES, 'total']), z.int().nonnegative()),
  workers: listOf(WorkerRow),
  runs: listOf(
    z.object({
      run_id: z.string(),
      workers: z.int(),
      concurrency: z.int(),
      watch: z.boolean(),
      started_at: z.string(),
    }),
  ),
  grind: z
    .object({
      url: z.string(),
      provider: z.string(),
      simulated: z.boolean(),
      status: z.string(),
      breakers: listOf(BreakerView),
      /** Of models whose callers wait for the provider's rate limits. */
      paces: listOf(PaceView),
    })
    .nullable(),
  /** Whether the record is what it was when it was sealed. */
  record: z.object({
    state: z.enum(['unsealed', 'verifying', 'verified', 'broken']),
    verified_to: z.string().nullable(),
    lines: z.int().nonnegative(),
    unsealed_bytes: z.int().nonnegative(),
    progress: z.number().min(0).max(1),
    fault: z.string().nullable(),
  }),
  /** Calls that are being made now, and what is set aside for them. */
  in_flight: z.object({
    calls: z.int().nonnegative(),
    held_real: NanoUsdField,
    held_simulated: NanoUsdField,
  }),
  money: z.object({
    /** The run the figures are of: the one at work, or the last there was. */
    run_id: z.string().nullable(),
    cap_nano_usd: z.int().nullable(),
    real: MoneyFigures,
    simulated: MoneyFigures,
    total_real: MoneyFigures,
    total_simulated: MoneyFigures,
    /** Which book the run spends from: the one whose figures are shown. */
    is_simulated: z.boolean(),
    /** Requests of the run that a cap left too little for. */
    refused: z.int().nonnegative(),
    /** Charged in the last ten minutes, in units of 1e-9 dollars, and how long the cap lasts at that pace; null: nothing was charged, or there is no cap. */
    lately_nano_usd: NanoUsdField,
    cap_lasts_ms: z.number().nonnegative().nullable(),
  }),
  /** Tasks that came to their end in each of the last stretches of `bucket_ms`, oldest first. */
  finishes: z.object({ bucket_ms: z.int().positive(), counts: listOf(z.int().nonnegative()) }),
  unreadable: z.record(z.enum(FEED_LOGS), z.int().nonnegative()),
  /** Why queue.json cannot be read now; the tasks shown are those it held before. */
  queue_fault: z.string().nullable(),
});
export type Overview = Readonly<z.infer<typeof Overview>>;

// -------------------------------------------------------------------------------------------------------------- messages

export const Hello = z.object({
  protocol: z.int(),
  home: z.string(),
  /** The directory, for people. */
  root: z.string(),
  generation: z.string(),
  position: FeedPosition,
  /** True when deltas from the page's own position follow; false when a snapshot does. */
  resumed: z.boolean(),
  as_of: z.string(),
});
export type Hello = Readonly<z.infer<typeof Hello>>;

export const Snapshot = z.object({
  position: FeedPosition,
  tasks: listOf(TaskRow),
  /** Tasks of the queue that are not among `tasks`, because there are too many. The counts of the overview have them. */
  tasks_left_out: z.int().nonnegative(),
  /** The last lines of the action log; everything before `actions_from` can be asked for. */
  actions: listOf(ActionRow),
  actions_from: Offset,
});
export type Snapshot = Readonly<z.infer<typeof Snapshot>>;

const generation = z.string();
const Tasks = listOf(TaskRow);
export const FeedDelta = z.discriminatedUnion('log', [
  z.object({ log: z.literal('execution'), generation, ...span, tasks: Tasks }),
  z.object({ log: z.literal('apiAudit'), generation, ...span, tasks: Tasks }),
  /** `rows` cover `rows_from..to`; what lies between `from` and `rows_from` was left out for its size and can be asked for. */
  z.object({ log: z.literal('action'), generation, ...span, rows_from: Offset, rows: listOf(ActionRow) }),
  /** queue.json changed: its versions, not offsets. */
  z.object({
    log: z.literal('queue'),
    generation,
    from: z.string(),
    to: z.string(),
    tasks: Tasks,
    removed: listOf(z.string()),
  }),
]);
export type FeedDelta = Readonly<z.infer<typeof FeedDelta>>;

/** What a page says of itself when it connects. */
export const PanelHandshake = z.object({
  protocol: z.int(),
  /** From `GET /api/session`: only a page of this panel can read it. */
  csrf: z.string().max(200),
  /** Where the page stands, when it was here before. */
  position: FeedPosition.optional(),
});
export type PanelHandshake = Readonly<z.infer<typeof PanelHandshake>>;

/** Asks for a stretch that was missed, or for older lines: the answer covers the end of the stretch, as far as one message goes. */
export const RangeRequest = z.strictObject({
  log: z.enum(FEED_LOGS),
  generation: z.string().max(400),
  ...span,
});
export type RangeRequest = Readonly<z.infer<typeof RangeRequest>>;
export type RangeAnswer =
  | { readonly kind: 'range'; readonly delta: FeedDelta }
  /** That generation is gone; a snapshot follows. */
  | { readonly kind: 'gone' };

/** Chosen by the page; the same id again gets the same receipt and does nothing. */
const commandId = z.string().min(8).max(80);
const reason = z.string().max(1_000).nullable();
export const PanelCommand = z.discriminatedUnion('verb', [
  z.strictObject({ id: commandId, verb: z.enum(CONTROL_VERBS), reason }),
  /** Closes the circuit breaker of a model; without a reason it is refused. */
  z.strictObject({
    id: commandId,
    verb: z.literal('reset-breaker'),
    model: z.string().min(1).max(200),
    reason,
  }),
]);
export type PanelCommand = Readonly<z.infer<typeof PanelCommand>>;

export type PanelReceipt =
  | {
      readonly kind: 'changed';
      readonly id: string;
      readonly at: string;
      readonly before: ControlState;
      readonly after: ControlState;
    }
  | { readonly kind: 'unchanged'; readonly id: string; readonly at: string; readonly state: ControlState }
  | { readonly kind: 'needs_reason'; readonly id: string; readonly at: string; readonly state: ControlState }
  | {
      readonly kind: 'needs_clear_halt';
      readonly id: string;
      readonly at: string;
      readonly state: ControlState;
    }
  /** Models whose breaker was not closed, and is now. */
  | {
      readonly kind: 'breakers_reset';
      readonly id: string;
      readonly at: string;
      readonly models: readonly string[];
    }
  | { readonly kind: 'refused'; readonly id: string | null; readonly at: string; readonly why: string };

/** Socket.IO's maps of events, so that both ends are checked against the same words. */
export interface PanelServerEvents {
  readonly hello: (hello: Hello) => void;
  readonly snapshot: (snapshot: Snapshot) => void;
  /** `took`: the page says that it has read it. A page with too much unread is left out until it catches up. */
  readonly delta: (delta: FeedDelta, took: () => void) => void;
  readonly overview: (overview: Overview) => void;
}
export interface PanelClientEvents {
  readonly range: (request: RangeRequest, answer: (answer: RangeAnswer) => void) => void;
  readonly control: (command: PanelCommand, answer: (receipt: PanelReceipt) => void) => void;
  /** The page has lost its place and wants a snapshot. */
  readonly resync: () => void;
}

// ------------------------------------------------------------------------------------------------------------------ HTTP

/** `GET /api/session`. */
export const PanelSession = z.object({ csrf: z.string(), home: z.string(), root: z.string() });
export type PanelSession = Readonly<z.infer<typeof PanelSession>>;

/** `POST /api/session`: the token of the launch link becomes a cookie. */
export const PanelEntry = z.strictObject({ token: z.string().min(1).max(200) });

/** The figures of money that have lines behind them. */
export const MONEY_PARTS = ['settled', 'held', 'unknown', 'refused'] as const;
export type MoneyPart = (typeof MONEY_PARTS)[number];

/** A line of api_audit.log behind a figure. */
export const MoneyLine = z.object({
  timestamp: z.string(),
  event: z.string(),
  /** Where it begins in the file. */
  byte: z.int().nonnegative(),
  task_id: z.string().nullable(),
  user: z.string(),
  nano_usd: NanoUsdField,
  text: z.string(),
});
export type MoneyLine = Readonly<z.infer<typeof MoneyLine>>;

/** `GET /api/money?part=&book=&run=`: the last lines behind a figure, newest first. */
export const MoneyLinesReply = z.object({ lines: listOf(MoneyLine), count: z.int().nonnegative() });
export type MoneyLinesReply = Readonly<z.infer<typeof MoneyLinesReply>>;

/** `GET /api/task?id=`: what is shown when a row is opened. */
export const TaskDetail = z.object({
  id: z.string(),
  prompt: z.string(),
  min_budget: z.number(),
  max_budget: z.number(),
  intensity: z.string(),
  max_tokens: z.int().nullable(),
  temperature: z.number().nullable(),
  source: z.object({ file: z.string(), index: z.int(), line: z.int().optional() }).nullable(),
  digest: z.string(),
  /** What the record says of it, oldest first; the last of them when there are very many. */
  lines: listOf(
    z.object({
      timestamp: z.string(),
      log: z.enum(['execution', 'apiAudit']),
      event: z.string(),
      round: z.int().nullable(),
      attempt: z.int().nullable(),
      worker_id: z.string().nullable(),
      text: z.string(),
      nano_usd: z.int().nullable(),
    }),
  ),
});
export type TaskDetail = Readonly<z.infer<typeof TaskDetail>>;
