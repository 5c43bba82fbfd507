/**
 * A text → its JSON entries, each with the place where it stands. Pure.
 *
 * A file is read as JSONL when its name ends in .jsonl or .ndjson, or when it has several lines of which each is an object by itself; then a
 * bad line is one fault and the others still count. Anything else is one JSON document: one fault refuses the whole file, because where
 * the text stops being JSON nobody knows what was meant. Comments and trailing commas are not JSON.
 */
import { getNodeValue, parseTree, type Node, type ParseError } from 'jsonc-parser';
import { positionsIn, START, type Position } from './position.ts';

export interface Entry {
  /** Position in the list of entries, from 0, bad ones included. */
  readonly index: number;
  readonly value: unknown;
  readonly at: Position;
  /** Where the value of a key of this entry stands; of the entry itself when it has no such key. */
  positionOf(key: string): Position;
}

export interface Fault {
  readonly at: Position;
  readonly reason: string;
  /** Entry it is about; undefined when it is the file. */
  readonly index?: number;
  readonly id?: string;
}

export type Found =
  | { readonly kind: 'entry'; readonly entry: Entry }
  | { readonly kind: 'faulty'; readonly fault: Fault };

/** One after the other: of a million lines none needs to be there when the next is read. */
export function readDocuments(text: string, name: string): Iterable<Found> {
  const body = text.startsWith('\uFEFF') ? text.slice(1) : text;
  if (body.trim() === '') return [faulty({ at: START, reason: 'the file is empty' })];
  return isJsonLines(body, name) ? readLines(body) : readWhole(body);
}

const faulty = (fault: Fault): Found => ({ kind: 'faulty', fault });
const found = (entry: Entry): Found => ({ kind: 'entry', entry });

function isJsonLines(text: string, name: string): boolean {
  if (/\.(jsonl|ndjson)$/i.test(name)) return true;
  if (name.toLowerCase().endsWith('.json') && !text.includes('\n')) return false;
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return lines.length > 1 && lines.every((line) => isTaskLine(line));
}

/** An object that is not itself a document of tasks. */
function isTaskLine(line: string): boolean {
  if (!line.trimStart().startsWith('{')) return false;
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && !('tasks' in value);
  } catch {
    return false;
  }
}

function* readLines(text: string): Generator<Found> {
  let index = 0;
  for (const [number, line] of linesOf(text)) {
    if (line.trim() === '') continue;
    const value = parseJson(line);
    if (value !== undefined) yield found(lineEntryOf(value, index, line, number));
    else {
      const tree = readTree(line);
      const place = positionsIn(line, number);
      if (tree.kind === 'faulty') yield faulty({ at: place(tree.offset), reason: tree.reason, index });
      else yield found(entryOf(tree.node, index, place));
    }
    index += 1;
  }
}

/** With their numbers, from 1. */
function* linesOf(text: string): Generator<readonly [number: number, line: string]> {
  let from = 0;
  for (let number = 1; from <= text.length; number += 1) {
    const end = text.indexOf('\n', from);
    const to = end === -1 ? text.length : end;
    yield [number, text.slice(from, to)];
    from = to + 1;
  }
}

function readWhole(text: string): readonly Found[] {
  const place = positionsIn(text);
  const tree = readTree(text);
  if (tree.kind === 'faulty') return [faulty({ at: place(tree.offset), reason: tree.reason })];
  const nodes = listOf(tree.node);
  if (nodes === undefined) {
    const reason = 'neither a list of tasks, nor an object with a list `tasks`, nor one task';
    return [faulty({ at: place(tree.node.offset), reason })];
  }
  return nodes.map((node, index) => found(entryOf(node, index, place)));
}

/** The nodes of the entries: of a list, of the list under `tasks`, or the object itself when it is one task. */
function listOf(root: Node): readonly Node[] | undefined {
  if (root.type === 'array') return root.children ?? [];
  if (root.type !== 'object') return undefined;
  const tasks = valueNode(root, 'tasks');
  if (tasks !== undefined) return tasks.type === 'array' ? (tasks.children ?? []) : undefined;
  return ['prompt', 'task', 'instruction', 'description'].some((key) => valueNode(root, key) !== undefined)
    ? [root]
    : undefined;
}

/** Of a line by itself: it is read for places only when somebody asks for one, which is rare, and there may be a million of them. */
function lineEntryOf(value: unknown, index: number, line: string, number: number): Entry {
  const at: Position = { line: number, column: line.length - line.trimStart().length + 1 };
  return {
    index,
    value,
    at,
    positionOf(key) {
      const tree = readTree(line);
      return tree.kind === 'faulty'
        ? at
        : entryOf(tree.node, index, positionsIn(line, number)).positionOf(key);
    },
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function entryOf(node: Node, index: number, place: (offset: number) => Position): Entry {
  return {
    index,
    value: getNodeValue(node),
    at: place(node.offset),
    positionOf: (key) => place((valueNode(node, key) ?? node).offset),
  };
}

/** The node of a key's value; of a key that stands twice, the last, as JSON.parse has it. */
function valueNode(node: Node, key: string): Node | undefined {
  if (node.type !== 'object') return undefined;
  return node.children?.findLast((property) => property.children?.[0]?.value === key)?.children?.[1];
}

type Tree =
  | { readonly kind: 'read'; readonly node: Node }
  | { readonly kind: 'faulty'; readonly offset: number; readonly reason: string };

function readTree(text: string): Tree {
  const errors: ParseError[] = [];
  let node: Node | undefined;
  try {
    node = parseTree(text, errors, {
      disallowComments: true,
      allowTrailingComma: false,
      allowEmptyContent: false,
    });
  } catch (error) {
    // The parser is recursive: a few thousand open brackets exhaust the stack.
    if (!(error instanceof RangeError)) throw error;
    return { kind: 'faulty', offset: 0, reason: 'it is nested too deeply' };
  }
  // What follows the first fault are its consequences.
  const [fault] = errors;
  if (fault !== undefined) return { kind: 'faulty', offset: fault.offset, reason: faultText(fault, text) };
  return node === undefined
    ? { kind: 'faulty', offset: 0, reason: 'there is no JSON in it' }
    : { kind: 'read', node };
}

/** The parser's codes, by number: its enum is declared const and cannot be imported under isolatedModules. */
const REASONS: Readonly<Record<number, string>> = {
  1: 'this is not JSON',
  2: 'this is not a number',
  3: 'a key in double quotes should stand here',
  4: 'a value should stand here',
  5: 'a colon should stand here',
  6: 'a comma should stand here',
  7: 'the object is not closed',
  8: 'the list is not closed',
  10: 'comments are not JSON',
  11: 'comments are not JSON',
  12: 'the text in quotes is not closed',
  13: 'the number is not complete',
  14: 'this is not a \\u escape',
  15: 'there is no such escape',
  16: 'a control character must be written as an escape',
};
const AFTER_THE_END = 9;
const OPEN_TEXT = 12;

function faultText(fault: ParseError, text: string): string {
  if (fault.error === OPEN_TEXT && /[\r\n]/.test(text.charAt(fault.offset + fault.length)))
    return `${REASONS[OPEN_TEXT]} (a line break inside must be written \\n)`;
  if (fault.error !== AFTER_THE_END) return REASONS[fault.error] ?? 'this is not JSON';
  const next = text.charAt(fault.offset);
  return next === '{' || next === '['
    ? 'a second JSON document begins here'
    : 'something follows the end of the JSON document';
}
