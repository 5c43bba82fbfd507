/** What a prompt asks for, as far as plain words tell: JSON, files to write, code, a list of so many items, or prose. */
import { extensionOf, languageNamed, languageOfExtension, type Language } from './languages.ts';

export type Wanted =
  | { readonly kind: 'json'; readonly keys: readonly string[] }
  | { readonly kind: 'files'; readonly files: readonly WantedFile[] }
  /** `alone`: nothing but the code was asked for. */
  | { readonly kind: 'code'; readonly language: Language; readonly alone: boolean }
  | { readonly kind: 'list'; readonly count: number }
  | { readonly kind: 'prose' };

export interface WantedFile {
  readonly path: string;
  readonly language: Language;
}

/** Long prompts carry their orders at the beginning and at the end; the middle is material. */
const READ_HEAD = 6_000;
const READ_TAIL = 2_000;
const MAX_FILES = 12;
const MAX_ITEMS = 50;

export const readable = (prompt: string): string =>
  prompt.length <= READ_HEAD + READ_TAIL
    ? prompt
    : `${prompt.slice(0, READ_HEAD)}\n${prompt.slice(-READ_TAIL)}`;

export function readWanted(prompt: string, jsonMode: boolean): Wanted {
  const text = readable(prompt);
  if (jsonMode || asksForJson.test(text)) return { kind: 'json', keys: keysNamed(text) };
  const artifact = /\bartifacts?\b/i.test(text);
  if (artifact || /\b(?:write|create|save|generate|produce|add|build|implement|update)\b/i.test(text)) {
    const files = filesNamed(text);
    if (files.length > 0) return { kind: 'files', files };
    if (artifact) {
      const language = languageNamed(text) ?? 'markdown';
      return { kind: 'files', files: [{ path: `simulated.${extensionOf(language)}`, language }] };
    }
  }
  const count = itemsAskedFor(text);
  const language = languageNamed(text);
  if (
    asksForCode.test(text) ||
    (language !== undefined && count === undefined && /\b(?:write|implement)\b/i.test(text))
  ) {
    return {
      kind: 'code',
      language: language ?? 'typescript',
      alone: /\bonly\b[^.\n]{0,30}\bcode\b|\bcode\b[^.\n]{0,20}\bonly\b/i.test(text),
    };
  }
  return count === undefined ? { kind: 'prose' } : { kind: 'list', count };
}

const asksForJson =
  /\b(?:return|answer|respond|reply|output|produce|give)\b[^.\n]{0,60}\bjson\b|\b(?:as|in|valid|only|strict)\s+json\b|\bjson\s+(?:only|object|array|document)\b/i;
const asksForCode =
  /\b(?:code|function|script|program|class|snippet|regex|unit tests?|sql query|stylesheet)\b/i;

/** Names in quotes or back-ticks, and the words after "keys" or "fields". */
function keysNamed(text: string): readonly string[] {
  const keys = new Set<string>();
  for (const [, name] of text.matchAll(/["'`]([A-Za-z_][\w-]{0,40})["'`]/g))
    if (name !== undefined) keys.add(name);
  for (const [, names] of text.matchAll(
    /\b(?:keys|fields|properties)\b(?:\s+(?:named|called|are))?\s*:?\s+([^.\n;(){}]{1,200})/gi,
  )) {
    for (const part of (names ?? '').split(/,|\band\b|\bor\b/)) {
      const [first = '', ...more] = part.trim().split(/\s+/);
      const bare = first.replace(/^["'`]+|["'`]+$/g, '');
      if (/^[a-z_][\w-]{0,40}$/i.test(bare)) keys.add(bare);
      if (more.length > 0) break; // the list has ended in a sentence
    }
  }
  keys.delete('simulated');
  keys.delete('json');
  return [...keys].slice(0, 24);
}

/** Names of libraries that look like files. */
const notFiles = new Set([
  'node.js',
  'vue.js',
  'next.js',
  'nuxt.js',
  'react.js',
  'express.js',
  'three.js',
  'd3.js',
  'chart.js',
]);

function filesNamed(text: string): readonly WantedFile[] {
  const files = new Map<string, WantedFile>();
  for (const word of text.split(/[\s"'`<>()[\]{},;:|=*]+/)) {
    const path = word.replace(/[.!?]+$/, '');
    const extension = /^[\w./-]*\w\.([a-z]{1,4})$/.exec(path)?.[1];
    if (extension === undefined || path.startsWith('//') || notFiles.has(path.toLowerCase())) continue;
    const language = languageOfExtension(extension);
    if (language !== undefined && files.size < MAX_FILES) files.set(path, { path, language });
  }
  return [...files.values()];
}

const numberWords = [
  'two',
  'three',
  'four',
  'five',
  'six',
  'seven',
  'eight',
  'nine',
  'ten',
  'eleven',
  'twelve',
];
const someNumber = `(\\d{1,2}|${numberWords.join('|')})`;
const things =
  'items?|ideas?|ways|steps|points|bullets?|examples?|reasons|tips|questions|things|names|options|suggestions|titles|risks|tests|facts|lessons|topics|rules|features|improvements|metrics|arguments|sentences';
const countPatterns = [
  new RegExp(`\\b${someNumber}\\s+(?:[\\w-]+\\s+){0,3}?(?:${things})\\b`, 'i'),
  new RegExp(`\\b(?:list|name|give|suggest|propose|top|list of)\\s+(?:me\\s+|the\\s+)?${someNumber}\\b`, 'i'),
];

function itemsAskedFor(text: string): number | undefined {
  for (const pattern of countPatterns) {
    const found = pattern.exec(text)?.[1]?.toLowerCase();
    if (found === undefined) continue;
    const count = /^\d/.test(found) ? Number(found) : numberWords.indexOf(found) + 2;
    if (count >= 1) return Math.min(count, MAX_ITEMS);
  }
  return undefined;
}
