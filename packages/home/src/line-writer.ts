/**
 * Appending whole lines to files that others append to as well. Owns nothing but what this process knows of its own last write to each file.
 *
 * - Q8: one call is one write. A fragment at the end of a file (a crash, a full disk) is closed before the first line this process writes and before the first
 *   it writes after a failure of its own, which costs one look at the last byte then and nothing otherwise. A fragment another process leaves in between cannot
 *   be seen without looking before every line (measured: three times the cost of the write): there readers find the line behind the fragment (salvage.ts), and
 *   a writer whose line must count reads it back, as the queue does.
 * - A line whose append threw is not made readable by the process that was told so: when its fragment is whole but for the newline, it is closed by a mark that no
 *   JSON ends in. (Another process that finds a whole last line without its newline keeps it: it cannot tell it from one an editor left so.)
 */
import { isVivariumError, messageOf, VivariumError, type Files } from '@vivarium/core';
import { parseJson } from './salvage.ts';

export interface LineWriter {
  /** `compose`: the text, given what must stand before it. Answers as `Files.append` does. Throws `record_unwritable`. */
  write(path: string, compose: (before: string) => string, afterwards?: 'no look'): number | undefined;
  /** Looks at the end of the file before the next write. What was refused to its writer stays refused. */
  lookAgain(path: string): void;
  /** Where the file ended after this process last wrote to it, if that is known: others may have written since. */
  endOf(path: string): number | undefined;
}

/** What this process knows of the end of a file; where nothing, it has none. */
type End = { readonly kind: 'whole'; readonly at: number | undefined } | { readonly kind: 'torn by us' };

/** Ends a fragment of ours. Whatever stands before it, the line is not JSON. */
const TORN = '#torn\n';
const NEWLINE = 10;
/** Lines are small; one longer than this is not looked at and counts as torn. */
const LONGEST_LAST_LINE = 1_048_576;

export function createLineWriter(files: Files): LineWriter {
  const ends = new Map<string, End>();

  /** What must come first so that the next line begins on a fresh one. */
  const closing = (path: string, size: number, end: End | undefined): string => {
    if (size === 0 || files.readBytes(path, size - 1, 1)?.[0] === NEWLINE) return '';
    // A whole line that lacks only its newline is as good as any other, unless we know that it was refused to its writer.
    return end === undefined && lastLineIsWhole(path, size) ? '\n' : TORN;
  };
  const lastLineIsWhole = (path: string, size: number): boolean => {
    const length = Math.min(size, LONGEST_LAST_LINE);
    const bytes = Buffer.from(files.readBytes(path, size - length, length) ?? []);
    return parseJson(bytes.subarray(bytes.lastIndexOf(NEWLINE) + 1).toString('utf8')) !== undefined;
  };

  return {
    write(path, compose, afterwards) {
      const known = ends.get(path);
      let appending = false;
      const sizeOf = (): number => files.stat(path)?.size ?? 0;
      let size: number | undefined;
      try {
        if (known?.kind !== 'whole') size = sizeOf();
        const before = size === undefined ? '' : closing(path, size, known);
        const text = before + compose(before);
        appending = true;
        const at = files.append(path, text, afterwards);
        ends.set(path, { kind: 'whole', at });
        return at;
      } catch (error) {
        if (appending && !isAsBefore(sizeOf, size)) ends.set(path, { kind: 'torn by us' });
        throw unwritable(path, error);
      }
    },
    lookAgain(path) {
      if (ends.get(path)?.kind !== 'torn by us') ends.delete(path);
    },
    endOf(path) {
      const end = ends.get(path);
      return end?.kind === 'whole' ? end.at : undefined;
    },
  };
}

/** Nothing of the text stands there: what this process knew of the end is as true as before. */
function isAsBefore(sizeOf: () => number, size: number | undefined): boolean {
  try {
    return size !== undefined && sizeOf() === size;
  } catch {
    return false;
  }
}

/** Whatever the reason, to the caller it is one fault: the record cannot be written now. Whether waiting helps, the reason says. */
export function unwritable(path: string, error: unknown): VivariumError {
  if (isVivariumError(error) && error.code === 'record_unwritable') return error;
  const { hint, remedy } = isVivariumError(error) ? error : { hint: undefined, remedy: undefined };
  return new VivariumError('record_unwritable', `cannot write ${path}: ${messageOf(error)}`, {
    remedy: remedy ?? { kind: 'retry' },
    ...(hint === undefined ? {} : { hint }),
    cause: error,
  });
}
