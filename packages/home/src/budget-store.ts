/**
 * The write-ahead log of money: api_audit.log and its fold. Owns the fold; there is one writer for a home, the grind that holds it.
 *
 * - M1, M2: nothing counts that is not in the log. A line is folded after its append, never before; when the append throws, nothing is folded
 *   and whoever asked was granted nothing. The same line may then be written again.
 * - What the log says is what the fold of these schemas says. A line that is not one of them is refused before it is written; one found in the
 *   log (a fragment, another version) is counted, and a hold it might have settled stays charged.
 * - M3: memory holds where the line of each reply is, and no reply; what stands there is looked at, and must be the reply.
 * - Every so many lines a `checkpoint` is written (money-checkpoint.ts): a start reads what came after the last one, however long the log is.
 */
import {
  ApiAuditLine,
  createMoneyFold,
  LOGS,
  moneyKey,
  readApiAuditLine,
  readOn,
  type BudgetStore,
  type HomeLayout,
  type MoneyFold,
  type RecordEntry,
  type RecordedReply,
  type RecordStore,
} from '@vivarium/contracts';
import { messageOf, nanoUsd, timestamp, VivariumError, zeroUsd, type Machine } from '@vivarium/core';
import { createHashTable } from './hash-table.ts';
import { readMoneyState, saveMoneyState, type MoneyState } from './money-checkpoint.ts';
import { parseJson } from './salvage.ts';

export interface FileBudgetStore extends BudgetStore {
  /** Lines that could not be read since the place this store began at, or are not of a kind known here. */
  readonly skipped: number;
  /** Lines that were read at the opening. */
  readonly read: number;
}

/** Somebody else who goes by the lines of this log. */
export interface AlsoTold {
  /** Is told every line, those of before in short. */
  apply(line: ApiAuditLine): void;
  /** The lines of before that it needs, to know all it knows now. */
  keep(): readonly ApiAuditLine[];
}

/** Some seconds of work at full speed; read again in a fraction of a second. */
const LINES_BETWEEN = 20_000;
/** A state is as long as the log is old: writing it must stay a small share of the work. */
const SHARE_BETWEEN = 0.02;

export interface BudgetStoreOptions {
  readonly record: RecordStore;
  readonly layout: HomeLayout;
  readonly machine: Pick<Machine, 'files' | 'clock' | 'ids'>;
  readonly also?: AlsoTold | undefined;
  readonly linesBetweenCheckpoints?: number;
  /** A checkpoint could not be written. Nothing is lost by it but time at the next start; it is tried again after as many lines. */
  readonly onNoCheckpoint?: (why: string) => void;
}

