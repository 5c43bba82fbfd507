/**
 * A line of the action log as logs/action_log.log has it, with the colour of its type. Pure. That file is written by `home`; an end-to-end test compares
 * the two, so that they stay one form.
 */
import { toneOf, type ActionLogLine, type Tone } from '@vivarium/contracts';
import { shorten, type Colours } from '../terminal.ts';

const LONGEST_DETAIL = 80;

export function actionText(line: ActionLogLine, colours: Colours): string {
  const text = [
    timeOf(line.timestamp).padEnd(12),
    oneLine(line.actor).padEnd(12),
    line.action_type.padEnd(8),
    oneLine(line.action).padEnd(14),
    clipped(oneLine(line.detail)),
  ].join(' | ');
  return colourOf(line, colours)(text);
}

/** Weekday and time, UTC. */
const timeOf = (timestamp: string): string => {
  const millis = Date.parse(timestamp);
  if (Number.isNaN(millis)) return '?';
  const at = new Date(millis);
  return `${DAYS[at.getUTCDay()] ?? ''} ${at.toISOString().slice(11, 19)}`;
};
const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const;

/** Control characters and marks of writing direction: what a model wrote is text. */
const oneLine = (text: string): string =>
  text.replace(/[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]+/gu, ' ');

const clipped = (detail: string): string =>
  shorten(detail, LONGEST_DETAIL) === detail
    ? detail
    : `${shorten(detail, LONGEST_DETAIL - 2).slice(0, -1)}...`;

type Colour = (text: string) => string;

const COLOURS: Readonly<Record<Tone, (colours: Colours) => Colour>> = {
  blue: (colours) => colours.blueBright,
  yellow: (colours) => colours.yellow,
  teal: (colours) => colours.cyanBright,
  'bright-red': (colours) => colours.redBright,
  red: (colours) => colours.red,
  orange: (colours) => colours.yellowBright,
  green: (colours) => colours.greenBright,
  purple: (colours) => colours.magentaBright,
};

export const colourOf = (
  line: Pick<ActionLogLine, 'action_type' | 'action' | 'detail'>,
  colours: Colours,
): Colour => COLOURS[toneOf(line)](colours);
