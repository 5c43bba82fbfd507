/**
 * The orders of an operator as files of the home: HALT and PAUSE, which are the seed's, and `control/` for the rest, a file each, named after what it orders
 * (`hold`, `drain`, `worker.<id>.pause`, `task.<id>.halt`). Presence counts; what stands in a file is for people. Owns nothing but since when the home is quiet; each
 * reading looks at the disk.
 *
 * A file in `control/` whose name says nothing halts everything: somebody meant something by it (fail closed).
 */
import {
  encodeName,
  EVERYTHING,
  STOPPED_KINDS,
  strictness,
  type ControlOrder,
  type ControlScope,
  type ControlState,
  type HomeLayout,
  type StoppedKind,
} from '@vivarium/contracts';
import { messageOf, type Files, type FileStat, type Machine, type Milliseconds } from '@vivarium/core';
import { parseJson } from './salvage.ts';

const WORDS: Readonly<Record<StoppedKind, string>> = {
  hold: 'hold',
  paused: 'pause',
  draining: 'drain',
  halted: 'halt',
};
const SCOPED = /^(worker|task)\.(.+)\.(hold|pause|drain|halt)$/;

/** The file that stands for an order. */
export function orderPath(layout: HomeLayout, scope: ControlScope, kind: StoppedKind): string {
  if (scope.kind !== 'all') return `${layout.control}/${scope.kind}.${encodeName(scope.id)}.${WORDS[kind]}`;
  if (kind === 'halted') return layout.halt;
  return kind === 'paused' ? layout.pause : `${layout.control}/${WORDS[kind]}`;
}

/** All orders that stand. Neither throws: what cannot be read is an order to halt. */
export interface OrderReader {
  /** For whoever asks all the time. */
  read(): readonly ControlOrder[];
  /** For what is decided on the orders and told of them: nothing that was read before is believed. */
  readAnew(): readonly ControlOrder[];
}

/**
 * An order is a name that comes into one of two directories, and that dates the directory anew: where there was none when both were as they are, there is none
 * now, which is two looks instead of eight calls of the system (grind reads three times for each request).
 *
 * - S9: a directory that was dated a moment ago may be dated the same once more, so it proves nothing yet. And for a file system that does not date its
 *   directories, all is read again after 20 ms.
 */
export function createOrderReader(
  layout: HomeLayout,
  { files, clock }: Pick<Machine, 'files' | 'clock'>,
): OrderReader {
  let quiet: { readonly as: string; readonly since: number } | undefined;
  /** Undefined when it proves nothing. */
  const dates = (): string | undefined => {
    const now = clock.now().getTime();
    let all = '';
    for (const path of [layout.root, layout.control]) {
      const stat = files.stat(path);
      if (stat === undefined || now - stat.modifiedMs < COARSEST_DATE_MS) return undefined;
      all += `${stat.inode}.${stat.modifiedMs} `;
    }
    return all;
  };
  const look = (believes: boolean): readonly ControlOrder[] => {
    try {
      const as = dates();
      const until = as !== undefined && as === quiet?.as ? quiet.since + BELIEVED_FOR_MS : undefined;
      if (believes && until !== undefined && clock.monotonic() < until) return NONE;
      const found = readOrders(layout, files);
      quiet = found.length === 0 && as !== undefined ? { as, since: clock.monotonic() } : undefined;
      return found;
    } catch (error) {
      quiet = undefined;
      return [halting(`The control state cannot be read: ${messageOf(error)}`)];
    }
  };
  return { read: () => look(true), readAnew: () => look(false) };
}

const NONE: readonly ControlOrder[] = [];
/** FAT dates to two seconds. */
const COARSEST_DATE_MS: Milliseconds = 3_000;
const BELIEVED_FOR_MS: Milliseconds = 20;

function readOrders(layout: HomeLayout, files: Files): readonly ControlOrder[] {
  const orders: ControlOrder[] = [];
  for (const [path, kind] of [
    [layout.halt, 'halted'],
    [layout.pause, 'paused'],
  ] as const) {
    const stat = files.stat(path);
    if (stat !== undefined) orders.push(readOrder(files, path, kind, EVERYTHING, stat));
  }
  const directory = files.stat(layout.control);
  if (directory?.isDirectory === false)
    return [halting('control is a file, and was to be a directory of orders; to go on, remove that file')];
  for (const name of directory === undefined ? [] : files.list(layout.control)) {
    const path = `${layout.control}/${name}`;
    const stat = files.stat(path);
    if (stat !== undefined) orders.push(readNamed(files, path, name, stat));
  }
  return orders;
}

/** Of one scope alone, without those that are for more. */
export function stateOf(orders: readonly ControlOrder[], scope: ControlScope): ControlState {
  const own = orders.filter(
    (order) => order.scope.kind === scope.kind && nameOf(order.scope) === nameOf(scope),
  );
  return (
    own.toSorted((one, other) => strictness(other.kind) - strictness(one.kind)).at(0) ?? { kind: 'running' }
  );
}
const nameOf = (scope: ControlScope): string => (scope.kind === 'all' ? '' : encodeName(scope.id));

function readNamed(files: Files, path: string, name: string, stat: FileStat): ControlOrder {
  if (name === 'hold') return readOrder(files, path, 'hold', EVERYTHING, stat);
  if (name === 'drain') return readOrder(files, path, 'draining', EVERYTHING, stat);
  const [, what, encoded, word] = SCOPED.exec(name) ?? [];
  const kind = STOPPED_KINDS.find((each) => WORDS[each] === word);
  if ((what !== 'worker' && what !== 'task') || encoded === undefined || kind === undefined)
    return halting(`control/${name} is no order that is known; to go on, remove that file`);
  const content = contentOf(files, path);
  const told = textOf(content, 'id');
  // A name that is too long for a file is cut in it; then only the content has it whole.
  const id = told !== undefined && encodeName(told) === encoded ? told : decodeName(encoded);
  if (encodeName(id) !== encoded)
    return halting(`control/${name} does not say whose order it is; to go on, remove that file`);
  return orderFrom(content, kind, { kind: what, id }, stat, name);
}

const readOrder = (
  files: Files,
  path: string,
  kind: StoppedKind,
  scope: ControlScope,
  stat: FileStat,
): ControlOrder =>
  orderFrom(contentOf(files, path), kind, scope, stat, path.slice(path.lastIndexOf('/') + 1));

const orderFrom = (
  content: unknown,
  kind: StoppedKind,
  scope: ControlScope,
  stat: FileStat,
  name: string,
): ControlOrder => ({
  kind,
  scope,
  reason: textOf(content, 'reason') ?? `${name} file exists`,
  actor: textOf(content, 'actor'),
  since: textOf(content, 'timestamp'),
  // Another file, or one written over, is another order.
  order: `${stat.inode}.${stat.modifiedMs}`,
});

const halting = (reason: string): ControlOrder => ({
  kind: 'halted',
  scope: EVERYTHING,
  reason,
  actor: undefined,
  since: undefined,
  order: reason,
});

function contentOf(files: Files, path: string): unknown {
  try {
    return parseJson(files.readText(path) ?? '');
  } catch {
    return undefined;
  }
}

/** Blank is as good as absent. */
function textOf(content: unknown, key: string): string | undefined {
  if (typeof content !== 'object' || content === null) return undefined;
  const value: unknown = Object.getOwnPropertyDescriptor(content, key)?.value;
  return typeof value === 'string' && value.trim() !== '' ? value : undefined;
}

function decodeName(encoded: string): string {
  try {
    return decodeURIComponent(encoded);
  } catch {
    return encoded;
  }
}
