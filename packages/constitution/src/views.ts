/**
 * The two readings of a text that every rule is matched on: as it was written, and a normalised shadow copy. The shadow is only ever
 * matched, never sent on: a task is judged as it stands or refused, not silently rewritten.
 *
 * Both are needed. The shadow finds `cu<zero-width space>rl`; the text as written finds what dropping that character would glue to
 * its neighbour.
 */
export type ViewName = 'text' | 'normalised';

export interface View {
  readonly name: ViewName;
  readonly text: string;
}

/** Nothing to decode or to drop, which is how nearly all prompts are written. */
const PLAIN = /^[\t\n\r\u0020-\u007e]*$/;
/** Characters that show nothing (zero-width, soft hyphen, variation selectors, tags), bidi controls, and controls that are no blank. */
const INVISIBLE = /[\p{Default_Ignorable_Code_Point}\p{Bidi_Control}]|(?![\s\u0085])\p{Cc}/gu;
/** One run of blanks. Matched whole, so that a text of blanks alone costs no more than any other (an earlier form was quadratic). */
const BLANKS = /[\s\u0085]+/g;
const BREAK = /[\n\v\f\r\u0085\u2028\u2029]/;

/** NFKC, invisible characters dropped, every run of blanks one blank (or one line break), lower case. Never throws. */
export function normalise(text: string): string {
  const visible = PLAIN.test(text)
    ? text
    : text.replace(INVISIBLE, '').normalize('NFKC').replace(INVISIBLE, '');
  return foldBlanks(visible).toLowerCase();
}

/**
 * A run that breaks a line stays a line break: a rule may ask what a line begins with. Most prompts hold no run and no foreign blank; one
 * scan that finds nothing is cheaper than a rewrite.
 */
function foldBlanks(text: string): string {
  if (!/[\s\u0085]{2}|[^\S\n ]|\u0085/.test(text)) return text;
  return text.replace(BLANKS, (run) => (BREAK.test(run) ? '\n' : ' '));
}

/**
 * The readings of `text`, in lower case. Of a plain text the shadow differs in its blanks alone, and no rule asks for two of them: one
 * reading is enough.
 */
export function viewsOf(text: string): readonly View[] {
  const written = text.toLowerCase();
  const shadow = normalise(text);
  if (shadow === written) return [{ name: 'text', text: written }];
  if (PLAIN.test(text)) return [{ name: 'normalised', text: shadow }];
  return [
    { name: 'text', text: written },
    { name: 'normalised', text: shadow },
  ];
}
