/**
 * The record on disk: append-only logs of one home, and the outputs they name. Owns nothing but what it knows of its own last write to each
 * log; everything else is in the files. Many processes append to one log at a time. Talks to the ports `Files`, `Clock` and `IdSource`.
 *
 * - Q8: one line is one write. A fragment at the end of a log (a crash, a full disk) is closed before the first line this process writes and
 *   before the first it writes after a failure of its own, which costs one look at the last byte then and nothing otherwise. A fragment
 *   another process leaves in between cannot be seen without looking before every line (measured: three times the cost of the write): there
 *   the tail finds the line behind the fragment (salvage.ts), and a writer whose line must count reads it back, as the queue does.
 * - A line whose append threw is not made readable by the process that was told so: when its fragment is whole but for the newline, it is
 *   closed by a mark that no JSON ends in. So what a fold made while writing is what a fold of the log makes. (Another process that finds
 *   a whole last line without its newline keeps it: it cannot tell it from one an editor left so, and folds take a line twice.)
 * - S5: logs with one writer at a time are chained (chain.ts); the others are sealed afterwards.
 * - S6: no line and no result holds a secret: it is taken out on the way in, and `putResult` answers the name of what is left.
 * - S2: `append` throws when the line is not written. `act` never throws (action-log.ts).
 * - Every action line has its readable twin; only that one is shortened, and only that one may be missing.
 */
import {
  sha256,
  ActionLogLine,
  archiveTime,
  createRedactor,
  LOGS,
  type Durability,
  type HomeLayout,
  type LogName,
  type RecordStore,
  type SegmentName,
} from '@vivarium/contracts';
import { isVivariumError, messageOf, VivariumError, type HomeId, type Machine } from '@vivarium/core';
import { createActionLog } from './action-log.ts';
import { actionLine } from './action-line.ts';
import { createChain, type Chain } from './chain.ts';
import { createGroupCommit, type Appended, type GroupCommit } from './group-commit.ts';
import { createLogTail } from './log-tail.ts';
import { parseJson } from './salvage.ts';

export interface RecordStoreOptions {
  readonly layout: HomeLayout;
  readonly home: HomeId;
  readonly machine: Pick<Machine, 'clock' | 'ids' | 'files'>;
  /**
   * Default `os`. `fsync`: each line of the two logs that grind decides by, and each result, is on the disk before its write returns. Ends of tasks are
   * synced by the queue, many at a time; action lines are for watching and are not.
   */
  readonly durability?: Durability;
  /** Secrets this process knows: they are kept out of every line and result, whatever their shape (S6). What is shaped like one is kept out anyway. */
  readonly secrets?: readonly string[];
  /**
   * Lets the action lines of one turn of the event loop share a write, and those given to `appendSoon`: `setImmediate`. Whoever gives it calls `flush` when the
   * process ends; a kill -9 loses what that turn told. Default: each is written at once.
   */
  readonly soon?: (then: () => void) => void;
}

export interface FileRecordStore extends RecordStore {
  /** Writes the lines that still wait. */
  flush(): void;
  /** Actions, or twins of them, that could not be written. */
  readonly unwrittenActions: number;
}

/** What this process knows of the end of a log. */
type LogEnd = 'unknown' | 'whole' | 'torn by us';

/** Ends a fragment of ours. Whatever stands before it, the line is not JSON. */
const TORN = '#torn\n';

/** Lines that must outlast what they announce: a decision, a hold, a settlement. */
const DECISIVE: readonly (LogName | SegmentName)[] = ['apiAudit', 'safetyAudit'];
/** One writer at a time: the grind of the home, the holder of the sealer's lease. */
const CHAINED: readonly LogName[] = ['apiAudit', 'safetyAudit', 'seals'];

