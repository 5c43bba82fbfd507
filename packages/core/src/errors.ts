/**
 * The catalogue of errors that are thrown. Expected answers (refused, over budget, lease lost) are values and are not here.
 * Each code stands in docs/errors.md with cause and action; a test holds the two equal.
 */
export const errorCatalogue = {
  // configuration and use
  config_invalid: 'The configuration has faults; all of them are listed.',
  usage: 'A command was called with words it does not take.',
  home_missing: 'The directory named as home does not exist or holds no queue.json.',
  home_unwritable: 'A directory of the home cannot be written.',
  home_foreign: 'A grind answered that serves another home.',
  grind_unreachable: 'No grind answers at the address in use.',
  grind_running: 'A grind for this home is already running.',
  panel_running: 'A control panel for this home is already running.',
  port_unavailable: 'No port could be bound on the loopback address.',
  // queue and record
  queue_unreadable: 'queue.json is not what its schema says; the fault is named with line and column.',
  queue_locked: 'The lock on queue.json could not be had in time.',
  lock_compromised: 'A lock was lost while it was held; the write was not acknowledged.',
  record_unwritable: 'A line of the record could not be written (disk full, permissions).',
  record_unreadable: 'A file of the record exists but cannot be read.',
  // control
  control_unreadable: 'The control state cannot be read; it counts as halted.',
  // provider
  provider_rejected_key: 'The provider refused the key.',
  provider_rate_limited: 'The provider asked to slow down.',
  provider_unavailable: 'The provider answered 5xx, or the connection failed before any answer.',
  provider_timeout: 'No complete answer came within the time allowed.',
  provider_rejected_request: 'The provider refused the request itself.',
  provider_malformed: 'The provider answered something that is not a completion.',
  call_aborted: 'The call was aborted by HALT, by cancel or by its deadline.',
  internal: 'Something that should be impossible happened.',
} as const;

export type ErrorCode = keyof typeof errorCatalogue;

/**
 * What happens next. Loops switch on this, never on message text or HTTP number.
 * `retry`: the same thing may work later. `fail`: this task will never work. `stop`: this process cannot go on.
 */
export type Remedy =
  | { readonly kind: 'retry'; readonly retryAfterMs?: number }
  | { readonly kind: 'fail' }
  | { readonly kind: 'stop' };

export interface VivariumErrorOptions {
  readonly remedy: Remedy;
  /** One sentence telling the operator what to do. */
  readonly hint?: string;
  readonly cause?: unknown;
}

/** The only class that is thrown on purpose. Wrap to add a fact (path, task id), keep `cause`, and let the handler log it, once. */
export class VivariumError extends Error {
  readonly code: ErrorCode;
  readonly remedy: Remedy;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, options: VivariumErrorOptions) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'VivariumError';
    this.code = code;
    this.remedy = options.remedy;
    this.hint = options.hint;
  }
}

export const isVivariumError = (error: unknown): error is VivariumError => error instanceof VivariumError;

/** The text of anything thrown, without its stack: for lines people read. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
