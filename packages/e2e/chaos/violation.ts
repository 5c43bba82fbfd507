/** What the checker says: which promise, and where it is broken. */
export interface Violation {
  readonly promise: string;
  readonly what: string;
  /** Beginning of the line that shows it. */
  readonly line?: string;
}

export const violation = (
  promise: string,
  what: string,
  line?: { readonly number: number; readonly text: string },
): Violation => ({
  promise,
  what,
  ...(line === undefined ? {} : { line: `${line.number}: ${line.text.slice(0, 400)}` }),
});
