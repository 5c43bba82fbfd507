/** `models`: what may be asked here and what it costs, with the date and the source of each price; `models.json` of the home included. */
import { createModels } from '@vivarium/budget';
import { openHome, modelsOf, readConfig, type CommandDeps, type ExitCode } from '../deps.ts';
import { printable } from '../terminal.ts';

export async function models(
  input: { readonly home: string | undefined; readonly json: boolean },
  deps: CommandDeps,
): Promise<ExitCode> {
  const { terminal } = deps;
  const home = openHome(input.home, deps, 'look');
  const { list } = modelsOf(home.layout, deps);
  const { defaultModel } = readConfig(home, deps);
  const builtIn = createModels();
  const rows = list.map(({ id, contextTokens, maxCompletionTokens, price, requestsPerMinute }) => ({
    id,
    default: id === defaultModel,
    context_tokens: contextTokens,
    max_completion_tokens: maxCompletionTokens,
    input_nano_usd_per_token: price?.inputNanoPerToken ?? null,
    output_nano_usd_per_token: price?.outputNanoPerToken ?? null,
    cached_input_nano_usd_per_token: price?.cachedInputNanoPerToken ?? null,
    requests_per_minute: requestsPerMinute ?? null,
    price_date: price?.date ?? null,
    price_source: price?.source ?? null,
    from: JSON.stringify(builtIn.find(id)?.price) === JSON.stringify(price) ? 'vivarium' : 'models.json',
  }));
  if (input.json) {
    terminal.line(JSON.stringify({ models: rows }));
    return 0;
  }
  for (const row of rows) {
    const usd = (nano: number | null): string =>
      nano === null ? 'no price' : `$${(nano / 1_000).toFixed(3)}`;
    const cached =
      row.cached_input_nano_usd_per_token === null
        ? ''
        : `, cached ${usd(row.cached_input_nano_usd_per_token)}`;
    terminal.line(terminal.colours.bold(`${printable(row.id)}${row.default ? '  (default)' : ''}`));
    terminal.line(
      `  ${usd(row.input_nano_usd_per_token)} in${cached}, ${usd(row.output_nano_usd_per_token)} out, per million tokens; reads ${row.context_tokens}, answers ${row.max_completion_tokens} tokens${row.requests_per_minute === null ? '' : `; at most ${row.requests_per_minute} requests a minute (models.json)`}`,
    );
    terminal.line(
      `  price of ${row.price_date ?? 'no date'}: ${printable(row.price_source ?? 'no source')}${row.from === 'vivarium' ? '' : ' (models.json)'}`,
    );
  }
  return 0;
}
