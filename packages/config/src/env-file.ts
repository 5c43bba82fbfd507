/** `<home>/.env`: node:util reads it; what that would pass over in silence is named here by its line, never by its content. */
import { parseEnv } from 'node:util';

export interface EnvFile {
  readonly values: Readonly<Record<string, string | undefined>>;
  readonly faults: readonly string[];
}

export function readEnvFile(text: string): EnvFile {
  // An editor's byte order mark would become part of the first name.
  const content = text.startsWith('\uFEFF') ? text.slice(1) : text;
  return { values: parseEnv(content), faults: faultsOf(content) };
}

/**
 * The text with this variable set to this value: in the line that decides now (the last that sets it), else in a new one at the end. Every other line stays as it is.
 * `value` is a plain word: no blank, quote or hash.
 */
export function withVariable(text: string, name: string, value: string): string {
  const lines = text.split('\n');
  const decides = lines.findLastIndex((line) => new RegExp(`^\\s*(?:export\\s+)?${name}\\s*=`).test(line));
  if (decides !== -1) lines[decides] = `${name}=${value}`;
  else lines.splice(lines.at(-1) === '' ? -1 : lines.length, 0, `${name}=${value}`);
  const written = lines.join('\n');
  return written.endsWith('\n') ? written : `${written}\n`;
}

/** A line without `=` is not skipped by the parser but joined to the next one, whose variable is then never seen. */
function faultsOf(content: string): readonly string[] {
  const faults: string[] = [];
  let openQuote: string | undefined;
  for (const [index, line] of content.split('\n').entries()) {
    if (openQuote !== undefined) {
      if (line.includes(openQuote)) openQuote = undefined;
      continue;
    }
    const trimmed = line.trim();
    if (trimmed === '' || trimmed.startsWith('#')) continue;
    const [, name, quote, rest] = /^(?:export\s+)?([^=]*)=\s*(["'`]?)(.*)$/.exec(trimmed) ?? [];
    if (name === undefined)
      faults.push(`.env line ${index + 1}: there is no "=" in it. Example: WORKER_TIMEOUT_SECONDS=900`);
    else if (!/^[A-Za-z_][A-Za-z0-9_.]*$/.test(name.trim()))
      faults.push(
        `.env line ${index + 1}: what stands before "=" is not a name. Example: WORKER_TIMEOUT_SECONDS=900`,
      );
    if (quote !== undefined && quote !== '' && rest?.includes(quote) === false) openQuote = quote;
  }
  return faults;
}
