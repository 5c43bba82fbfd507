/** The whole queue of a home as it stands: queue.json, and behind it the segments of queue.d/. Read plainly, without the product's readers. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readLog } from './log-lines.ts';
import type { WantedTask } from './wanted-tasks.ts';

export function queueOf(home: string): readonly WantedTask[] {
  const file = join(home, 'queue.json');
  // `as`: written by the product and by our own hand
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '{"tasks":[]}';
  const inFile = (JSON.parse(text) as { tasks: readonly WantedTask[] }).tasks;
  const directory = join(home, 'queue.d');
  const segments = existsSync(directory) ? readdirSync(directory).toSorted() : [];
  const bulk = segments
    .filter((name) => name.endsWith('.jsonl'))
    .flatMap((name) => readLog(readFileSync(join(directory, name), 'utf8')).lines)
    // `as`: written by the product; a line of another shape would miss its checks below and be told as a task without a record
    .map(({ value }) => value as unknown as WantedTask);
  // An id that stands twice means the first.
  const seen = new Set<string>();
  return [...inFile, ...bulk].filter(({ id }) => !seen.has(id) && seen.add(id) !== undefined);
}
