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

/** A shared piece of this length is no accident. */
const TELLING = 8;

function overlaps(text: string, apiKey: string): boolean {
  if (apiKey === '') return false;
  if (text.includes(apiKey)) return true;
  for (let start = 0; start + TELLING <= text.length; start += 1) {
    if (apiKey.includes(text.slice(start, start + TELLING))) return true;
  }
  return false;
}
