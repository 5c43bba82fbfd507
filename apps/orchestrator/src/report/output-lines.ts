/** The first lines of an output, for reading beside the progress. Text is text: nothing in it reaches the terminal as a command. Pure. */
import { printable, shorten } from '../terminal.ts';

const MOST_LINES = 4;
const INDENT = '    │ ';

export function outputLines(text: string, width: number): readonly string[] {
  const lines = text
    .slice(0, 20_000)
    .split('\n')
    .map((line) => printable(line.replaceAll('\t', '  ')))
    .filter((line) => line !== '');
  const shown = lines
    .slice(0, MOST_LINES)
    .map((line) => INDENT + shorten(line, Math.max(20, width - INDENT.length)));
  const more = lines.length > MOST_LINES || text.length > 20_000;
  return more ? [...shown, `${INDENT}…`] : shown;
}
