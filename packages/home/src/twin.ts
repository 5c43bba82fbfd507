/** The readable twin of the action log: one line a person can follow. Times are UTC. Programs read action_log.jsonl; nothing parses this. */
import type { ActionLogLine } from '@vivarium/contracts';

/** Longest detail here, in characters as people count them. The JSON line keeps the whole. */
const LONGEST_DETAIL = 80;
const ELLIPSIS = '...';
const WIDE = '='.repeat(95);
const THIN = '-'.repeat(95);
const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'] as const;

const columns = (time: string, actor: string, type: string, action: string, detail: string): string =>
  `${time.padEnd(12)} | ${actor.padEnd(12)} | ${type.padEnd(8)} | ${action.padEnd(14)} | ${detail}\n`;

/** Stands at the top of a new twin. */
export const twinHeader = (started: Date): string =>
  `\n${WIDE}\nACTION LOG STARTED: ${started.toISOString()} (${dayOf(started)})\n${WIDE}\n${columns('Time (UTC)', 'Actor', 'Type', 'Action', 'Detail')}${THIN}\n`;

export function twinLine(line: ActionLogLine): string {
  const date = new Date(line.timestamp);
  const time = `${dayOf(date).slice(0, 3)} ${date.toISOString().slice(11, 19)}`;
  return columns(time, oneLine(line.actor), line.action_type, oneLine(line.action), shorten(line.detail));
}

const dayOf = (date: Date): string => DAYS[date.getUTCDay()] ?? '';

/**
 * Control characters could move a terminal's cursor or end the line, and marks of writing direction could turn it around: a run of them
 * becomes one blank. What a model wrote is text.
 */
const oneLine = (text: string): string =>
  text.replace(/[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]+/gu, ' ');

function shorten(detail: string): string {
  // So many units are never more characters.
  if (detail.length <= LONGEST_DETAIL) return oneLine(detail);
  // A code point is at most two units: no need to look at more of a long text.
  const start = Array.from(oneLine(detail.slice(0, 2 * LONGEST_DETAIL + 2)));
  const whole = detail.length <= 2 * LONGEST_DETAIL + 2 && start.length <= LONGEST_DETAIL;
  return whole ? start.join('') : `${start.slice(0, LONGEST_DETAIL - ELLIPSIS.length).join('')}${ELLIPSIS}`;
}
