/** Numbered invariants: which the architecture promises, and which the titles of tests cite. */
import ts from 'typescript';
import { section } from './repository.ts';

/** The numbers of the items `- **Q1** …` in a section. */
export const numbersIn = (page: string, title: string): readonly string[] =>
  [...section(page, title).matchAll(/^- \*\*([QMS]\d+)\*\* \S/gm)].map(([, number = '']) => number);

/**
 * The titles of tests and groups in a source: first arguments of it, test, describe and their variants (`it.each(rows)('…')`). A test that is
 * skipped, or may be (`skipIf`, `runIf`, `todo`), shows nothing, and neither does what stands in such a group. Read from
 * the syntax tree, because a pattern takes words in comments and data for titles. Of a template only its fixed parts count.
 */
export const titlesIn = (path: string, text: string): readonly string[] => {
  const titles: string[] = [];
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.ESNext, true);
  const visit = (node: ts.Node): void => {
    const called = ts.isCallExpression(node) ? node.expression.getText(source) : '';
    if (/^(it|test|describe)\.(skip|todo|skipIf|runIf)\b/.test(called)) return;
    if (ts.isCallExpression(node) && /^(it|test|describe)\b/.test(called)) {
      const [title] = node.arguments;
      if (title !== undefined && ts.isStringLiteralLike(title)) titles.push(title.text);
      if (title !== undefined && ts.isTemplateExpression(title)) {
        titles.push(title.head.text + title.templateSpans.map((span) => span.literal.text).join(''));
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return titles;
};

/** The numbers a title cites; `Q1–Q4` cites four. */
export const citedIn = (title: string): readonly string[] =>
  [...title.matchAll(/\b([QMS])(\d+)\b(?:[–-]\1(\d+)\b)?/g)].flatMap(([, letter = '', from, to]) => {
    const first = Number(from);
    const last = Number(to ?? from);
    return Array.from({ length: Math.max(last - first + 1, 1) }, (_, index) => `${letter}${first + index}`);
  });
