/**
 * The answers on disk: sixteen append-only files in logs/results/, one for each first digit of the SHA-256 an answer is named after. A line is
 * `{"result_sha256":"…","result":"…"}`. Owns what it has read of them; talks to the port `Files`.
 *
 * - M3, Q8: what does not have the hash it is named after is not that answer. An answer that was cut by a crash or a full disk is found by nobody, and stored
 *   behind the fragment at the next try; of several copies a whole one counts.
 * - Appending costs a part of what a file of its own costs (decision 2026-12-01-answers-in-few-files). To find one answer whose place is not known, a
 *   sixteenth of them is looked through; whoever asks for many reads each once.
 * - Homes of before 2026-12 have a file for each answer, named after its hash: it is read where no line is.
 */
import { sha256, type HomeLayout, type StoredResult } from '@vivarium/contracts';
import type { Files } from '@vivarium/core';
import { LRUCache } from 'lru-cache';
import { createLineReader, type LineAt, type LineReader } from './seal/line-reader.ts';
import type { LineFault } from './seal/link-check.ts';
import { parseJson } from './salvage.ts';

const NAME = /^[0-9a-f]{64}$/;
const PIECE = 1_048_576;
/** Of a line that is looked up by its place. */
const FIRST_PIECE = 16_384;
/** As many as the reply cache remembers. */
const MOST_PLACES = 10_000;
const NEWLINE = 10;

/** Unmistakable, wherever it stands in a file: within a JSON text every quote is escaped. */
const BEGINNING = '{"result_sha256":"';

/** The line of an answer, with its newline. */
export const resultLine = (name: string, text: string): string =>
  `${BEGINNING}${name}","result":${JSON.stringify(text)}}\n`;

/** Where answers stand that this process stored, the last ten thousand: for whoever is given them again. */
export const createPlaces = (): LRUCache<string, number> => new LRUCache({ max: MOST_PLACES });

/** Undefined when no whole copy of it is there. `place`: where it may stand. */
export function readResult(
  layout: HomeLayout,
  files: Files,
  name: string,
  place?: number,
): string | undefined {
  if (!NAME.test(name)) return undefined;
  const path = layout.result(name);
  const known = place === undefined ? undefined : textOf(lineAt(files, path, place), name);
  if (known !== undefined) return known;
  for (const at of places(files, path, Buffer.from(BEGINNING + name))) {
    const text = textOf(lineAt(files, path, at), name);
    if (text !== undefined) return text;
  }
  return readOlder(layout, files, name);
}

function readOlder(layout: HomeLayout, files: Files, name: string): string | undefined {
  const text = files.readText(layout.olderResult(name));
  return text !== undefined && sha256(text) === name ? text : undefined;
}

/** Every answer that is there as it was written; one that was stored several times, several times. */
export function* readResults(layout: HomeLayout, files: Files): Generator<StoredResult> {
  for (const digit of '0123456789abcdef') {
    const reader = createLineReader(files, layout.result(digit));
    for (let found = reader.next(); found.length > 0; found = reader.next())
      for (const { line } of found) yield* resultIn(line);
    yield* resultIn(reader.rest());
  }
  for (const directory of files.list(layout.results))
    for (const file of directory.endsWith('.jsonl') ? [] : files.list(`${layout.results}/${directory}`)) {
      const name = file.replace(/\.txt$/, '');
      const text = readOlder(layout, files, name);
      if (text !== undefined) yield { sha256: name, text };
    }
}

function* resultIn(line: Buffer): Generator<StoredResult> {
  const { name, from } = namedIn(line);
  const text = textOf(line.subarray(from), name);
  if (text !== undefined) yield { sha256: name, text };
}

/** The answer a line tells of. Behind a fragment that a crash left, it may stand whole. */
function namedIn(line: Buffer): { readonly name: string; readonly from: number } {
  const from = Math.max(0, line.lastIndexOf(BEGINNING));
  return { name: line.toString('latin1', from + BEGINNING.length, from + BEGINNING.length + 64), from };
}

