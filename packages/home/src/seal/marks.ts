/**
 * Marks say which line of a sealed range is not what it was: six bytes of the SHA-256 of each line. That a range was changed at all is said by its whole
 * hash; marks only point. Pure.
 */
import { createHash } from 'node:crypto';

export const MARK_BYTES = 6;
const NEWLINE = 10;

/** Every line of these bytes with its newline; what follows the last newline is one too. */
export function* linesOf(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length;) {
    const newline = bytes.indexOf(NEWLINE, at);
    const end = newline === -1 ? bytes.length : newline + 1;
    yield bytes.subarray(at, end);
    at = end;
  }
}

const markOf = (line: Buffer): Buffer => createHash('sha256').update(line).digest().subarray(0, MARK_BYTES);

export const marksOf = (lines: Iterable<Buffer>): Buffer => Buffer.concat(Array.from(lines, markOf));

/** What became of the first line that is not what it was. */
export type FaultKind = 'edited' | 'missing' | 'inserted' | 'moved' | 'cut' | 'gone' | 'forged';

export interface Difference {
  /** Of the line, from 0. */
  readonly index: number;
  /** Where it begins, from the beginning of the range. */
  readonly byte: number;
  readonly kind: FaultKind;
}

/** Compares what was found from the beginning of a range on with its marks. Undefined when every line bears its mark. */
export function firstDifference(found: Buffer, sealed: Buffer): Difference | undefined {
  const wanted = Array.from({ length: sealed.length / MARK_BYTES }, (_, index) =>
    sealed.toString('hex', index * MARK_BYTES, (index + 1) * MARK_BYTES),
  );
  const lines = [...linesOf(found)];
  const marks = lines.map((line) => markOf(line).toString('hex'));
  let byte = 0;
  for (const [index, want] of wanted.entries()) {
    const mark = marks[index];
    if (mark === want) {
      byte += lines[index]?.length ?? 0;
      continue;
    }
    const isWhole = lines[index]?.at(-1) === NEWLINE;
    return { index, byte, kind: isWhole ? kindOf(mark, want, index, marks, wanted) : 'cut' };
  }
  return undefined;
}

function kindOf(
  mark: string | undefined,
  want: string,
  index: number,
  marks: readonly string[],
  wanted: readonly string[],
): FaultKind {
  if (mark === undefined) return 'cut';
  const isLater = wanted.includes(mark, index + 1);
  if (isLater) return marks.includes(want, index + 1) ? 'moved' : 'missing';
  return marks[index + 1] === want ? 'inserted' : 'edited';
}
