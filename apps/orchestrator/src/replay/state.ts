/**
 * The state of a home derived from its record alone, and its canonical form: keys sorted, amounts as integers, so that two states are equal exactly when their texts
 * are. The folds are those that everybody runs; nothing else of the home is read.
 */
import {
  booksOf,
  createMoneyFold,
  createTaskFold,
  readApiAuditLine,
  readExecutionLine,
  type MoneySnapshot,
  type RecordStore,
  type TaskRecord,
} from '@vivarium/contracts';
import { linesUpTo, type Cut } from './cut.ts';

export interface ReplayedState {
  readonly tasks: ReadonlyMap<string, TaskRecord>;
  readonly money: MoneySnapshot;
  /** Where the two logs were cut, and how many lines counted. */
  readonly bytes: { readonly execution: number; readonly apiAudit: number };
  readonly lines: { readonly execution: number; readonly apiAudit: number };
}

const SUMS_ONLY = { replies: false, tasks: false } as const;

export function replay(record: RecordStore, cut: Cut): ReplayedState {
  const tasks = createTaskFold();
  const money = createMoneyFold(SUMS_ONLY);
  const lines = { execution: 0, apiAudit: 0 };
  const execution = linesUpTo(record, 'execution', cut, ({ value }) => {
    const line = readExecutionLine(value, record.home);
    if (line !== undefined && tasks.apply(line) === 'applied') lines.execution += 1;
  });
  const apiAudit = linesUpTo(record, 'apiAudit', cut, ({ value }) => {
    const line = readApiAuditLine(value, record.home);
    if (line === undefined) return;
    money.apply(line);
    lines.apiAudit += 1;
  });
  return { tasks: new Map(tasks.entries()), money: money.snapshot(), bytes: { execution, apiAudit }, lines };
}

/** One value, one text. What is undefined is as good as absent. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([key, member]) => `${JSON.stringify(key)}:${canonical(member)}`);
  return `{${members.join(',')}}`;
}

export const canonicalState = ({ tasks, money }: ReplayedState): string =>
  canonical({ tasks: Object.fromEntries(tasks), money: booksOf(money) });

export interface Difference {
  /** Keys from the outside in. */
  readonly path: readonly string[];
  readonly believed: unknown;
  readonly replayed: unknown;
}

/** The first difference, by the order of the keys. */
export function firstDifference(
  believed: unknown,
  replayed: unknown,
  path: readonly string[] = [],
): Difference | undefined {
  if (canonical(believed) === canonical(replayed)) return undefined;
  if (!isRecord(believed) || !isRecord(replayed)) return { path, believed, replayed };
  for (const key of [...new Set([...Object.keys(believed), ...Object.keys(replayed)])].toSorted()) {
    const found = firstDifference(believed[key], replayed[key], [...path, key]);
    if (found !== undefined) return found;
  }
  return { path, believed, replayed };
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
