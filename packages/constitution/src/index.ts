export { judge, rulesDigest, type Finding, type Verdict } from './judge.ts';
export type { Role, Rule, RuleCheck } from './rule.ts';
export { rules } from './rules.ts';
export type { ViewName } from './views.ts';
