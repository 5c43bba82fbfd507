/** One task file, from text to tasks and faults. Pure: reading the file is the command's. */
import type { NewTask } from '@vivarium/contracts';
import { linkDrafts } from './dependencies.ts';
import { readDocuments, type Fault } from './documents.ts';
import { draftOf, type Draft } from './draft.ts';
import type { Position } from './position.ts';
import type { PriorityWord } from './priority-words.ts';

export interface LoadedTask {
  readonly file: string;
  readonly task: NewTask;
  readonly priorityWord: PriorityWord | undefined;
  readonly index: number;
  readonly at: Position;
}

export interface LoadedFile {
  readonly file: string;
  readonly tasks: readonly LoadedTask[];
  readonly faults: readonly Fault[];
  /** Keys that nothing reads → how many entries have them. */
  readonly ignoredKeys: ReadonlyMap<string, number>;
}

/** The name under which standard input is reported, and the stem of its ids. */
export const STANDARD_INPUT = '-';

export function loadFile(text: string, file: string, whitelist: readonly string[]): LoadedFile {
  const drafts: Draft[] = [];
  const all: Fault[] = [];
  const ignored = new Map<string, number>();
  for (const found of readDocuments(text, file)) {
    if (found.kind === 'faulty') {
      all.push(found.fault);
      continue;
    }
    const answer = draftOf(found.entry, { file, stem: stemOf(file), whitelist });
    if (answer.kind === 'faulty') all.push(answer.fault);
    else {
      drafts.push(answer.draft);
      for (const key of answer.draft.ignoredKeys) ignored.set(key, (ignored.get(key) ?? 0) + 1);
    }
  }
  const links = linkDrafts(drafts);
  all.push(...links.faults);
  return {
    file,
    tasks: links.linked.map(({ draft, dependsOn }) => ({
      file,
      task: dependsOn.length === 0 ? draft.task : { ...draft.task, depends_on: [...dependsOn] },
      priorityWord: draft.priorityWord,
      index: draft.index,
      at: draft.at,
    })),
    faults: all.toSorted((a, b) => a.at.line - b.at.line || a.at.column - b.at.column),
    ignoredKeys: ignored,
  };
}

/** Name of the file without directories and its last extension. */
export function stemOf(file: string): string {
  if (file === STANDARD_INPUT) return 'stdin';
  const name = file.split(/[/\\]/).at(-1) ?? file;
  const dot = name.lastIndexOf('.');
  return dot > 0 ? name.slice(0, dot) : name;
}