export function createBudgetStore(options: BudgetStoreOptions): FileBudgetStore {
  const { record, layout, machine, also } = options;
  const { files, clock, ids } = machine;
  const path = layout.log('apiAudit');
  // A whole line that lacks only its newline would be read by everybody once the next line stands behind it: it must count from now on.
  record.mend('apiAudit');
  const found = readMoneyState(layout.moneyCheckpoint, files);
  const before = found !== undefined && isNamed(found) ? found.state : undefined;
  const tasks = before?.tasks ?? createHashTable();
  const replies = before?.replies ?? createHashTable();
  let placeOfLine = 0;
  const money = createMoneyFold({
    from: before?.money,
    older: {
      replied: (key) => replies.set(key, placeOfLine),
      find: replyAgain,
      task: (key) => nanoUsd(tasks.get(key) ?? zeroUsd),
    },
  });
  for (const line of before?.kept ?? []) also?.apply(line);
  let skipped = 0;
  let read = 0;
  let sinceCheckpoint = 0;
  let sinceLetGo = 0;
  readOn(record.tail('apiAudit', before?.at), ({ entries }) => {
    for (const entry of entries) take(entry);
  });
  checkpointWhenDue();

  return {
    money,
    write(line, around) {
      append(line, check(line), around);
      checkpointWhenDue();
    },
    async commit(line, around = atOnce) {
      const checked = check(line);
      await record.appendSoon('apiAudit', line, (at) => around(() => fold(checked, at)));
      // Not in that step, in which the log holds lines that are not folded yet.
      checkpointWhenDue();
    },
    get skipped() {
      return skipped;
    },
    read,
  };

  function check(line: ApiAuditLine): ApiAuditLine {
    const checked = readApiAuditLine(line, record.home);
    if (checked !== undefined) return checked;
    throw new VivariumError('internal', `not written to logs/${LOGS.apiAudit}: ${whyNot(line)}`, {
      remedy: { kind: 'fail' },
    });
  }

  function append(line: ApiAuditLine, checked: ApiAuditLine, around: Around = atOnce): void {
    // Where it will stand, but for a fragment before it: only lines that bring a reply are looked for again.
    const at = line.event === 'API_CALL_SUCCESS' ? record.size('apiAudit') : 0;
    record.append('apiAudit', line);
    around(() => fold(checked, at));
  }

  function take(entry: RecordEntry): void {
    const line = entry.kind === 'line' ? readApiAuditLine(entry.value, record.home) : undefined;
    read += 1;
    if (line === undefined) skipped += 1;
    else fold(line, entry.from);
  }

  function fold(line: ApiAuditLine, at: number): void {
    placeOfLine = at;
    money.apply(line);
    also?.apply(line);
    sinceCheckpoint += 1;
    sinceLetGo += 1;
    if (sinceLetGo < LINES_BETWEEN) return;
    sinceLetGo = 0;
    letGo();
  }

  function letGo(): void {
    for (const [key, sum] of money.letGo()) tasks.set(key, sum);
  }

  function checkpointWhenDue(): void {
    const due = options.linesBetweenCheckpoints ?? Math.max(LINES_BETWEEN, replies.size * SHARE_BETWEEN);
    if (sinceCheckpoint < due) return;
    // Due again after as many lines, whether or not this one can be written: a full disk is not to be asked at every line.
    sinceCheckpoint = 0;
    letGo();
    try {
      checkpoint();
    } catch (error) {
      options.onNoCheckpoint?.(messageOf(error));
    }
  }

  /** A start that finds none reads more, and is as right. */
  function checkpoint(): void {
    record.mend('apiAudit');
    const { generation } = record.tail('apiAudit').read(1).cursor;
    const at = { generation, offset: record.size('apiAudit') };
    const { text, hash } = saveMoneyState({
      at,
      money: money.snapshot(),
      tasks,
      replies,
      kept: also?.keep() ?? [],
    });
    const line: ApiAuditLine = {
      timestamp: timestamp(clock),
      event: 'checkpoint',
      user: 'admin',
      role: 'admin',
      real_book: totalsOf(money, false),
      simulated_book: totalsOf(money, true),
      state_sha256: hash,
      event_id: ids.next('api'),
      home: record.home,
    };
    append(line, line);
    files.replace(layout.moneyCheckpoint, text);
  }

  /** Whether the line it says it belongs to stands where it says, and says so too. */
  function isNamed({ state, hash }: { readonly state: MoneyState; readonly hash: string }): boolean {
    const { entries, restarted } = record.tail('apiAudit', state.at).read(LONGEST_LINE);
    const [first] = entries;
    if (restarted || first?.kind !== 'line' || first.from !== state.at.offset) return false;
    const line = readApiAuditLine(first.value, record.home);
    return line?.event === 'checkpoint' && line.state_sha256 === hash;
  }

  /** What stands at its place must be the reply: a key that is known is never answered as unknown. */
  function replyAgain(key: string): RecordedReply | undefined {
    const place = replies.get(key);
    if (place === undefined) return undefined;
    for (const text of linesAt(place)) {
      const line = readApiAuditLine(parseJson(text), record.home);
      if (line?.event !== 'API_CALL_SUCCESS' || line.idempotency_key === undefined) continue;
      if (moneyKey(line.simulated === true, line.idempotency_key) === key) return line;
    }
    throw new VivariumError(
      'record_unreadable',
      `a reply that was recorded is gone from logs/${LOGS.apiAudit}; it is not paid for again under its key`,
      {
        remedy: { kind: 'fail' },
        hint: 'Bring the log back from a copy, or ask under a new key, which is paid for.',
      },
    );
  }

  /** The line at a place; the one after it, when a fragment was closed there. */
  function linesAt(place: number): readonly string[] {
    const bytes = files.readBytes(path, place, LONGEST_LINE) ?? new Uint8Array(0);
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
      .toString('utf8')
      .split('\n')
      .slice(0, 2);
  }
}

type Around = NonNullable<Parameters<BudgetStore['write']>[1]>;
const atOnce: Around = (fold) => fold();

const LONGEST_LINE = 65_536;
const totalsOf = (money: MoneyFold, simulated: boolean) => {
  const { settled, unknown, held, calls } = money.book(simulated).total;
  return { settled, unknown, held, calls };
};

/** Names fields, quotes no values (S6). */
const whyNot = (line: unknown): string =>
  ApiAuditLine.safeParse(line)
    .error?.issues.slice(0, 5)
    .map(({ path, message }) => `${path.join('.') || 'the line'}: ${message}`)
    .join('; ') ?? 'it is not a line of this log';
