/** What a rule is made of. Rules are data; `compile.ts` turns them into something that can be matched. */

export type RuleCheck = 'constitutional' | 'workspace' | 'network' | 'prompt';
export type Role = 'admin' | 'lan';

/**
 * `order`: one of the acts where an order can stand, directly followed by `object`. `anywhere`: a mark that means the same wherever it stands.
 * Both are regular expressions in lower case, without unbounded repetition.
 */
export type Clause =
  | { readonly kind: 'order'; readonly acts: readonly string[]; readonly object: string }
  | { readonly kind: 'anywhere'; readonly mark: string };

export interface Rule {
  readonly id: string;
  readonly check: RuleCheck;
  /** What the task does, as the end of "The task …". */
  readonly reason: string;
  /** Any one of them is enough. */
  readonly clauses: readonly Clause[];
  /** The only role this rule is added for; absent: it holds for every role. */
  readonly addedFor?: Role;
  readonly examples: { readonly caught: readonly string[]; readonly passed: readonly string[] };
}

/** `acts` are single words, parted by blanks. */
export const order = (acts: string, object: string): Clause => ({
  kind: 'order',
  acts: acts.split(' '),
  object,
});
export const anywhere = (mark: string): Clause => ({ kind: 'anywhere', mark });
