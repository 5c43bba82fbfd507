/**
 * One entry of a task file → the draft of a task, or what is wrong with it. Pure. The shapes it reads:
 *
 * - ours, as in queue.json: `{id, type, prompt, min_budget, max_budget, …}`
 * - `{task, budget, model, priority, phase, parallel_group | depends_on | tags | target_repo}`
 * - `{id, phase, description, component, dependencies, output_file, budget, model}` and `{id, description, budget, model, expected_output, dependencies}`
 * - a remark found in code, `{file, line, type: TODO | FIXME | HACK, description, priority}`: its place goes into the prompt
 * - a text alone
 *
 * The text of an entry is its prompt, word for word. The priority is a number, or a word of the seed's. Keys that nothing here reads are counted, so that nobody thinks they act.
 */
import { secretsIn, issueText, Task, TASK_DEFAULTS, type NewTask } from '@vivarium/contracts';
import type { Entry, Fault } from './documents.ts';
import { chooseModel } from './model-aliases.ts';
import { START, type Position } from './position.ts';
import { momentOf } from '../moment.ts';
import { PRIORITY_WORDS, priorityWordOf, type PriorityWord } from './priority-words.ts';

export interface Draft {
  readonly index: number;
  readonly at: Position;
  readonly id: string;
  /** As written in the file; dependencies are resolved when the whole file is known. */
  readonly dependsOn: readonly string[];
  readonly dependsOnAt: () => Position;
  /** Number or text; undefined when the entry names none. */
  readonly phase: string | number | undefined;
  readonly task: NewTask;
  /** The word its priority was given as. */
  readonly priorityWord: PriorityWord | undefined;
  readonly ignoredKeys: readonly string[];
}

export interface DraftOptions {
  /** Name of the file as it was given, for the record. */
  readonly file: string;
  /** Stem of the file's name: entries without id are called `<stem>-<position from 1>`. */
  readonly stem: string;
  readonly whitelist: readonly string[];
}

export type DraftAnswer =
  | { readonly kind: 'draft'; readonly draft: Draft }
  | { readonly kind: 'faulty'; readonly fault: Fault };

const TEXT_KEYS: readonly string[] = ['prompt', 'task', 'instruction', 'description'];
const READ_KEYS: ReadonlySet<string> = new Set<string>(
  TEXT_KEYS.concat(
    [
      'id',
      'type',
      'min_budget',
      'max_budget',
      'budget',
      'intensity',
      'depends_on',
      'dependencies',
      'parallel_safe',
    ],
    ['model', 'requested_model', 'max_tokens', 'temperature', 'phase'],
    ['priority', 'not_before', 'timeout_seconds', 'attempts'],
  ),
);
/** Keys of the seed that are read by nobody and mean nothing to an importer. */
const SILENT_KEYS: ReadonlySet<string> = new Set(['status', 'source']);

type Fields = Readonly<Record<string, unknown>>;

