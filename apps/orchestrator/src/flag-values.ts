/** What may stand behind a flag. Each throws with words that name the value and what is allowed. Pure. */
import { ACTION_TYPES, type ActionType } from '@vivarium/contracts';
import { VivariumError } from '@vivarium/core';
import { InvalidArgumentError } from 'commander';

export const MOST_WORKERS = 32;
const MOST_SLOTS = 256;

/** The one argument that is no flag: a sentence of its own, for the parser's own words would name it twice. */
export function workerCount(text: string): number {
  const count = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(count >= 1 && count <= MOST_WORKERS))
    throw new VivariumError('usage', `workers: a whole number from 1 to ${MOST_WORKERS}, got '${text}'`, {
      remedy: { kind: 'stop' },
    });
  return count;
}

export function slotCount(text: string): number {
  return wholeNumber(text, 1, MOST_SLOTS, 'tasks at a time');
}

export function tokenCount(text: string): number {
  return wholeNumber(text, 1, 65_536, 'tokens');
}

export function requestRate(text: string): number {
  return wholeNumber(text, 1, 100_000, 'requests a minute');
}

export function portNumber(text: string): number {
  return wholeNumber(text, 0, 65_535, 'a port');
}

/** What money is counted in here. */
const LEAST_USD = 1e-9;
const LARGEST_USD = 1_000_000;

/** NaN and infinity are words too: `Number` would take them. */
export function dollars(text: string): number {
  const amount = decimal(text);
  if (amount === undefined || amount <= 0)
    throw new InvalidArgumentError(`'${text}' is not an amount in US dollars above 0`);
  if (amount < LEAST_USD || amount > LARGEST_USD)
    throw new InvalidArgumentError(`'${text}' is not from 0.000000001 to ${LARGEST_USD} US dollars`);
  return amount;
}

/** Nought is a cap too. Passed on as it was written: the configuration reads it as it reads the variable of the same meaning. */
export function runCap(text: string): string {
  const amount = decimal(text);
  if (amount === undefined || amount < 0 || amount > LARGEST_USD)
    throw new InvalidArgumentError(`'${text}' is not an amount in US dollars, 0 or more`);
  return text;
}

export function temperature(text: string): number {
  const value = decimal(text);
  if (value === undefined || value < 0 || value > 2)
    throw new InvalidArgumentError(`'${text}' is not a temperature from 0 to 2`);
  return value;
}

/** `a,b`, and once more for more. */
export function idList(text: string, previous: readonly string[]): readonly string[] {
  const ids = text.split(',').map((id) => id.trim());
  if (ids.includes('')) throw new InvalidArgumentError(`'${text}' names an empty id`);
  return [...previous, ...ids.filter((id) => !previous.includes(id))];
}

export function priority(text: string): number {
  const value = /^[+-]?\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= -100 && value <= 100))
    throw new InvalidArgumentError(`'${text}' is not a whole number from -100 to 100 (a priority)`);
  // -0 is a number of its own in JSON's eyes, and nobody's wish.
  return value + 0;
}

export function timeoutSeconds(text: string): number {
  const value = decimal(text);
  if (value === undefined || value <= 0 || value > 86_400)
    throw new InvalidArgumentError(`'${text}' is not a number of seconds above 0, 86400 at most`);
  return value;
}

export function attemptCount(text: string): number {
  return wholeNumber(text, 1, 100, 'attempts');
}

export function lineCount(text: string): number {
  return wholeNumber(text, 0, 1_000_000, 'lines');
}

/** `SAFETY,ERROR`, and once more for more; as the record spells them. */
export function actionTypes(text: string, previous: readonly ActionType[] = []): readonly ActionType[] {
  const named = text.split(',').map((word) => {
    const type = ACTION_TYPES.find((each) => each === word.trim());
    if (type === undefined)
      throw new InvalidArgumentError(`'${word.trim()}' is none of ${ACTION_TYPES.join(', ')}`);
    return type;
  });
  return [...new Set([...previous, ...named])];
}

/** What every text holds chooses everything: hardly ever what was meant. */
export function someText(text: string): string {
  if (text.trim() === '') throw new InvalidArgumentError('an empty text matches everything');
  return text;
}

function wholeNumber(text: string, least: number, most: number, what: string): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= least && value <= most))
    throw new InvalidArgumentError(`'${text}' is not a whole number from ${least} to ${most} (${what})`);
  return value;
}

function decimal(text: string): number | undefined {
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text.trim())) return undefined;
  const value = Number(text);
  return Number.isFinite(value) ? value : undefined;
}
