/** Which lines of the action log are shown. Pure. A gap is always shown: it may hold what is looked for. */
import type { ActionType } from '@vivarium/contracts';
import type { LogItem } from '../feed/log-items.ts';

/** The same eleven as in contracts, which the page cannot import at run time; a test holds them equal. */
export const TYPES = [
  'TOOL',
  'COST',
  'SOCIAL',
  'IDENTITY',
  'SAFETY',
  'BUDGET',
  'TEST',
  'JOURNAL',
  'ERROR',
  'SYSTEM',
  'API',
] as const satisfies readonly ActionType[];

export interface LogFilter {
  /** Empty: all. */
  readonly types: ReadonlySet<ActionType>;
  /** Words that must all occur; `task:ID` and `actor:NAME` mean these fields. What holds blanks stands in quotes: `task:"my task"`. */
  readonly search: string;
}

export function filterLog(items: readonly LogItem[], { types, search }: LogFilter): readonly LogItem[] {
  const words = [...search.matchAll(/((?:task|actor):)?(?:"([^"]*)"|(\S+))/g)].map(
    ([, field = '', quoted, plain]) => field + (quoted ?? plain ?? ''),
  );
  if (types.size === 0 && words.length === 0) return items;
  return items.filter((item) => {
    if (item.kind === 'gap') return true;
    if (item.kind === 'unreadable')
      return types.size === 0 && words.every((word) => 'unreadable'.includes(word.toLowerCase()));
    return (types.size === 0 || types.has(item.action_type)) && words.every((word) => matches(item, word));
  });
}

function matches(item: Extract<LogItem, { kind: 'line' }>, word: string): boolean {
  if (word.startsWith('task:')) return item.task_id === word.slice('task:'.length);
  if (word.startsWith('actor:'))
    return item.actor.toLowerCase() === word.slice('actor:'.length).toLowerCase();
  return [item.actor, item.action, item.detail, item.action_type, item.task_id ?? '']
    .join(' ')
    .toLowerCase()
    .includes(word.toLowerCase());
}

/** The search for one value of a field, quoted where it must be. */
export const searchFor = (field: 'task' | 'actor', value: string): string =>
  `${field}:${/\s/.test(value) ? `"${value}"` : value}`;

export function countTypes(items: readonly LogItem[]): Readonly<Record<ActionType, number>> {
  const counts = {
    TOOL: 0,
    COST: 0,
    SOCIAL: 0,
    IDENTITY: 0,
    SAFETY: 0,
    BUDGET: 0,
    TEST: 0,
    JOURNAL: 0,
    ERROR: 0,
    SYSTEM: 0,
    API: 0,
  };
  for (const item of items) if (item.kind === 'line') counts[item.action_type] += 1;
  return counts;
}
