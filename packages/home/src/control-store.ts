/**
 * The control state of a home. Owns no state but the last look of a turn: reads look at the files (control-orders.ts), so an operator may also `touch HALT`. Talks
 * to the ports `Files`, `Clock`, `IdSource` and to the record.
 *
 * - S3: only `clear-halt`, with a reason, leads out of HALT, and it is in the record before HALT is gone: when it cannot be recorded, HALT stays (S2).
 * - Stopping comes the other way round: first the file, then the record. A full disk must not keep anybody from stopping: when the content
 *   cannot be written, an empty file still can, and counts.
 * - S9: a verb is one file that appears or goes: whatever dies in the middle of it, it is in force or it is not. What is less strict goes before it.
 * - S3: what is lifted is the order it was decided on. One that comes while it is being recorded stays.
 * - S9: what is told of the orders and what is done by them comes of the same look, or of a later one: none is told to be obeyed that a later read does not know.
 * - The strictest order goes before the others. What cannot be read is `halted` (fail closed).
 */
import {
  BROUGHT_ABOUT,
  EVERYTHING,
  homeIdOf,
  orderOf,
  STOPPED_KINDS,
  strictest,
  strictness,
  type ControlOrder,
  type ControlReceipt,
  type ControlRequest,
  type ControlScope,
  type ControlState,
  type ControlStore,
  type HomeLayout,
  type RecordStore,
  type StoppedKind,
} from '@vivarium/contracts';
import { messageOf, timestamp, type FileStat, type Machine } from '@vivarium/core';
import { actionLine } from './action-line.ts';
import { createOrderReader, orderPath, stateOf } from './control-orders.ts';

export interface ControlStoreOptions {
  readonly layout: HomeLayout;
  readonly machine: Pick<Machine, 'clock' | 'ids' | 'files'>;
  readonly record: RecordStore;
  /**
   * Lets all reads of one turn of the event loop share a look, until what is given is called. An order that comes meanwhile is heeded afterwards, as it is by
   * whoever read before it came. Default: every read looks.
   */
  readonly lookOnceATurn?: (forget: () => void) => void;
}

const DEFAULT_REASONS = {
  hold: 'Manual hold triggered',
  pause: 'Manual pause triggered',
  drain: 'Manual drain triggered',
  halt: 'Manual halt triggered',
  resume: 'Resumed',
  'clear-halt': '',
} as const;
/** What HALT and PAUSE say of themselves in the seed's files. */
const SEED_KEYS: Partial<Record<StoppedKind, string>> = { halted: 'halted', paused: 'paused' };

