/**
 * The rules in force, in the order in which their checks are made.
 *
 * They are early advice to whoever wrote a task, kept narrow on purpose: what a task can do is bounded by where it runs (no key, no shell, no
 * network), not by its words. No word exempts a task from any rule, and every rule holds for every role; a role may only add rules.
 */
import type { Rule } from './rule.ts';
import { constitutionalRules } from './rules/constitutional.ts';
import { networkRules } from './rules/network.ts';
import { promptRules } from './rules/prompt.ts';
import { workspaceRules } from './rules/workspace.ts';

export const rules: readonly Rule[] = [
  ...constitutionalRules,
  ...workspaceRules,
  ...networkRules,
  ...promptRules,
];
