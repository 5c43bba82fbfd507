/**
 * The records of many tasks in little space, for the snapshot. Most of them have the same keys, and a few words (a run, a worker, a model) stand in all: keys
 * and words are written once, so that what is read back is half as long. Pure; what is unpacked is what was packed, key by key.
 */
import type { TaskRecord } from '@vivarium/contracts';

type Value = string | number | boolean | null;

export interface RecordRows {
  readonly shapes: readonly (readonly (keyof TaskRecord)[])[];
  readonly words: readonly Value[];
  /** Id, shape, and the values in the order of the shape; of `WORDS` their place among the words. */
  readonly rows: readonly (readonly Value[])[];
}

const WORDS: ReadonlySet<keyof TaskRecord> = new Set([
  'status',
  'workerId',
  'runId',
  'model',
  'finishReason',
  'errorCode',
  'fingerprint',
]);

export function packRecords(records: Iterable<readonly [string, TaskRecord]>): RecordRows {
  const shapes = new Map<string, number>();
  const words = new Map<Value, number>();
  const rows: Value[][] = [];
  for (const [id, record] of records) {
    // Every key of a record is one of its type's.
    const shape = (Object.keys(record) as (keyof TaskRecord)[]).filter((key) => record[key] !== undefined);
    const row: Value[] = [id, placeOf(shapes, shape.join(' '))];
    for (const key of shape) {
      const value = record[key] ?? null;
      row.push(WORDS.has(key) ? placeOf(words, value) : value);
    }
    rows.push(row);
  }
  return {
    shapes: [...shapes.keys()].map((keys) => keys.split(' ') as (keyof TaskRecord)[]),
    words: [...words.keys()],
    rows,
  };
}

export function* unpackRecords({
  shapes,
  words,
  rows,
}: RecordRows): Generator<readonly [string, Partial<TaskRecord>]> {
  for (const [id, shape, ...values] of rows) {
    const record: Record<string, Value | undefined> = {};
    for (const [index, key] of (shapes[Number(shape)] ?? []).entries()) {
      const value = values[index];
      record[key] = WORDS.has(key) ? words[Number(value)] : value;
    }
    // As it was packed.
    yield [String(id), record as Partial<TaskRecord>];
  }
}

function placeOf<T>(places: Map<T, number>, what: T): number {
  const known = places.get(what);
  if (known !== undefined) return known;
  places.set(what, places.size);
  return places.size - 1;
}
