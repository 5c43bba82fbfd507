/** Words of an upstream that may be told, and texts of it that may be kept. */
import { createRedactor } from '@vivarium/contracts';

/**
 * S6: what may be taken over from a reply into an error or a record, beside the answer itself: short words of a plain alphabet that
 * are not the key nor a piece of it. Everything else of the upstream text stays where it is.
 */
export type SafeWord = (text: unknown) => string | undefined;

export const createSafeWord =
  (apiKey: string): SafeWord =>
  (text) =>
    typeof text === 'string' && /^[\w./:-]{1,128}$/.test(text) && !overlaps(text, apiKey) ? text : undefined;

/** Codes and types of errors: only words and separators, as Groq writes them. Digits and capitals are how secrets look. */
export const isErrorWord = (text: string): boolean =>
  text.length <= 64 && /^[a-z]+(?:[_.-][a-z]+)*$/.test(text);

/**
 * A model cannot know the key; an upstream that is not what it says could echo it, and results are kept. What is shaped like any other secret goes as well. A key
 * shorter than a secret is a word somebody put where a simulator asks for one: taking it out would only garble texts that happen to hold it.
 */
export const withoutSecrets = (apiKey: string): ((text: string) => string) =>
  createRedactor(isSecret(apiKey) ? [apiKey] : []);

const isSecret = (apiKey: string): boolean => apiKey.length >= 16;

/** A shared piece of this length is no accident. */
const TELLING = 8;

function overlaps(text: string, apiKey: string): boolean {
  if (!isSecret(apiKey)) return false;
  for (let start = 0; start + TELLING <= text.length; start += 1) {
    if (apiKey.includes(text.slice(start, start + TELLING))) return true;
  }
  return false;
}
