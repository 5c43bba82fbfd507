/**
 * The action log as a stream of rows: the last of them in memory, and signposts (byte offsets of line beginnings) to find the older ones.
 * Reads nothing itself: older stretches are read again by whoever has the tail.
 *
 * - B3: a row is named by the byte it begins at; a row is handed out with its stretch and never twice within one delta.
 */
import {
  toneOf,
  ActionLogLine,
  type ActionRow,
  PANEL_DETAIL_CHARACTERS,
  PANEL_PAGE_LINES,
  type RecordEntry,
} from '@vivarium/contracts';

const KEPT_ROWS = 4_000;
/** A signpost every so many lines: the most that must be read beyond what is asked for. */
const SIGNPOST_LINES = 100;

export interface ActionStream {
  add(entry: RecordEntry): void;
  /** Forgets everything: the file was replaced. */
  clear(): void;
  /** Rows of the end of `from..to`, no more than one message holds; undefined when they are no longer in memory. */
  lastRows(
    from: number,
    to: number,
  ): { readonly rowsFrom: number; readonly rows: readonly ActionRow[] } | undefined;
  /** Where to begin reading so that the last page of lines before `to` is covered, as far as it lies within the stretch. A beginning of a line. */
  signpostBefore(from: number, to: number): number;
  /** End of the last line. */
  readonly head: number;
  /** Whole lines that were JSON and yet no action. */
  readonly strange: number;
}

export function createActionStream(): ActionStream {
  let rows: ActionRow[] = [];
  let signposts: number[] = [0];
  let lines = 0;
  let strange = 0;

  return {
    add(entry) {
      const row = toActionRow(entry);
      if (row.kind === 'unreadable' && entry.kind === 'line') strange += 1;
      rows.push(row);
      // Cut rarely: shift() at every line would move the whole list.
      if (rows.length > 2 * KEPT_ROWS) rows = rows.slice(-KEPT_ROWS);
      lines += 1;
      // A fragment ends in the middle of a line of the file, where nobody can begin to read.
      if (lines >= SIGNPOST_LINES && entry.kind === 'line') {
        signposts.push(entry.to);
        lines = 0;
      }
    },
    clear() {
      rows = [];
      signposts = [0];
      lines = 0;
    },
    lastRows(from, to) {
      const oldest = rows[0]?.from ?? 0;
      const wanted = lastPage(rows, from, to);
      const reachesBack = wanted.length === PANEL_PAGE_LINES || oldest <= from;
      return reachesBack ? { rowsFrom: rowsFromOf(wanted, from, to), rows: wanted } : undefined;
    },
    signpostBefore(from, to) {
      const last = signposts.findLastIndex((offset) => offset < to);
      const enough = signposts[Math.max(0, last - PANEL_PAGE_LINES / SIGNPOST_LINES)] ?? 0;
      return enough >= from ? enough : (signposts.findLast((offset) => offset <= from) ?? 0);
    },
    get head() {
      return rows.at(-1)?.to ?? 0;
    },
    get strange() {
      return strange;
    },
  };
}

/** The last rows that lie within the stretch, as many as one message holds. */
export function lastPage(rows: readonly ActionRow[], from: number, to: number): readonly ActionRow[] {
  return rows.filter((row) => row.from >= from && row.to <= to).slice(-PANEL_PAGE_LINES);
}

/** Where the rows begin to be complete: the beginning of the stretch unless the page is full. */
export const rowsFromOf = (page: readonly ActionRow[], from: number, to: number): number =>
  page.length < PANEL_PAGE_LINES ? from : (page[0]?.from ?? to);

export function toActionRow(entry: RecordEntry, mostDetail = PANEL_DETAIL_CHARACTERS): ActionRow {
  const { from, to } = entry;
  if (entry.kind === 'unreadable')
    return {
      kind: 'unreadable',
      from,
      to,
      why: 'not a line of JSON: a fragment left by a crash, or text of another program',
    };
  const parsed = ActionLogLine.safeParse(entry.value);
  if (!parsed.success)
    return {
      kind: 'unreadable',
      from,
      to,
      why: `JSON, but no action: ${parsed.error.issues[0]?.path.join('.') ?? ''} ${parsed.error.issues[0]?.message ?? ''}`,
    };
  const line = parsed.data;
  return {
    kind: 'line',
    from,
    to,
    timestamp: line.timestamp,
    actor: line.actor.slice(0, 120),
    action_type: line.action_type,
    tone: toneOf(line),
    action: line.action.slice(0, 120),
    detail: line.detail.slice(0, mostDetail),
    clipped: Math.max(0, line.detail.length - mostDetail),
    task_id: line.task_id ?? null,
    simulated: line.simulated ?? false,
  };
}
