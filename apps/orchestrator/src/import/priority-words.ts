/** Words that task files of the seed use for how urgent an entry is, as the numbers the queue compares. Data. */
export const PRIORITY_WORDS = { critical: 30, high: 20, medium: 10, low: 0 } as const;

export type PriorityWord = keyof typeof PRIORITY_WORDS;
const isWord = (text: string): text is PriorityWord => Object.hasOwn(PRIORITY_WORDS, text);

/** The word, when it is one. */
export function priorityWordOf(value: unknown): PriorityWord | undefined {
  const word = typeof value === 'string' ? value.trim().toLowerCase() : '';
  return isWord(word) ? word : undefined;
}