export function createRecordStore({
  layout,
  home,
  machine,
  durability = 'os',
  secrets = [],
  soon,
}: RecordStoreOptions): FileRecordStore {
  const { clock, files, ids } = machine;
  const clean = createRedactor(secrets);
  const ends = new Map<LogName | SegmentName, LogEnd>();
  const chains = new Map<LogName | SegmentName, Chain>(
    CHAINED.map((log) => [log, createChain(files, layout.log(log), clean)]),
  );

  /**
   * A line that was written and whose sync failed stands in the log although its writer is told that it does not; so may one whose write failed, when nobody can
   * look what came of it. From then on nothing more is written to that log: whoever reads it anew counts what stands there (M1, S2).
   */
  const given: Map<LogName | SegmentName, VivariumError> = new Map();
  const orGiveUp = <T>(log: LogName | SegmentName, what: string, act: () => T): T => {
    try {
      return act();
    } catch (cause) {
      const fault = new VivariumError(
        'record_unwritable',
        `${what} ${layout.log(log)} failed: what it holds is not certain`,
        {
          remedy: { kind: 'stop' },
          hint: 'Look after the disk, and start again: the log is read anew.',
          cause,
        },
      );
      given.set(log, fault);
      throw fault;
    }
  };
  const syncOrGiveUp = (log: LogName | SegmentName): void =>
    orGiveUp(log, 'a sync of', () => store.sync(log));
  /** After a write that failed: what stands of it is asked by this. */
  const sizeOrGiveUp = (log: LogName | SegmentName): number =>
    orGiveUp(log, 'a look at', () => store.size(log));
  /** `compose`: the text, given what must stand before it. */
  const write = (
    log: LogName | SegmentName,
    compose: (closing: string) => string,
    afterwards?: 'read back',
  ): void => {
    const fault = given.get(log);
    if (fault !== undefined) throw fault;
    const path = layout.log(log);
    const end = ends.get(log) ?? 'unknown';
    let appending = false;
    try {
      const before = end === 'whole' ? '' : closing(path, end);
      const text = before + compose(before);
      appending = true;
      files.append(path, text, afterwards);
      ends.set(log, 'whole');
    } catch (error) {
      if (appending) ends.set(log, 'torn by us');
      chains.get(log)?.forget();
      throw unwritable(path, error);
    }
  };

  /** What must come first so that the next line begins on a fresh one. */
  const closing = (path: string, end: LogEnd): string => {
    const size = files.stat(path)?.size ?? 0;
    if (size === 0 || files.readBytes(path, size - 1, 1)?.[0] === NEWLINE) return '';
    // A whole line that lacks only its newline is as good as any other, unless we know that it was refused to its writer.
    return end === 'unknown' && lastLineIsWhole(path, size) ? '\n' : TORN;
  };
  const lastLineIsWhole = (path: string, size: number): boolean => {
    const length = Math.min(size, LONGEST_LAST_LINE);
    const bytes = Buffer.from(files.readBytes(path, size - length, length) ?? []);
    return parseJson(bytes.subarray(bytes.lastIndexOf(NEWLINE) + 1).toString('utf8')) !== undefined;
  };

  const actions = createActionLog({
    layout,
    files,
    clock,
    append: (text) => write('action', () => text),
    clean,
    soon,
  });

  /** Directories of results that were there when a result was last put into them. */
  const directories = new Set<string>();
  /** False when the name is taken. Written in place: the name is the hash of what it must hold, and no line names it before it is whole. */
  const createResult = (path: string, text: string): boolean => {
    const directory = path.slice(0, path.lastIndexOf('/'));
    if (!directories.has(directory)) files.makeDirectory(directory);
    // Forgotten unless all went well: it may have been taken away.
    directories.delete(directory);
    const isNew = files.createInPlace(path, text);
    directories.add(directory);
    return isNew;
  };

  /** `linked` is told the lines as they are about to be written, and what goes before them. */
  const appendLines = (
    log: LogName | SegmentName,
    lines: readonly RecordLine[],
    afterwards?: 'read back',
    linked?: (texts: readonly string[], before: string) => void,
  ): void => {
    const chain = chains.get(log);
    write(
      log,
      (before) => {
        const texts = chain?.link(lines, before) ?? lines.map((line) => `${clean(JSON.stringify(line))}\n`);
        linked?.(texts, before);
        return texts.join('');
      },
      afterwards,
    );
    chain?.written();
    if (durability === 'fsync' && DECISIVE.includes(log)) syncOrGiveUp(log);
  };

  const groups = new Map<LogName | SegmentName, GroupCommit<RecordLine>>();
  const groupOf = (log: LogName | SegmentName): GroupCommit<RecordLine> => {
    const known = groups.get(log);
    if (known !== undefined) return known;
    /** The last write, as it was to be. */
    let wanted: Appended | undefined;
    const append = (lines: readonly RecordLine[]): Appended => {
      wanted = undefined;
      const size = store.size(log);
      appendLines(log, lines, undefined, (texts, before) => {
        wanted = { at: size + before.length, lengths: texts.map((text) => Buffer.byteLength(text)) };
      });
      return wanted ?? { at: size, lengths: [] };
    };
    const standing = (): Appended => {
      const fault = given.get(log);
      if (fault !== undefined) throw fault;
      if (wanted === undefined) return { at: 0, lengths: [] };
      const size = sizeOrGiveUp(log);
      const lengths: number[] = [];
      let end = wanted.at;
      for (const length of wanted.lengths) {
        end += length;
        if (end > size) break;
        lengths.push(length);
      }
      if (lengths.length > 0 && durability === 'fsync') syncOrGiveUp(log);
      return { at: wanted.at, lengths };
    };
    const group = createGroupCommit({ append, standing, soon });
    groups.set(log, group);
    return group;
  };

  const store: FileRecordStore = {
    home,
    append(log, line) {
      store.appendAll(log, [line]);
    },
    mend(log) {
      groups.get(log)?.flush();
      // What was refused to its writer stays refused.
      if (ends.get(log) !== 'torn by us') ends.delete(log);
      chains.get(log)?.forget();
      if (files.stat(layout.log(log)) !== undefined) write(log, () => '');
    },
    appendAll(log, lines, afterwards) {
      if (lines.length === 0) return;
      if (log === 'action') actions.flush();
      // What was given before stands before it.
      groups.get(log)?.flush();
      appendLines(log, lines, afterwards);
      if (log === 'action') actions.twins(lines.flatMap((line) => ActionLogLine.safeParse(line).data ?? []));
    },
    appendSoon: (log, line, written = () => undefined) => groupOf(log).give(line, written),
    size(log) {
      groups.get(log)?.flush();
      return files.stat(layout.log(log))?.size ?? 0;
    },
    sync(log) {
      files.sync(layout.log(log));
    },
    act(action) {
      actions.tell(actionLine(action, home, clock, ids));
    },
    flush() {
      for (const group of groups.values()) group.flush();
      actions.flush();
    },
    tail: (log, from) => createLogTail(files, layout.log(log), from),
    earlier: (log) =>
      files.list(layout.archive).flatMap((name) => {
        const path = layout.archived(name, log);
        const until = archiveTime(name);
        return until === undefined || files.stat(path) === undefined
          ? []
          : [{ until, tail: () => createLogTail(files, path) }];
      }),
    putResult(given) {
      const text = clean(given);
      const name = sha256(text);
      const path = layout.result(name);
      try {
        if (!createResult(path, text)) {
          // One of another length is what a crash or a power loss left of it, or what somebody is writing at this moment.
          // Where it must be on the disk, one that is there may not be: whoever wrote it may have been told that a sync failed.
          if (durability !== 'fsync' && files.stat(path)?.size === Buffer.byteLength(text)) return name;
          files.replace(path, text);
        }
        if (durability === 'fsync') files.sync(path);
        return name;
      } catch (error) {
        throw unwritable(path, error);
      }
    },
    getResult(name) {
      if (!/^[0-9a-f]{64}$/.test(name)) return undefined;
      const text = files.readText(layout.result(name));
      // What does not have the hash it is named after is not that result.
      return text !== undefined && sha256(text) === name ? text : undefined;
    },
    holdsSecret: (text) => clean(text) !== text,
    watch: (onChange, only) =>
      files.watch(layout.logs, (name) => {
        // Where the system does not tell the name, it may be the one.
        if (only === undefined || name === undefined || name === LOGS[only]) onChange();
      }),
    get unwrittenActions() {
      return actions.unwritten;
    },
  };
  return store;
}

type RecordLine = Readonly<Record<string, unknown>>;

const NEWLINE = 10;
/** Lines are small; one longer than this is not looked at and counts as torn. */
const LONGEST_LAST_LINE = 1_048_576;

/** Whatever the reason, to the caller it is one fault: the record cannot be written now. Whether waiting helps, the reason says. */
function unwritable(path: string, error: unknown): VivariumError {
  if (isVivariumError(error) && error.code === 'record_unwritable') return error;
  const { hint, remedy } = isVivariumError(error) ? error : { hint: undefined, remedy: undefined };
  return new VivariumError('record_unwritable', `cannot write ${path}: ${messageOf(error)}`, {
    remedy: remedy ?? { kind: 'retry' },
    ...(hint === undefined ? {} : { hint }),
    cause: error,
  });
}
