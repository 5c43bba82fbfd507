/**
 * The records of many tasks, for the snapshot, in the form that is read back fastest: one column for each key. Pure; what is unpacked is what was packed, key
 * by key and in its order.
 *
 * A column of few different values (a run, a worker, a model) is a list of words and, of each record, its place in it. A column of many texts (ids, digests,
 * hashes) is one text with a line for each. So a snapshot of 100,000 tasks is some dozens of values and not two million: measured, 88 ms to parse
 * against 274 for one row a task.
 */
import { NEVER_SEEN, type TaskRecord } from '@vivarium/contracts';

type Value = string | number | boolean | null;
/** JSON has no undefined: a value that is missing is an empty list. */
type Boxed = readonly [] | readonly [Value];

type Column =
  | { readonly words: readonly Boxed[]; readonly at?: readonly number[] }
  | { readonly lines: string }
  | { readonly values: readonly Boxed[] };

export interface RecordColumns {
  readonly size: number;
  readonly ids: Column;
  readonly columns: Readonly<Record<string, Column>>;
}

/** Every record has them all. */
const KEYS = Object.keys(NEVER_SEEN) as readonly (keyof TaskRecord)[];
const MOST_WORDS = 256;
const MISSING = '\0';

export function packRecords(records: Iterable<readonly [string, TaskRecord]>): RecordColumns {
  const all = [...records];
  const columns = KEYS.map((key) => [key, pack(all.map(([, record]) => record[key]))] as const);
  return { size: all.length, ids: pack(all.map(([id]) => id)), columns: Object.fromEntries(columns) };
}

export function* unpackRecords({
  size,
  ids,
  columns,
}: RecordColumns): Generator<readonly [string, TaskRecord]> {
  const idOf = unpack(ids);
  const readers = KEYS.flatMap((key) => {
    const column = columns[key];
    return column === undefined ? [] : [{ key, valueOf: unpack(column) }];
  });
  for (let index = 0; index < size; index += 1) {
    const record: Record<keyof TaskRecord, Value | undefined> = { ...NEVER_SEEN };
    for (const { key, valueOf } of readers) record[key] = valueOf(index);
    // As it was packed.
    yield [String(idOf(index)), record as TaskRecord];
  }
}

function pack(values: readonly (Value | undefined)[]): Column {
  const words = new Map<Value | undefined, number>();
  const at: number[] = [];
  for (const value of values) {
    const known = words.get(value) ?? words.size;
    if (known === words.size) words.set(value, known);
    if (words.size > MOST_WORDS) return packMany(values);
    at.push(known);
  }
  const boxed = [...words.keys()].map(box);
  return words.size > 1 ? { words: boxed, at } : { words: boxed };
}

function packMany(values: readonly (Value | undefined)[]): Column {
  const lines: string[] = [];
  for (const value of values) {
    if (value === undefined) lines.push(MISSING);
    // Hardly ever: texts on record are made into one line, ids are not.
    else if (typeof value !== 'string' || value.includes('\n') || value.includes(MISSING))
      return { values: values.map(box) };
    else lines.push(value);
  }
  return { lines: lines.join('\n') };
}

function unpack(column: Column): (index: number) => Value | undefined {
  if ('words' in column) {
    const { at } = column;
    const words = column.words.map(([word]) => word);
    return at === undefined ? () => words[0] : (index) => words[at[index] ?? 0];
  }
  if ('values' in column) return (index) => column.values[index]?.[0];
  const lines = column.lines.split('\n');
  return (index) => {
    const line = lines[index];
    return line === MISSING ? undefined : line;
  };
}

const box = (value: Value | undefined): Boxed => (value === undefined ? [] : [value]);
