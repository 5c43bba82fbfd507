/** `spend`: what was spent, from api_audit.log alone, by whatever is asked for. Real and simulated money are never in one figure (M5). */
import { readApiAuditLine, readOn } from '@vivarium/contracts';
import { formatUsd, nanoToUsd, zeroUsd } from '@vivarium/core';
import { openHome, type CommandDeps, type ExitCode } from '../deps.ts';
import { counted } from '../report/counted.ts';
import { csvLines } from '../report/csv.ts';
import { createSpendReport, totalsOf, type Dimension, type SpendRow } from '../report/spend.ts';
import { printable } from '../terminal.ts';

export interface SpendInput {
  readonly home: string | undefined;
  readonly by: Dimension;
  readonly since: string | undefined;
  readonly until: string | undefined;
  readonly form: 'text' | 'json' | 'csv';
}

export async function spend(input: SpendInput, deps: CommandDeps): Promise<ExitCode> {
  const { terminal } = deps;
  const home = openHome(input.home, deps, 'look');
  const report = createSpendReport(input);
  let unreadable = 0;
  readOn(home.record.tail('apiAudit'), ({ entries }) => {
    for (const entry of entries) {
      const line = entry.kind === 'line' ? readApiAuditLine(entry.value, home.id) : undefined;
      if (line === undefined) unreadable += 1;
      else report.apply(line);
    }
  });
  const rows = report.rows();
  switch (input.form) {
    case 'json':
      terminal.line(
        JSON.stringify({
          by: input.by,
          rows: rows.map(plainOf),
          totals: { real: namedTotals(rows, false), simulated: namedTotals(rows, true) },
          unreadable_lines: unreadable,
        }),
      );
      return 0;
    case 'csv':
      for (const line of csvLines(
        [input.by, ...COLUMNS],
        rows.map((row) => [row.name, ...cellsOf(row)]),
      ))
        terminal.line(line);
      return 0;
    case 'text':
      for (const line of textLines(rows, input.by)) terminal.line(line);
      if (unreadable > 0)
        terminal.complain(`${counted(unreadable, 'line')} of api_audit.log could not be read.`);
      return 0;
  }
}

const COLUMNS = [
  'book', 'calls', 'settled_usd', 'unknown_usd', 'held_usd', 'settled_nano_usd', 'unknown_nano_usd', 'held_nano_usd', 'refused', 'replayed', 'cached', 'saved_nano_usd', 'input_tokens',
  'output_tokens',
] as const; // prettier-ignore
const cellsOf = (row: SpendRow): readonly (string | number)[] => [
  row.simulated ? 'simulated' : 'real', row.calls, nanoToUsd(row.settled), nanoToUsd(row.unknown), nanoToUsd(row.held), row.settled, row.unknown, row.held,
  row.refused, row.replayed, row.cached, row.saved, row.inputTokens, row.outputTokens,
]; // prettier-ignore

const plainOf = (row: SpendRow) => ({
  name: row.name,
  simulated: row.simulated,
  calls: row.calls,
  settled_nano_usd: row.settled,
  unknown_nano_usd: row.unknown,
  held_nano_usd: row.held,
  refused: row.refused,
  replayed: row.replayed,
  cached: row.cached,
  saved_nano_usd: row.saved,
  input_tokens: row.inputTokens,
  output_tokens: row.outputTokens,
});
function namedTotals(rows: readonly SpendRow[], simulated: boolean) {
  const { calls, settled, unknown, held } = totalsOf(rows, simulated);
  return { calls, settled_nano_usd: settled, unknown_nano_usd: unknown, held_nano_usd: held };
}

function* textLines(rows: readonly SpendRow[], by: Dimension): Generator<string> {
  if (rows.length === 0) yield 'Nothing was spent, and nothing refused.';
  for (const simulated of [false, true]) {
    const those = rows.filter((row) => row.simulated === simulated);
    if (those.length === 0) continue;
    yield simulated ? `Simulated, no real money moved; by ${by}:` : `Real money; by ${by}:`;
    const width = Math.min(40, Math.max(...those.map(({ name }) => printable(name).length)));
    for (const row of those) yield `  ${printable(row.name).padEnd(width)}  ${rowText(row)}`;
    if (those.length > 1)
      yield `  ${'all'.padEnd(width)}  ${rowText({ ...NO_NAME, ...totalsOf(rows, simulated), simulated })}`;
  }
}

const NO_NAME = {
  name: '',
  refused: 0,
  replayed: 0,
  cached: 0,
  saved: zeroUsd,
  inputTokens: 0,
  outputTokens: 0,
};
function rowText(row: SpendRow): string {
  const parts = [`${formatUsd(row.settled)} settled`, counted(row.calls, 'call')];
  if (row.unknown > 0) parts.push(`${formatUsd(row.unknown)} unknown, charged at worst case`);
  if (row.held > 0) parts.push(`${formatUsd(row.held)} held`);
  if (row.refused > 0) parts.push(`${row.refused} refused for want of money`);
  if (row.replayed > 0) parts.push(`${row.replayed} answered by what was paid for before`);
  if (row.cached > 0) parts.push(`${row.cached} answered by the reply cache (${formatUsd(row.saved)} saved)`);
  if (row.inputTokens + row.outputTokens > 0) parts.push(`${row.inputTokens} + ${row.outputTokens} tokens`);
  return parts.join(', ');
}
