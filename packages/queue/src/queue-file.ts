/**
 * Reading and rewriting `queue.json`, which people edit by hand: every fault is told with line, column, field and reason, and what this program
 * does not know is kept. Pure; files are the engine's.
 */
import { VivariumError } from '@vivarium/core';
import { EMPTY_QUEUE, issueText, QueueFile, Task } from '@vivarium/contracts';
import { checkGraph, explainFault } from './plan/graph.ts';
import { locate, syntaxFaults, type Place } from './json-places.ts';

export interface LoadedQueue {
  readonly tasks: readonly Task[];
  /** The file as it was written, unknown keys included. */
  readonly document: Readonly<Record<string, unknown>> & { readonly tasks: readonly unknown[] };
  /** Tasks by their text. A task that was not edited is the same object in the next version: neither checked nor hashed again. */
  readonly byText: ReadonlyMap<string, Task>;
}

interface Fault {
  readonly path: readonly (string | number)[];
  readonly reason: string;
}

const MOST_FAULTS_TOLD = 10;
const Head = QueueFile.omit({ tasks: true });

/**
 * Checks the text of a queue file. Throws `queue_unreadable` with every fault (the first ten) when it cannot be used as a whole: half a queue
 * would run half of somebody's work. `path` is only for the message; `isKnown` as in `checkGraph`.
 */
export function loadQueueFile(
  text: string,
  path: string,
  isKnown?: (id: string) => boolean,
  previous?: LoadedQueue,
): LoadedQueue {
  const json = text.startsWith('\uFEFF') ? text.slice(1) : text;
  let document: unknown;
  try {
    document = JSON.parse(json);
  } catch (cause) {
    throw unreadable(path, syntaxFaults(json), cause);
  }
  if (!isRecord(document))
    throw unreadable(path, [
      { line: 1, column: 1, reason: 'the file must hold an object with the key "tasks"' },
    ]);
  const faults: Fault[] = [];
  const head = Head.safeParse(document);
  for (const issue of head.error?.issues ?? [])
    faults.push({ path: toPath(issue.path), reason: issueText(issue) });
  const entries = document['tasks'];
  if (!Array.isArray(entries)) {
    faults.push({
      path: ['tasks'],
      reason: entries === undefined ? 'the key "tasks" is missing' : 'must be a list of tasks',
    });
    throw unreadable(path, faults.map(placed));
  }

  const byText = new Map<string, Task>();
  const tasks: Task[] = [];
  for (const [index, entry] of entries.entries()) {
    const entryText = JSON.stringify(entry);
    const known = previous?.byText.get(entryText);
    const parsed = known === undefined ? Task.safeParse(entry) : { success: true as const, data: known };
    if (parsed.success) {
      byText.set(entryText, parsed.data);
      tasks.push(parsed.data);
    } else {
      for (const issue of parsed.error.issues)
        faults.push({ path: ['tasks', index, ...toPath(issue.path)], reason: issueText(issue) });
    }
  }
  // The graph of a list with holes would only repeat the faults found above.
  if (faults.length === 0) {
    for (const fault of checkGraph(tasks, isKnown)) {
      const field = fault.kind === 'duplicate_id' ? ['id'] : ['depends_on', fault.edge];
      faults.push({ path: ['tasks', fault.index, ...field], reason: explainFault(fault) });
    }
  }
  if (faults.length > 0) throw unreadable(path, faults.map(placed));
  return { tasks, document: { ...document, tasks: entries }, byText };

  function placed(fault: Fault): PlacedFault {
    return { ...locate(json, fault.path), reason: `${fieldName(fault.path)}: ${fault.reason}` };
  }
}

export const emptyQueue: LoadedQueue = {
  tasks: [],
  document: { ...EMPTY_QUEUE, tasks: [] },
  byText: new Map(),
};

/** The file with tasks added at its end; everything else, tasks of others and unknown keys, as it was. */
export function withTasks(queue: LoadedQueue, added: readonly Task[]): string {
  return `${JSON.stringify({ ...queue.document, tasks: [...queue.document.tasks, ...added] }, null, 2)}\n`;
}

type PlacedFault = Place & { readonly reason: string };

function unreadable(path: string, faults: readonly PlacedFault[], cause?: unknown): VivariumError {
  const told = faults
    .slice(0, MOST_FAULTS_TOLD)
    .map(({ line, column, reason }) => `${path}:${line}:${column} ${reason}`);
  if (faults.length > told.length) told.push(`and ${faults.length - told.length} more`);
  return new VivariumError('queue_unreadable', told.join('\n'), {
    remedy: { kind: 'stop' },
    hint: 'Correct the file at the places named; it is read again when it changes. Nothing of it was used.',
    cause,
  });
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** JSON has no symbols for keys. */
const toPath = (path: readonly PropertyKey[]): readonly (string | number)[] =>
  path.filter((step) => typeof step !== 'symbol');

/** `tasks[3].depends_on[0]` */
const fieldName = (path: readonly (string | number)[]): string =>
  path
    .map((step, position) => (typeof step === 'number' ? `[${step}]` : position === 0 ? step : `.${step}`))
    .join('');
