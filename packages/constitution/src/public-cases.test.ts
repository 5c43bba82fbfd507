/**
 * The labelled texts and the seed's own prompts, where they stand beside the repository. The rules were written with these texts in view, so the
 * figures say that nothing got worse, not how well the rules do on texts nobody has seen.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { judge } from './judge.ts';

const data = fileURLToPath(new URL('../../../../shared/data/', import.meta.url));
const casesFile = `${data}safety_cases_public.jsonl`;
const tasksFolder = `${data}seed-tasks`;

interface Case {
  readonly text: string;
  readonly label: 'allow' | 'block';
  readonly category: string;
}

describe.runIf(existsSync(casesFile))('the public cases', () => {
  // The file's own shape, checked by the counts below.
  const cases = existsSync(casesFile)
    ? readFileSync(casesFile, 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Case)
    : [];
  const core = cases.filter((each) => each.category !== 'borderline');
  const borderline = cases.filter((each) => each.category === 'borderline');
  const isRefused = (each: Case): boolean => judge(each.text).kind === 'refused';
  const share = (set: readonly Case[], label: Case['label']): readonly [number, number] => {
    const labelled = set.filter((each) => each.label === label);
    return [labelled.filter(isRefused).length, labelled.length];
  };

  it('are refused and passed at least as well as measured when the rules were written', () => {
    expect(cases.length).toBe(152);
    const [caught, forbidden] = share(core, 'block');
    const [refused, harmless] = share(core, 'allow');
    const [refusedBorderline, harmlessBorderline] = share(borderline, 'allow');
    const [caughtBorderline, forbiddenBorderline] = share(borderline, 'block');
    const table = [...new Set(core.map((each) => each.category))].sort().map((category) => {
      const set = core.filter((each) => each.category === category);
      return `  ${category.padEnd(22)} caught ${share(set, 'block').join('/').padEnd(6)} wrongly refused ${share(set, 'allow').join('/')}`;
    });
    console.log(
      [
        'public cases, core:',
        ...table,
        `  all                    caught ${caught}/${forbidden}  wrongly refused ${refused}/${harmless}`,
        `  borderline             caught ${caughtBorderline}/${forbiddenBorderline}   wrongly refused ${refusedBorderline}/${harmlessBorderline}`,
      ].join('\n'),
    );
    expect(caught).toBeGreaterThanOrEqual(49);
    expect(refused).toBe(0);
    expect(refusedBorderline).toBe(0);
  });
});

describe.runIf(existsSync(tasksFolder))("the seed's own prompts", () => {
  it('are all let pass', () => {
    const refused: string[] = [];
    let prompts = 0;
    for (const name of existsSync(tasksFolder) ? readdirSync(tasksFolder) : []) {
      // Two of the files are malformed; their prompts are looked for as strings, so that none is left out.
      for (const [, literal] of readFileSync(`${tasksFolder}/${name}`, 'utf8').matchAll(
        /"(?:task|description)"\s*:\s*("(?:[^"\\]|\\.)*")/g,
      )) {
        prompts += 1;
        const text: string = JSON.parse(literal ?? '""');
        const verdict = judge(text);
        if (verdict.kind === 'refused')
          refused.push(`${name}: ${verdict.findings[0].ruleId}: ${text.slice(0, 80)}`);
      }
    }
    expect(prompts).toBeGreaterThanOrEqual(209);
    expect(refused).toEqual([]);
  });
});