export interface ResultIndex {
  /** What is wrong with an answer that was recorded, or undefined when it is there as it was written. Reads what is new of its file, a piece at a step. */
  find(name: string): Generator<void, ResultFault | undefined>;
}

export interface ResultFault extends LineFault {
  /** Seen from logs/. */
  readonly file: string;
}

/** What was read of a file so far. */
interface Seen {
  readonly inode: number | undefined;
  readonly reader: LineReader;
  readonly whole: Set<string>;
  readonly broken: Map<string, Pick<LineAt, 'record' | 'byte'>>;
}

export function createResultIndex(layout: HomeLayout, files: Files): ResultIndex {
  const seen = new Map<string, Seen>();
  /** From its beginning, when another file has the name by now, or it was cut. */
  const seenOf = (path: string): Seen => {
    const stat = files.stat(path);
    const known = seen.get(path);
    if (known !== undefined && known.inode === stat?.inode && known.reader.read <= (stat?.size ?? 0))
      return known;
    const anew = {
      inode: stat?.inode,
      reader: createLineReader(files, path),
      whole: new Set<string>(),
      broken: new Map(),
    };
    seen.set(path, anew);
    return anew;
  };
  const take = ({ whole, broken }: Seen, { line, record, byte }: LineAt): void => {
    const { name, from } = namedIn(line);
    if (textOf(line.subarray(from), name) !== undefined) whole.add(name);
    else if (!broken.has(name)) broken.set(name, { record, byte: byte + from });
  };
  const fromLogs = (path: string): string => path.slice(layout.logs.length + 1);

  return {
    *find(name) {
      const path = layout.result(name);
      const here = seenOf(path);
      const { reader, whole, broken } = here;
      while (!whole.has(name)) {
        const found = reader.next();
        if (found.length === 0) break;
        for (const line of found) take(here, line);
        yield;
      }
      if (whole.has(name)) return undefined;
      // What lacks only its newline counts, as it does for whoever looks for one answer.
      take(here, { line: reader.rest(), record: reader.lines + 1, byte: reader.read - reader.rest().length });
      if (whole.has(name) || readOlder(layout, files, name) !== undefined) return undefined;
      const older = layout.olderResult(name);
      if (files.stat(older) !== undefined)
        return { file: fromLogs(older), record: 1, byte: 0, kind: 'edited' };
      const place = broken.get(name);
      return place === undefined
        ? { file: fromLogs(path), record: reader.lines + 1, byte: reader.read, kind: 'gone' }
        : { file: fromLogs(path), ...place, kind: 'edited' };
    },
  };
}

/** Where `sought` begins, in order. */
function* places(files: Files, path: string, sought: Buffer): Generator<number> {
  for (let from = 0; ; from += PIECE) {
    // Pieces overlap by what could be cut at their ends.
    const bytes = Buffer.from(files.readBytes(path, from, PIECE + sought.length - 1) ?? []);
    for (let at = bytes.indexOf(sought); at !== -1; at = bytes.indexOf(sought, at + 1)) yield from + at;
    if (bytes.length < PIECE) return;
  }
}

/** From there to the end of the line, or of the file. */
function lineAt(files: Files, path: string, from: number): Buffer {
  const pieces: Buffer[] = [];
  for (let at = from, length = FIRST_PIECE; ; length = PIECE) {
    const bytes = Buffer.from(files.readBytes(path, at, length) ?? []);
    const newline = bytes.indexOf(NEWLINE);
    pieces.push(newline === -1 ? bytes : bytes.subarray(0, newline));
    if (newline !== -1 || bytes.length < length) return Buffer.concat(pieces);
    at += length;
  }
}

/** Undefined unless the line holds what its name says. */
function textOf(line: Buffer, name: string): string | undefined {
  const value = parseJson(line.toString('utf8'));
  const text: unknown = Object.getOwnPropertyDescriptor(Object(value), 'result')?.value;
  return typeof text === 'string' && sha256(text) === name ? text : undefined;
}
