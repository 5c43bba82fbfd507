import { describe, expect, it } from 'vitest';
import { digestOfRules, judge, rulesDigest } from './judge.ts';
import { rules } from './rules.ts';

const idsOf = (text: string, role: 'admin' | 'lan'): readonly string[] => {
  const verdict = judge(text, rules, role);
  return verdict.kind === 'passed' ? [] : verdict.findings.map((finding) => finding.ruleId);
};

describe.each(rules)('rule $id', (rule) => {
  const role = rule.addedFor ?? 'admin';

  it.each(rule.examples.caught)('catches: %s', (text) => {
    expect(idsOf(text, role)).toContain(rule.id);
  });

  it.each(rule.examples.passed)('lets pass: %s', (text) => {
    expect(idsOf(text, role)).toEqual([]);
  });
});

describe('the set of rules', () => {
  it('names every rule once', () => {
    const ids = rules.map((rule) => rule.id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('gives every rule two examples of each kind at least', () => {
    for (const { id, examples } of rules) {
      expect(examples.caught.length, id).toBeGreaterThanOrEqual(2);
      expect(examples.passed.length, id).toBeGreaterThanOrEqual(2);
    }
  });

  it('writes every clause in lower case, blanks of any kind as one class, and without unbounded repetition: judging is linear', () => {
    for (const { id, clauses } of rules) {
      for (const clause of clauses) {
        const source = clause.kind === 'order' ? clause.object : clause.mark;
        expect(unboundedIn(source), `${id}: ${source}`).toEqual([]);
        expect(source, id).not.toContain(' ');
        expect(source.replace(/\\./g, ''), id).toBe(source.replace(/\\./g, '').toLowerCase());
      }
    }
  });

  it('knows an unbounded repetition when it sees one', () => {
    expect(unboundedIn(String.raw`a\*[*+]b{1,4}(?:c)?`)).toEqual([]);
    expect(unboundedIn('a*')).toEqual(['*']);
    expect(unboundedIn('(?:a|b)+')).toEqual(['+']);
    expect(unboundedIn('a{2,}')).toEqual(['{2,}']);
  });

  it('has one digest, which changes with any rule', () => {
    expect(digestOfRules(rules)).toBe(rulesDigest);
    for (const left of rules)
      expect(digestOfRules(rules.filter((rule) => rule !== left))).not.toBe(rulesDigest);
  });
});

/** Repetitions without an upper bound, outside escapes and character classes. */
function unboundedIn(source: string): readonly string[] {
  const bare = source.replace(/\\./g, 'x').replace(/\[[^\]]*\]/g, 'x');
  return bare.match(/[*+]|\{\d+,\}/g) ?? [];
}
