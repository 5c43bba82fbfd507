/**
 * Rules made ready to match. Every word of a text is compared with the acts once; where an act stands as an order, only the clauses of that
 * act are tried. One regular expression per clause over the whole text did the same at five times the cost.
 */
import type { Role, Rule } from './rule.ts';

export interface CompiledRules {
  /** The rules of `role` that `text` (one view, in lower case) falls under, by their index. */
  match(text: string, role: Role): ReadonlySet<number>;
}

/**
 * Where an order can stand: at the beginning of a text, line or sentence, or after a word such as `then` or `run`. "Explain why
 * rm -rf / is dangerous" has the act and its object and gives no order; "then rm -rf /" does.
 */
const BEFORE_AN_ORDER = [
  String.raw`^[ \t]{0,8}(?:[-*$#>]\s)?`,
  String.raw`[;&|(]\s?`,
  String.raw`[:.!?]\s`,
  String.raw`\b(?:run|execute|then|and|also|please|sudo|do|just|first|next|finally|now)(?::|\sthis:|\sthe\scommand)?\s["'\`]?`,
].join('|');

interface CompiledClause {
  readonly rule: number;
  readonly expression: RegExp;
}

export function compileRules(rules: readonly Rule[]): CompiledRules {
  const anywhere: CompiledClause[] = [];
  const byAct = new Map<string, CompiledClause[]>();
  rules.forEach((rule, index) => {
    for (const clause of rule.clauses) {
      if (clause.kind === 'anywhere') {
        anywhere.push({ rule: index, expression: new RegExp(clause.mark, 'm') });
        continue;
      }
      const compiled = { rule: index, expression: new RegExp(clause.object, 'my') };
      for (const act of clause.acts) {
        if (act === '')
          throw new RangeError(`an act of rule ${rule.id} is empty: it would be found everywhere`);
        byAct.set(act, [...(byAct.get(act) ?? []), compiled]);
      }
    }
  });
  const acts =
    byAct.size === 0 ? undefined : new RegExp(`\\b(?:${longestFirst(byAct.keys()).join('|')})\\b`, 'g');
  const orderStands = new RegExp(`(?<=${BEFORE_AN_ORDER})`, 'my');
  const holdsFor = (index: number, role: Role): boolean => {
    const addedFor = rules[index]?.addedFor;
    return addedFor === undefined || addedFor === role;
  };

  return {
    match(text, role) {
      const found = new Set<number>();
      for (const { rule, expression } of anywhere) {
        if (holdsFor(rule, role) && expression.test(text)) found.add(rule);
      }
      if (acts === undefined) return found;
      // Not `matchAll`, which copies the long pattern for every text.
      acts.lastIndex = 0;
      for (let act = acts.exec(text); act !== null; act = acts.exec(text)) {
        orderStands.lastIndex = act.index;
        if (!orderStands.test(text)) continue;
        for (const { rule, expression } of byAct.get(act[0]) ?? []) {
          if (found.has(rule) || !holdsFor(rule, role)) continue;
          expression.lastIndex = act.index + act[0].length;
          if (expression.test(text)) found.add(rule);
        }
      }
      return found;
    },
  };
}

/** Of two acts that begin alike the longer is the one that stands there. */
const longestFirst = (words: Iterable<string>): readonly string[] =>
  [...words].sort((a, b) => b.length - a.length || (a < b ? -1 : 1));
