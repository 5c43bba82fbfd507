import { sha256 } from '@vivarium/contracts';
import { compileRules, type CompiledRules } from './compile.ts';
import type { Role, Rule, RuleCheck } from './rule.ts';
import { rules as rulesInForce } from './rules.ts';
import { viewsOf, type ViewName } from './views.ts';

/** One rule that spoke, and in which reading of the text it was found. */
export interface Finding {
  readonly ruleId: string;
  readonly check: RuleCheck;
  readonly reason: string;
  readonly view: ViewName;
}

/** Findings stand in the order of the rules. All rules are asked, also after the first has spoken: the record shows everything that was wrong. */
export type Verdict =
  | { readonly kind: 'passed' }
  | { readonly kind: 'refused'; readonly findings: readonly [Finding, ...Finding[]] };

const PASSED: Verdict = { kind: 'passed' };

/** Rules are compiled once per set; a set is never changed. */
const compiled = new WeakMap<readonly Rule[], CompiledRules>();

/**
 * Judges a text by the rules that hold for every role and those added for this one. Never throws, whatever the text; time grows
 * linearly with its length.
 */
export function judge(text: string, rules: readonly Rule[] = rulesInForce, role: Role = 'admin'): Verdict {
  let matcher = compiled.get(rules);
  if (matcher === undefined) compiled.set(rules, (matcher = compileRules(rules)));
  const seenIn = new Map<number, ViewName>();
  for (const view of viewsOf(text)) {
    for (const index of matcher.match(view.text, role)) if (!seenIn.has(index)) seenIn.set(index, view.name);
  }
  if (seenIn.size === 0) return PASSED;
  const findings = rules.flatMap((rule, index): Finding[] => {
    const view = seenIn.get(index);
    return view === undefined ? [] : [{ ruleId: rule.id, check: rule.check, reason: rule.reason, view }];
  });
  const [first, ...others] = findings;
  return first === undefined ? PASSED : { kind: 'refused', findings: [first, ...others] };
}

/** Names a set of rules by its content: every decision in the record says by which rules it was made. */
export function digestOfRules(rules: readonly Rule[]): string {
  const content = rules.map((rule) => [
    rule.id,
    rule.check,
    rule.reason,
    rule.addedFor ?? null,
    rule.clauses,
  ]);
  return sha256(JSON.stringify(content)).slice(0, 16);
}

/** Digest of the rules in force. */
export const rulesDigest = digestOfRules(rulesInForce);