export function draftOf(entry: Entry, options: DraftOptions): DraftAnswer {
  if (typeof entry.value === 'string') return draftOf({ ...entry, value: { prompt: entry.value } }, options);
  if (!isFields(entry.value)) return faulty(entry, entry.at, 'an entry is an object or a text');
  const fields = entry.value;
  const remark = remarkOf(fields);

  const id =
    idOf(fields['id']) ??
    (fields['id'] === undefined || fields['id'] === null ? `${options.stem}-${entry.index + 1}` : undefined);
  if (id === undefined) return faulty(entry, entry.positionOf('id'), 'an id is a text or a number');
  const no = (key: string, reason: string): DraftAnswer => faulty(entry, entry.positionOf(key), reason, id);

  const textKey = TEXT_KEYS.find((key) => fields[key] !== undefined && fields[key] !== null);
  if (textKey === undefined)
    return faulty(entry, entry.at, `it has no text: one of ${TEXT_KEYS.join(', ')} is needed`, id);
  const text = fields[textKey];
  if (typeof text !== 'string') return no(textKey, `\`${textKey}\` is not a text`);
  const [secret] = secretsIn(text);
  if (secret !== undefined)
    return no(textKey, `\`${textKey}\` holds ${secret}, which would be kept and sent away; take it out`);

  const phase = fields['phase'] ?? undefined;
  if (phase !== undefined && typeof phase !== 'string' && typeof phase !== 'number')
    return no('phase', '`phase` is a number or a text');
  const waits: string[] = [];
  for (const key of ['depends_on', 'dependencies']) {
    const named = idsOf(fields[key]);
    if (named === undefined) return no(key, `\`${key}\` is a list of ids`);
    for (const each of named) if (!waits.includes(each)) waits.push(each);
  }
  const asked = fields['model'] ?? undefined;
  if (asked !== undefined && typeof asked !== 'string') return no('model', '`model` is a text');
  const choice =
    asked === undefined || asked.trim() === '' ? undefined : chooseModel(asked, options.whitelist);
  if (choice?.kind === 'unknown') {
    return no(
      'model',
      `the model '${choice.requested}' is neither on the whitelist nor known by another name; the whitelist: ${options.whitelist.join(', ')}`,
    );
  }

  const priority = fields['priority'] ?? undefined;
  const priorityWord = priorityWordOf(priority);
  if (typeof priority === 'string' && priorityWord === undefined)
    return no(
      'priority',
      `\`priority\` is a whole number or one of ${Object.keys(PRIORITY_WORDS).join(', ')}`,
    );
  const when = fields['not_before'] ?? undefined;
  const notBefore = typeof when === 'string' ? momentOf(when, undefined) : undefined;
  if (when !== undefined && notBefore === undefined)
    return no('not_before', '`not_before` is a date and time as ISO 8601, UTC unless it names its zone');

  const candidate = {
    id,
    type: remark === undefined ? (fields['type'] ?? undefined) : remark.kind.toLowerCase(),
    prompt:
      remark === undefined
        ? text
        : `Resolve the ${remark.kind} at line ${remark.line} of ${remark.file}: ${text}`,
    ...budgetsOf(fields),
    intensity: fields['intensity'] ?? undefined,
    // The seed writes this word; so does the queue, which then takes the task as it is.
    status: 'pending',
    parallel_safe: fields['parallel_safe'] ?? undefined,
    model: choice?.model ?? null,
    ...(choice?.kind === 'mapped' ? { requested_model: choice.requested } : {}),
    max_tokens: fields['max_tokens'] ?? undefined,
    temperature: fields['temperature'] ?? undefined,
    priority: priorityWord === undefined ? priority : PRIORITY_WORDS[priorityWord],
    not_before: notBefore,
    timeout_seconds: fields['timeout_seconds'] ?? undefined,
    attempts: fields['attempts'] ?? undefined,
    source: { file: options.file, index: entry.index, line: entry.at.line },
  };
  const parsed = Task.safeParse(candidate);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const key = String(issue?.path[0] ?? 'id');
    const written =
      key.endsWith('_budget') && fields[key] === undefined ? 'budget' : key === 'prompt' ? textKey : key;
    return no(written, issue === undefined ? 'it is not a task' : `\`${written}\`: ${issueText(issue)}`);
  }
  const readAsRemark = remark === undefined ? NONE : ['file', 'line'];
  const ignoredKeys = Object.keys(fields).filter(
    (key) => !READ_KEYS.has(key) && !SILENT_KEYS.has(key) && !readAsRemark.includes(key),
  );
  return {
    kind: 'draft',
    draft: {
      index: entry.index,
      at: entry.at,
      id,
      dependsOn: waits.length === 0 ? NONE : waits,
      dependsOnAt: waits.length === 0 ? nowhere : placeOfDependencies(entry, fields),
      phase: typeof phase === 'string' ? phase.trim() : phase,
      task: parsed.data,
      priorityWord,
      ignoredKeys: ignoredKeys.length === 0 ? NONE : ignoredKeys,
    },
  };
}

/** There may be a million drafts: they share what is empty, and one that waits for none keeps nothing of its entry. */
const NONE: readonly string[] = [];
const nowhere = (): Position => START;
const placeOfDependencies = (entry: Entry, fields: Fields) => (): Position =>
  entry.positionOf(fields['depends_on'] === undefined ? 'dependencies' : 'depends_on');

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const faulty = (entry: Entry, at: Position, reason: string, id?: string): DraftAnswer => ({
  kind: 'faulty',
  fault: { at, reason, index: entry.index, ...(id === undefined ? {} : { id }) },
});

function idOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return typeof value === 'number' && Number.isFinite(value) ? String(value) : undefined;
}

/** Undefined when it is not a list of ids; one id alone counts as a list of one. */
function idsOf(value: unknown): readonly string[] | undefined {
  if (value === undefined || value === null) return [];
  const items: readonly unknown[] = Array.isArray(value) ? value : [value];
  const ids = items.map(idOf);
  return ids.every((id) => id !== undefined) ? ids : undefined;
}

/** `budget` is the most the task may cost; what must be free to start it is never more than that. */
function budgetsOf(fields: Fields): { readonly min_budget?: unknown; readonly max_budget?: unknown } {
  const most = fields['max_budget'] ?? fields['budget'] ?? undefined;
  const least = fields['min_budget'] ?? undefined;
  if (most === undefined) return least === undefined ? {} : { min_budget: least };
  if (least !== undefined || typeof most !== 'number') return { min_budget: least, max_budget: most };
  return { min_budget: Math.min(TASK_DEFAULTS.min_budget, most), max_budget: most };
}

interface Remark {
  readonly kind: 'TODO' | 'FIXME' | 'HACK';
  readonly file: string;
  readonly line: number;
}

function remarkOf(fields: Fields): Remark | undefined {
  const { type, file, line } = fields;
  if (type !== 'TODO' && type !== 'FIXME' && type !== 'HACK') return undefined;
  return typeof file === 'string' && typeof line === 'number' ? { kind: type, file, line } : undefined;
}
