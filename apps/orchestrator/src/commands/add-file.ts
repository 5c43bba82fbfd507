/**
 * `add --file F…`: many task files, or `-` for standard input, in one go. What parses is added under one lock by one call of the queue; what does
 * not is told with file, line, column and reason. Nothing is added twice: a task that is in the queue already, word for word, is only counted.
 */
import { digestOf, Task, type AddAnswer, type NewTask, type TaskView } from '@vivarium/contracts';
import { isVivariumError, messageOf } from '@vivarium/core';
import { assess } from '@vivarium/safety';
import { modelsOf, openHome, openQueue, type CommandDeps, type ExitCode } from '../deps.ts';
import { resolve } from 'node:path';
import { loadFile, STANDARD_INPUT, type LoadedFile, type LoadedTask } from '../import/load-file.ts';
import { PRIORITY_WORDS, type PriorityWord } from '../import/priority-words.ts';
import { importLines, type ImportReport, type Rejection } from '../import/report.ts';

export interface AddFileInput {
  readonly home: string | undefined;
  readonly json: boolean;
  readonly files: readonly string[];
}

export async function addFile(input: AddFileInput, deps: CommandDeps): Promise<ExitCode> {
  const home = openHome(input.home, deps, 'prepare');
  const queue = openQueue(home, deps);
  const whitelist = modelsOf(home.layout, deps).ids;
  const loaded: LoadedFile[] = [];
  const rejected: Rejection[] = [];
  for (const file of new Set(input.files)) {
    const content = await load(file, whitelist, deps);
    if (content.kind === 'unreadable')
      rejected.push({ file, line: null, column: null, index: null, id: null, reason: content.reason });
    else loaded.push(content.loaded);
  }
  for (const { file, faults } of loaded) {
    for (const { at, reason, index, id } of faults)
      rejected.push({ file, ...at, index: index ?? null, id: id ?? null, reason });
  }

  const placed = loaded.flatMap(({ tasks }) => tasks);
  const { once: fresh, again } = splitRepeats(placed);
  rejected.push(...again);
  const answer: AddAnswer =
    fresh.length === 0 ? { added: [], rejected: [] } : await queue.add(fresh.map(({ task }) => task));
  // What is there as it is asked for is no fault, whoever added it. Only then is the queue read: it may be a thousand times as long as the file (Q6).
  const there = answer.rejected.length === 0 ? new Map<string, string>() : digestsOf(await queue.list());
  const added = new Set(answer.added.map(({ id }) => id));
  let alreadyThere = 0;
  for (const { index, id, reason } of answer.rejected) {
    const source = fresh[index];
    if (source === undefined) continue;
    const isRepeated = !added.has(id) && there.get(id) === digestOfNew(source.task);
    if (isRepeated) alreadyThere += 1;
    else rejected.push({ file: source.file, ...source.at, index: source.index, id, reason });
  }

  const report: ImportReport = {
    added: answer.added,
    alreadyThere,
    rejected: rejected.toSorted(
      (a, b) => compare(a.file, b.file) || (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0),
    ),
    files: [...new Set(input.files)].map((file) => ({
      file,
      entries: loaded.find((each) => each.file === file)?.tasks.length ?? 0,
      added: answer.added.filter(({ source }) => source?.file === file).length,
    })),
    priorityWords: countWords(fresh, answer),
    ignoredKeys: sumKeys(loaded),
    doubtful: answer.added
      .filter(
        ({ prompt }) => !assess({ text: prompt, role: 'admin' }, { control: { kind: 'running' } }).passed,
      )
      .map(({ id }) => id),
  };
  const { terminal } = deps;
  if (input.json) terminal.line(JSON.stringify(jsonOf(report)));
  else for (const line of importLines(report, terminal.colours)) terminal.line(line);
  return report.rejected.length === 0 ? 0 : 1;
}

/** An id stands for the first task that has it. The queue would say so too, but knows nothing of files and lines. */
function splitRepeats(tasks: readonly LoadedTask[]): {
  readonly once: readonly LoadedTask[];
  readonly again: readonly Rejection[];
} {
  const first = new Map<string, LoadedTask>();
  const again: Rejection[] = [];
  for (const placed of tasks) {
    const { task, file, at, index } = placed;
    const known = first.get(task.id);
    if (known === undefined) first.set(task.id, placed);
    else {
      const where = known.file === file ? `line ${known.at.line}` : `${known.file}:${known.at.line}`;
      const reason = `the id "${task.id}" is given twice, first in ${where}`;
      again.push({ file, ...at, index, id: task.id, reason });
    }
  }
  return { once: [...first.values()], again };
}

type Content =
  | { readonly kind: 'loaded'; readonly loaded: LoadedFile }
  | { readonly kind: 'unreadable'; readonly reason: string };

/** By itself, so that the text can go when its tasks are there. */
async function load(file: string, whitelist: readonly string[], deps: CommandDeps): Promise<Content> {
  const loadedFrom = (text: string): Content => ({ kind: 'loaded', loaded: loadFile(text, file, whitelist) });
  if (file === STANDARD_INPUT) return loadedFrom(await deps.terminal.readInput());
  const text = readText(file, deps);
  return typeof text === 'string' ? loadedFrom(text) : text;
}

function readText(file: string, deps: CommandDeps): string | (Content & { readonly kind: 'unreadable' }) {
  try {
    return (
      deps.machine.files.readText(resolve(deps.cwd, file)) ?? {
        kind: 'unreadable',
        reason: 'there is no such file',
      }
    );
  } catch (error) {
    if (!isVivariumError(error)) throw error;
    return { kind: 'unreadable', reason: messageOf(error) };
  }
}

/** The digest the task will have once it is in the queue. */
function digestOfNew(task: NewTask): string {
  const parsed = Task.safeParse(task);
  return parsed.success ? digestOf(parsed.data) : '';
}

const digestsOf = (views: readonly TaskView[]): ReadonlyMap<string, string> =>
  new Map(views.map(({ task, digest }) => [task.id, digest]));
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function sumKeys(loaded: readonly LoadedFile[]): ReadonlyMap<string, number> {
  const sums = new Map<string, number>();
  for (const { ignoredKeys } of loaded)
    for (const [key, count] of ignoredKeys) sums.set(key, (sums.get(key) ?? 0) + count);
  return sums;
}

/** The highest first. */
function countWords(tasks: readonly LoadedTask[], { added }: AddAnswer): ReadonlyMap<PriorityWord, number> {
  const ids = new Set(added.map(({ id }) => id));
  const counts = new Map<PriorityWord, number>();
  for (const { task, priorityWord: word } of tasks)
    if (word !== undefined && ids.has(task.id)) counts.set(word, (counts.get(word) ?? 0) + 1);
  return new Map([...counts].toSorted(([a], [b]) => PRIORITY_WORDS[b] - PRIORITY_WORDS[a]));
}

const jsonOf = ({
  added,
  alreadyThere,
  rejected,
  files,
  priorityWords,
  ignoredKeys,
  doubtful,
}: ImportReport): object => ({
  added: added.map(({ id }) => id),
  already_there: alreadyThere,
  rejected,
  files,
  models: added.flatMap(({ id, model, requested_model }) =>
    requested_model === undefined ? [] : [{ id, requested: requested_model, model }],
  ),
  priorities: [...priorityWords].map(([word, tasks]) => ({ word, priority: PRIORITY_WORDS[word], tasks })),
  unused_keys: Object.fromEntries(ignoredKeys),
  doubtful,
});
