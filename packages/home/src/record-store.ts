/**
 * The record on disk: append-only logs of one home, and the outputs they name. Owns nothing but what it knows of its own last write to each
 * log; everything else is in the files. Many processes append to one log at a time. Talks to the ports `Files`, `Clock` and `IdSource`.
 *
 * - Q8: lines are appended whole (line-writer.ts). What a fold made while writing is what a fold of the log makes.
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
import { VivariumError, type HomeId, type Machine } from '@vivarium/core';
import { createActionLog } from './action-log.ts';
import { actionLine } from './action-line.ts';
import { createChain, type Chain } from './chain.ts';
import { createGroupCommit, type Appended, type GroupCommit } from './group-commit.ts';
import { createLineWriter, unwritable } from './line-writer.ts';
import { createLogTail } from './log-tail.ts';
import { createPlaces, readResult, readResults, resultLine } from './result-files.ts';

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
  /** Called after each write to a log, whatever came of it, before whoever waited for it goes on: it may have taken its time. */
  readonly onWrite?: () => void;
}

export interface FileRecordStore extends RecordStore {
  /** Writes the lines that still wait. */
  flush(): void;
  /** Actions, or twins of them, that could not be written. */
  readonly unwrittenActions: number;
}

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
  onWrite,
}: RecordStoreOptions): FileRecordStore {
  const { clock, files, ids } = machine;
  const clean = createRedactor(secrets);
  const writer = createLineWriter(files);
  const chains = new Map<LogName | SegmentName, Chain>(
    CHAINED.map((log) => [log, createChain(files, layout.log(log), clean)]),
  );

  /**
   * A line that was written and whose sync failed stands in the log although its writer is told that it does not; so may lines that shared a write that failed, when
   * nobody can look what came of it. From then on nothing more is written to that log: whoever reads it anew counts what stands there (M1, S2).
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
  const syncOrGiveUp = (log: LogName | SegmentName): void => {
    try {
      orGiveUp(log, 'a sync of', () => store.sync(log));
    } finally {
      onWrite?.();
    }
  };
  /** `compose`: the text, given what must stand before it. */
  const write = (
    log: LogName | SegmentName,
    compose: (closing: string) => string,
    afterwards?: 'read back',
  ): void => {
    const fault = given.get(log);
    if (fault !== undefined) throw fault;
    try {
      writer.write(layout.log(log), compose, afterwards === 'read back' ? 'no look' : undefined);
    } catch (error) {
      chains.get(log)?.forget();
      throw error;
    } finally {
      onWrite?.();
    }
  };

  /** The directory was there when a result was last put into it. */
  let hasResults = false;
  const places = createPlaces();
  const actions = createActionLog({
    layout,
    files,
    clock,
    append: (text) => write('action', () => text),
    clean,
    soon,
  });

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
    /** The last write: where its first line was to stand, and its lines. */
    let wanted: { readonly at: number; readonly texts: readonly string[] } | undefined;
    const endOf = (): number => writer.endOf(layout.log(log)) ?? store.size(log);
    const append = (lines: readonly RecordLine[]): Appended => {
      wanted = undefined;
      const from = endOf();
      let texts: readonly string[] = [];
      appendLines(log, lines, undefined, (linked, before) => {
        texts = linked;
        wanted = { at: from + before.length, texts };
      });
      const lengths = texts.map((text) => Buffer.byteLength(text));
      return { at: lengths.reduce((at, length) => at - length, endOf()), lengths };
    };
    const standing = (): Appended => {
      const fault = given.get(log);
      if (fault !== undefined) throw fault;
      if (wanted === undefined) return { at: 0, lengths: [] };
      const { at, texts } = wanted;
      const length = Buffer.byteLength(texts.join(''));
      const found = orGiveUp(log, 'a look at', () => files.readBytes(layout.log(log), at, length));
      let rest = Buffer.from(found ?? []);
      const lengths: number[] = [];
      for (const line of texts.map((text) => Buffer.from(text))) {
        if (!line.equals(rest.subarray(0, line.length))) break;
        rest = rest.subarray(line.length);
        lengths.push(line.length);
      }
      if (lengths.length > 0 && durability === 'fsync') syncOrGiveUp(log);
      return { at, lengths };
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
      writer.lookAgain(layout.log(log));
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
        if (!hasResults) files.makeDirectory(layout.results);
        // Forgotten unless all goes well: it may have been taken away.
        hasResults = false;
        const line = resultLine(name, text);
        const end = writer.write(path, () => line);
        hasResults = true;
        if (end !== undefined) places.set(name, end - Buffer.byteLength(line));
        // One that this fails for is not named, and stored once more at the next try.
        if (durability === 'fsync') files.sync(path);
        return name;
      } catch (error) {
        throw unwritable(path, error);
      }
    },
    getResult: (name) => readResult(layout, files, name, places.get(name)),
    results: () => readResults(layout, files),
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
