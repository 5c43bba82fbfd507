/**
 * The colour of an action line, as terminal and page both show it: that of its type, in the seed's colours, unless what happened is milder or worse than the type says. Pure.
 */
import type { ActionLogLine, ActionType } from './events/action-log.ts';

export const TONES = ['blue', 'yellow', 'teal', 'bright-red', 'red', 'orange', 'green', 'purple'] as const;
export type Tone = (typeof TONES)[number];

const TONE_OF: Readonly<Record<ActionType, Tone>> = {
  TOOL: 'blue',
  COST: 'yellow',
  API: 'yellow',
  SOCIAL: 'teal',
  IDENTITY: 'teal',
  JOURNAL: 'teal',
  SAFETY: 'bright-red',
  BUDGET: 'orange',
  TEST: 'green',
  ERROR: 'red',
  SYSTEM: 'purple',
};

export function toneOf({
  action_type: type,
  action,
  detail,
}: Pick<ActionLogLine, 'action_type' | 'action' | 'detail'>): Tone {
  if (type === 'SAFETY' && action === 'WARNING') return 'orange';
  if (type === 'BUDGET' && action === 'EXCEEDED') return 'red';
  if (type === 'TEST' && countBefore('fail', detail) > 0)
    return countBefore('pass', detail) > 0 ? 'orange' : 'red';
  return TONE_OF[type];
}

/** The number that stands before the word: "10 pass" is ten, and "0 fail" is none. */
const countBefore = (word: string, detail: string): number =>
  Number(new RegExp(`(\\d+) ${word}`).exec(detail)?.[1] ?? 0);
