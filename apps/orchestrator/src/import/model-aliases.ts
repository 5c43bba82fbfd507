/**
 * Names of models in task files → the whitelist. Only files are read so kindly: `--model` and HTTP take whitelisted names and nothing else.
 * Every mapping that was used is printed, and the name that was asked for is recorded with the task.
 */
export interface ModelAlias {
  /** Lower case. A star at the end stands for anything. */
  readonly name: string;
  readonly model: string;
}

export const modelAliases: readonly ModelAlias[] = [
  { name: 'groq/compound', model: 'openai/gpt-oss-120b' },
  { name: 'compound', model: 'openai/gpt-oss-120b' },
  { name: 'claude-sonnet*', model: 'openai/gpt-oss-120b' },
  { name: 'claude-opus*', model: 'openai/gpt-oss-120b' },
  { name: 'sonnet', model: 'openai/gpt-oss-120b' },
  { name: 'opus', model: 'openai/gpt-oss-120b' },
  { name: 'smart', model: 'openai/gpt-oss-120b' },
  { name: 'gpt-oss', model: 'openai/gpt-oss-120b' },
  { name: 'gpt-oss-120b', model: 'openai/gpt-oss-120b' },
  { name: '120b', model: 'openai/gpt-oss-120b' },
  { name: 'gpt-oss-20b', model: 'openai/gpt-oss-20b' },
  { name: 'llama-70b', model: 'llama-3.3-70b-versatile' },
  { name: '70b', model: 'llama-3.3-70b-versatile' },
  { name: 'groq/compound-mini', model: 'llama-3.1-8b-instant' },
  { name: 'compound-mini', model: 'llama-3.1-8b-instant' },
  { name: 'claude-haiku*', model: 'llama-3.1-8b-instant' },
  { name: 'haiku', model: 'llama-3.1-8b-instant' },
  { name: 'fast', model: 'llama-3.1-8b-instant' },
  { name: 'llama-8b', model: 'llama-3.1-8b-instant' },
  { name: '8b', model: 'llama-3.1-8b-instant' },
];

export type ModelChoice =
  | { readonly kind: 'listed'; readonly model: string }
  | { readonly kind: 'mapped'; readonly model: string; readonly requested: string }
  | { readonly kind: 'unknown'; readonly requested: string };

export function chooseModel(requested: string, whitelist: readonly string[]): ModelChoice {
  if (whitelist.includes(requested)) return { kind: 'listed', model: requested };
  const name = requested.trim().toLowerCase();
  const alias = modelAliases.find((each) =>
    each.name.endsWith('*') ? name.startsWith(each.name.slice(0, -1)) : name === each.name,
  );
  if (alias === undefined || !whitelist.includes(alias.model)) return { kind: 'unknown', requested };
  return { kind: 'mapped', model: alias.model, requested };
}
