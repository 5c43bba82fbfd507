/** The first lines of an output, for reading beside the progress. Text is text: nothing in it reaches the terminal as a command. Pure. */
import { printable, shorten } from '../terminal.ts';

const MOST_LINES = 4;
const INDENT = '    │ ';

export function outputLines(text: string, width: number): readonly string[] {
  const lines = text
    .slice(0, 20_000)
    .split('\n')
    .map(lineOf)
    .filter((line) => line !== '');
  const shown = lines
    .slice(0, MOST_LINES)
    .map((line) => INDENT + shorten(line, Math.max(20, width - INDENT.length)));
  const more = lines.length > MOST_LINES || text.length > 20_000;
  return more ? [...shown, `${INDENT}…`] : shown;
}

/** Its indentation means something in code and JSON; everything else that is not text goes. */
function lineOf(line: string): string {
  const text = line.replaceAll('\t', '  ');
  const indent = text.length - text.trimStart().length;
  const said = printable(text);
  return said === '' ? '' : `${' '.repeat(Math.min(indent, 16))}${said}`;
}
