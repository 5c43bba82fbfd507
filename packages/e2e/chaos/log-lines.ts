/**
 * Reading a log as it lies on disk, without any code of the product. Pure. What is not a line is counted, never passed over in silence.
 * A writer that was killed leaves the beginning of a line, and the next line begins right behind it: that one is whole, and counts.
 */

export interface LogLine {
  /** From 1. */
  readonly number: number;
  readonly text: string;
  readonly value: Readonly<Record<string, unknown>>;
}

export interface ReadLog {
  readonly lines: readonly LogLine[];
  /** Pieces of lines: before a whole one, or alone. */
  readonly fragments: number;
  /** JSON, and not an object. */
  readonly strange: number;
}

export function readLog(text: string): ReadLog {
  const lines: LogLine[] = [];
  let fragments = 0;
  let strange = 0;
  const rows = text.split('\n');
  for (const [index, row] of rows.entries()) {
    if (row === '') continue;
    // Without its newline it may still be on its way; whoever wrote it has not been told that it is there.
    if (index === rows.length - 1) {
      fragments += 1;
      continue;
    }
    const number = index + 1;
    const whole = parse(row);
    if (whole !== undefined) {
      if (isObject(whole)) lines.push({ number, text: row, value: whole });
      else strange += 1;
      continue;
    }
    fragments += 1;
    const behind = lineBehindFragment(row);
    if (behind !== undefined) lines.push({ number, ...behind });
  }
  return { lines, fragments, strange };
}

/** Every line we write says when it was written; an inner object at the end of a fragment does not. */
function lineBehindFragment(row: string): Pick<LogLine, 'text' | 'value'> | undefined {
  for (let start = row.indexOf('{"', 1); start !== -1; start = row.indexOf('{"', start + 1)) {
    const text = row.slice(start);
    const value = parse(text);
    if (isObject(value) && typeof value['timestamp'] === 'string') return { text, value };
  }
  return undefined;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A field as text; empty when it is none. */
export const textOf = ({ value }: LogLine, name: string): string => {
  const field = value[name];
  return typeof field === 'string' ? field : '';
};

/** A field as a number; NaN when it is none. */
export const numberOf = ({ value }: LogLine, name: string): number => {
  const field = value[name];
  return typeof field === 'number' ? field : Number.NaN;
};
