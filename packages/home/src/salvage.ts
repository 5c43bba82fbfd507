/**
 * What can be read of a line that is not JSON (Q8). A process killed in mid-write leaves the beginning of a line without its newline, and
 * the next line, of a process that cannot know, begins right behind it: `{"task_id":"a","wor{"task_id":"b",…}`. The second is whole and was
 * acknowledged; it must not be lost with the first. So a line that does not parse is searched for an object that reaches to its end.
 *
 * It must carry an `event_id` of its own, as every line we write does: the tail of a torn line may end in an inner object, and that is not a
 * line. A look-alike inside a text cannot be found, because quotes within JSON strings are escaped.
 */

/** Lines are small (bodies live in results/). What is longer than this was not written by us, and is not worth the search. */
const LONGEST = 262_144;
const MOST_TRIES = 1_000;

export interface Salvaged {
  readonly value: unknown;
  /** Bytes before the whole line. */
  readonly start: number;
}

export function salvage(line: Buffer): Salvaged | undefined {
  if (line.length > LONGEST) return undefined;
  let start = line.indexOf('{"', 1);
  for (let tries = 0; start !== -1 && tries < MOST_TRIES; tries += 1) {
    const value = parseJson(line.toString('utf8', start));
    if (hasEventId(value)) return { value, start };
    start = line.indexOf('{"', start + 1);
  }
  return undefined;
}

/** Undefined for what is not JSON: no JSON text means undefined. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const hasEventId = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && 'event_id' in value && typeof value.event_id === 'string';