export function createControlStore({
  layout,
  machine,
  record,
  lookOnceATurn,
}: ControlStoreOptions): ControlStore {
  const { clock, files, ids } = machine;
  const home = homeIdOf(layout.root);
  let seen: readonly ControlOrder[] | undefined;
  const reader = createOrderReader(layout, machine);
  const know = (found: readonly ControlOrder[]): readonly ControlOrder[] => {
    if (lookOnceATurn === undefined) return found;
    if (seen === undefined) lookOnceATurn(() => (seen = undefined));
    seen = found;
    return found;
  };
  const look = (): readonly ControlOrder[] => know(reader.readAnew());

  /** Undefined when there is none, or nothing can be said of it. */
  const statOf = (path: string): FileStat | undefined => {
    try {
      return files.stat(path);
    } catch {
      return undefined;
    }
  };
  const lesserThan = (
    kind: StoppedKind,
    scope: ControlScope,
  ): readonly (readonly [string, FileStat | undefined])[] =>
    STOPPED_KINDS.filter((each) => strictness(each) < strictness(kind)).map((each) => {
      const path = orderPath(layout, scope, each);
      return [path, statOf(path)];
    });
  /** Under a stricter order a lesser one means nothing, and lifting removes all: one that cannot be removed now is in nobody's way. One that came since stays. */
  const endLesser = (lesser: ReturnType<typeof lesserThan>): void => {
    for (const [path, found] of lesser) {
      try {
        if (isSame(found, statOf(path))) files.remove(path);
      } catch {
        continue;
      }
    }
  };
  /** Somebody may be lifting what stands at this moment: an order that is given now is not what they decided on, and stays. True when there was none in this file before. */
  const giveAnew = (path: string, content: Readonly<Record<string, unknown>>): boolean => {
    try {
      const text = files.readText(path);
      if (text !== undefined) files.replace(path, text);
      else stop(path, content);
      return text === undefined;
    } catch {
      return false;
    }
  };
  /** Throws only when not even an empty file could be made. */
  const stop = (path: string, content: Readonly<Record<string, unknown>>): void => {
    try {
      if (path.startsWith(`${layout.control}/`)) files.makeDirectory(layout.control);
      files.replace(path, JSON.stringify(content, null, 2));
    } catch (error) {
      try {
        files.append(path, '');
      } catch {
        throw error;
      }
    }
  };
  const lineOf = (
    event: string,
    action: string,
    { actor, verb, scope = EVERYTHING }: ControlRequest,
    reason: string,
    before: ControlState,
    after: ControlState,
  ): Parameters<RecordStore['act']>[0] => ({
    actor,
    action_type: 'SAFETY',
    action,
    detail: scope.kind === 'all' ? reason : `${scope.kind} ${scope.id}: ${reason}`,
    event,
    ...(scope.kind === 'task' ? { task_id: scope.id } : {}),
    ...(scope.kind === 'worker' ? { worker_id: scope.id } : {}),
    metadata: { verb, scope, reason, actor, before, after },
  });

  const enter = (request: ControlRequest, kind: StoppedKind, reason: string): ControlReceipt => {
    const { scope = EVERYTHING, actor } = request;
    const before = stateOf(look(), scope);
    const path = orderPath(layout, scope, kind);
    // An order that cannot be read, or is said by something else than its file, is given once more, so that it can be lifted.
    const isThere = before.kind === kind && statOf(path) !== undefined;
    const key = SEED_KEYS[kind];
    const content = {
      ...(key === undefined ? {} : { [key]: true }),
      timestamp: timestamp(clock),
      reason,
      actor,
      ...(scope.kind === 'all' ? {} : { [scope.kind]: scope.id, id: scope.id }),
    };
    if (isThere || strictness(kind) < strictness(before.kind)) {
      const isNew = giveAnew(path, content);
      const now = stateOf(look(), scope);
      // It may come into force when what is stricter goes: then the record knows who gave it.
      if (isNew)
        record.act(lineOf(`control.${PAST[kind]}`, PAST[kind].toUpperCase(), request, reason, before, now));
      return { kind: 'unchanged', state: before };
    }
    const lesser = lesserThan(kind, scope);
    stop(path, content);
    const after = stateOf(look(), scope);
    record.act(lineOf(`control.${PAST[kind]}`, PAST[kind].toUpperCase(), request, reason, before, after));
    endLesser(lesser);
    return { kind: 'changed', before, after };
  };

  const lift = (request: ControlRequest, reason: string): ControlReceipt => {
    const { scope = EVERYTHING, verb } = request;
    // Looked at before it is read: what comes after this look is not what is decided on.
    const decidedOn = new Map(STOPPED_KINDS.map((kind) => [kind, statOf(orderPath(layout, scope, kind))]));
    const before = stateOf(look(), scope);
    if (before.kind === 'running') return { kind: 'unchanged', state: before };
    if (before.kind === 'halted') {
      if (verb === 'resume') return { kind: 'needs_clear_halt', state: before };
      if (reason === '') return { kind: 'needs_reason', state: before };
    } else if (verb === 'clear-halt') return { kind: 'unchanged', state: before };
    // Said by something that is no order of ours: nothing here could lift it, and nothing may be recorded as if it did.
    if ([...decidedOn.values()].every((stat) => stat === undefined))
      return { kind: 'unchanged', state: before };
    const after: ControlState = { kind: 'running' };
    const [event, action] =
      verb === 'resume' ? ['control.resumed', 'RESUMED'] : ['control.halt-cleared', 'HALT CLEARED'];
    record.append(
      'action',
      actionLine(lineOf(event, action, request, reason, before, after), home, clock, ids),
    );
    try {
      // The least strict first: whatever happens in between, the strictest still stands.
      for (const kind of STOPPED_KINDS) {
        const path = orderPath(layout, scope, kind);
        if (isSame(decidedOn.get(kind), statOf(path))) files.remove(path);
      }
    } catch (error) {
      // The record says that it was lifted; it must also say that it was not.
      const failure = `Could not ${verb}: ${messageOf(error)}`;
      const now = stateOf(look(), scope);
      record.act(lineOf('control.resume-failed', 'RESUME FAILED', request, failure, before, now));
      throw error;
    }
    return { kind: 'changed', before, after: stateOf(look(), scope) };
  };

  return {
    orders: () => seen ?? know(reader.read()),
    read: (subject) => strictest(seen ?? know(reader.read()), subject),
    change(request) {
      const given = request.reason?.trim() ?? '';
      const reason = given === '' ? DEFAULT_REASONS[request.verb] : given;
      const kind = BROUGHT_ABOUT[request.verb];
      const receipt = kind === undefined ? lift(request, reason) : enter(request, kind, reason);
      seen = undefined;
      return receipt;
    },
    watch(onChange) {
      // Much else happens in the directory of the home; only another state is worth a call.
      let last = marksOf();
      const compare = (): void => {
        const now = marksOf();
        if (now === last) return;
        last = now;
        onChange();
      };
      const stops = [layout.root, layout.control].map((directory) => files.watch(directory, compare));
      return () => {
        for (const end of stops) end();
      };
    },
  };

  function marksOf(): string {
    return look().map(orderOf).join('\n');
  }
}

const PAST: Readonly<Record<StoppedKind, string>> = {
  hold: 'held',
  paused: 'paused',
  draining: 'drained',
  halted: 'halted',
};

/** Another file, or one written over, is another order. */
const isSame = (before: FileStat | undefined, now: FileStat | undefined): boolean =>
  before !== undefined && before.inode === now?.inode && before.modifiedMs === now.modifiedMs;
