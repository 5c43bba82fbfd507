/** Reads `models.json`, where a home has one. Throws `config_invalid` naming the entry and the field: a price that was not understood must not be guessed. */
import { ModelsFile, type HomeLayout, type ModelOverride } from '@vivarium/contracts';
import { messageOf, VivariumError, type Files } from '@vivarium/core';

const MOST_TOLD = 5;

export function readModelsFile(layout: HomeLayout, files: Files): readonly ModelOverride[] {
  const text = files.readText(layout.models);
  if (text === undefined) return [];
  const faulty = (why: string): VivariumError =>
    new VivariumError('config_invalid', `${layout.models}: ${why}`, {
      remedy: { kind: 'stop' },
      hint: 'Mend it (docs/models.md has its format), or move it away to go by the list that comes with Vivarium.',
    });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw faulty(`it is not JSON: ${messageOf(error)}`);
  }
  const parsed = ModelsFile.safeParse(value);
  if (parsed.success) {
    const ids = parsed.data.models.map(({ id }) => id);
    const twice = ids.find((id, at) => ids.indexOf(id) !== at);
    if (twice !== undefined) throw faulty(`the model ${JSON.stringify(twice)} stands in it twice`);
    return parsed.data.models;
  }
  const issues = parsed.error.issues.flatMap((issue) =>
    // Of an entry that fits neither form the form it was meant to have says what is wrong.
    issue.code === 'invalid_union'
      ? (issue.errors[0] ?? []).map((inner) => ({
          path: [...issue.path, ...inner.path],
          message: inner.message,
        }))
      : [issue],
  );
  throw faulty(
    issues
      .slice(0, MOST_TOLD)
      .map(({ path, message }) => `${path.join('.') || 'the whole'}: ${message}`)
      .join('; '),
  );
}
