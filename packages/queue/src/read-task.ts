/**
 * Tasks as they are read from segments, a million at a time: this is the step whose cost grows with the queue. A line as this program writes it is
 * taken at its word when every field is of its kind; anything else (a foreign hand's) goes through the schema, at ten times the cost.
 */
import { INTENSITIES, issueText, Task, whyNotRecordableId } from '@vivarium/contracts';

/** The task, or why it is none. */
export function readTask(value: unknown): Task | string {
  return isPlain(value) ? value : parseTask(value);
}

/** The same by the schema alone: a task of its own, with the keys in the order of the seed. */
export function parseTask(value: unknown): Task | string {
  const parsed = Task.safeParse(value);
  if (parsed.success) return parsed.data;
  return parsed.error.issues.map((issue) => [...issue.path, issueText(issue)].join(': ')).join('; ');
}

const isText = (value: unknown): boolean => typeof value === 'string';
const isWithin =
  (least: number, most: number) =>
  (value: unknown): boolean =>
    typeof value === 'number' && value >= least && value <= most;
const isWholeWithin = (least: number, most: number) => {
  const within = isWithin(least, most);
  return (value: unknown): boolean => Number.isInteger(value) && within(value);
};

/** What a task may have beside what every task has; a date is left to the schema. */
const OPTIONAL: ReadonlyMap<string, (value: unknown) => boolean> = new Map([
  ['requested_model', isText],
  ['max_tokens', isWholeWithin(1, 65_536)],
  ['temperature', isWithin(0, 2)],
  ['priority', isWholeWithin(-100, 100)],
  ['timeout_seconds', isWithin(Number.MIN_VALUE, 86_400)],
  ['attempts', isWholeWithin(1, 100)],
  ['source', isPlainSource],
]);

const COMMON: ReadonlySet<string> = new Set([
  'id',
  'type',
  'prompt',
  'min_budget',
  'max_budget',
  'intensity',
  'status',
  'depends_on',
  'parallel_safe',
  'model',
]);

/** A task of which the schema would change nothing. */
function isPlain(value: unknown): value is Task {
  if (typeof value !== 'object' || value === null) return false;
  // Looked at field by field; what is missing is undefined and of no kind.
  const task = value as Readonly<Record<string, unknown>>;
  for (const key in task) {
    if (COMMON.has(key)) continue;
    const isOfItsKind = OPTIONAL.get(key);
    if (isOfItsKind === undefined || !isOfItsKind(task[key])) return false;
  }
  const { id, type, prompt, min_budget: least, max_budget: most, intensity, depends_on: needs, model } = task;
  return (
    typeof id === 'string' &&
    whyNotRecordableId(id) === undefined &&
    typeof type === 'string' &&
    type !== '' &&
    typeof prompt === 'string' &&
    prompt.trim() !== '' &&
    typeof least === 'number' &&
    typeof most === 'number' &&
    least > 0 &&
    most >= least &&
    (INTENSITIES as readonly unknown[]).includes(intensity) &&
    task['status'] === 'pending' &&
    Array.isArray(needs) &&
    needs.every((need) => typeof need === 'string') &&
    typeof task['parallel_safe'] === 'boolean' &&
    (model === null || typeof model === 'string')
  );
}

function isPlainSource(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { file, index, line, ...others } = value as Readonly<Record<string, unknown>>;
  return (
    typeof file === 'string' &&
    isPlace(index, 0) &&
    (line === undefined || isPlace(line, 1)) &&
    Object.keys(others).length === 0
  );
}
const isPlace = (value: unknown, least: number): boolean =>
  Number.isSafeInteger(value) && Number(value) >= least;
