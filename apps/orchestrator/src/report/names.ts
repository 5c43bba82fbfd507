/** Ids within sentences and command lines. Pure. */
import { printable } from '../terminal.ts';

const MOST_NAMED = 10;

/** `a, b, c and 7 more`. */
export function names(ids: readonly string[], most: number = MOST_NAMED): string {
  const shown = ids.slice(0, most).map(printable).join(', ');
  return ids.length > most ? `${shown} and ${ids.length - most} more` : shown;
}

/** A word that a shell takes as it stands: an id may hold blanks, quotes and dollars. */
export function shellWord(text: string): string {
  const word = printable(text);
  return /^[\w./:@%+=,][\w./:@%+=,-]*$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
