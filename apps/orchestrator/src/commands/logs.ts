/**
 * `logs`: the last lines of the action log, and with `--follow` what comes. Only reads; what it has told once it does not tell again. When the log is shorter than what was asked
 * for, the parts of it that were set aside are looked into, the newest first.
 */
import { ActionLogLine, type ActionType, type RecordEntry, type RecordTail } from '@vivarium/contracts';
import type { Milliseconds } from '@vivarium/core';
import { openHome, type CommandDeps, type ExitCode } from '../deps.ts';
import { watchForLeaving, type Leaving } from '../leaving.ts';
import { actionText } from '../report/action-text.ts';
import { counted } from '../report/counted.ts';
import type { Terminal } from '../terminal.ts';

export interface LogsInput {
  readonly home: string | undefined;
  readonly follow: boolean;
  readonly task: string | undefined;
  /** None: all. */
  readonly types: readonly ActionType[];
  readonly lines: number;
  readonly json: boolean;
}

const POLL_MS: Milliseconds = 1_000;
/** Read in pieces: only the last lines are kept. */
const PIECE_BYTES = 4_194_304;

export async function logs(
  input: LogsInput,
  deps: CommandDeps,
  leaving: (terminal: Terminal) => Leaving = watchForLeaving,
): Promise<ExitCode> {
  const { terminal } = deps;
  const home = openHome(input.home, deps, 'look');
  const tail = home.record.tail('action');
  const tell = (values: readonly unknown[]): void => {
    for (const value of values) {
      if (input.json) terminal.line(JSON.stringify(value));
      else {
        const line = ActionLogLine.safeParse(value).data;
        if (line !== undefined) terminal.line(actionText(line, terminal.colours));
      }
    }
  };
  let last = lastOf(tail, input.lines, input);
  for (const { tail: earlier } of home.record.earlier('action').toReversed()) {
    if (last.length >= input.lines) break;
    // An archive that died half way leaves a copy beside the log itself.
    const told = new Set(last.map(eventOf));
    last = [
      ...lastOf(earlier(), input.lines, input).filter((value) => !told.has(eventOf(value))),
      ...last,
    ].slice(-input.lines);
  }
  tell(last);
  const missed = tail.unreadable;
  if (missed > 0)
    terminal.complain(
      `${counted(missed, 'line')} could not be read and ${missed === 1 ? 'was' : 'were'} passed over`,
    );
  if (!input.follow) return 0;

  const { signal, forget } = leaving(terminal);
  let wake = new AbortController();
  const stop = home.record.watch(() => wake.abort());
  try {
    while (!signal.aborted) {
      await deps.machine.clock.sleep(POLL_MS, AbortSignal.any([signal, wake.signal]));
      wake = new AbortController();
      const { entries, restarted } = tail.read();
      if (restarted)
        terminal.complain(
          'The action log was replaced by another one; what follows is that, from its beginning.',
        );
      tell(wantedOf(entries, input));
    }
  } finally {
    stop();
    forget();
  }
  return 0;
}

function lastOf(tail: RecordTail, lines: number, input: LogsInput): readonly unknown[] {
  let last: unknown[] = [];
  for (;;) {
    const { entries, restarted } = tail.read(PIECE_BYTES);
    if (restarted) last = [];
    if (entries.length === 0) return last;
    last.push(...wantedOf(entries, input));
    last = lines === 0 ? [] : last.slice(-lines);
  }
}

/** Lines of before event ids are each their own. */
const eventOf = (value: unknown): unknown =>
  typeof value === 'object' && value !== null && 'event_id' in value ? value.event_id : value;

const wantedOf = (entries: readonly RecordEntry[], { task, types }: LogsInput): readonly unknown[] =>
  entries.flatMap((entry) => {
    if (entry.kind !== 'line' || typeof entry.value !== 'object' || entry.value === null) return [];
    const fields: { readonly task_id?: unknown; readonly action_type?: unknown } = entry.value;
    const isOfTask = task === undefined || fields.task_id === task;
    const isOfType = types.length === 0 || types.some((type) => type === fields.action_type);
    return isOfTask && isOfType ? [entry.value] : [];
  });
