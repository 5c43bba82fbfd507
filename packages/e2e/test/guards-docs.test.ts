/** Pages that can drift from the code are compared with it, both ways; each comparison is also shown to notice a difference. */
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import * as contracts from '@vivarium/contracts';
import { errorCatalogue } from '@vivarium/core';
import { beforeAll, describe, expect, it } from 'vitest';
import { logsPage } from '../../../scripts/logs-page.mjs';
import { citedIn, numbersIn, titlesIn } from './invariants.ts';
import { isTest, read, repositoryFiles, root, rowsOf, runTool, section } from './repository.ts';

const architecture = 'docs/ARCHITECTURE.md';
const range = (letter: string, count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `${letter}${index + 1}`);
const allNumbers = [...range('Q', 11), ...range('M', 7), ...range('S', 9)].toSorted();

const projects = (group: string): readonly string[] =>
  readdirSync(join(root, group)).filter((name) => existsSync(join(root, group, name, 'package.json')));

describe('numbered invariants', () => {
  const promised = (): readonly string[] => numbersIn(read(architecture), 'Guarantees');
  const toCome = (): readonly string[] => numbersIn(read(architecture), 'Guarantees to come');
  /** Every cited number with the titles that cite it. */
  const cited = new Map<string, string[]>();
  beforeAll(() => {
    for (const path of repositoryFiles().filter(isTest)) {
      for (const title of titlesIn(path, read(path))) {
        for (const number of citedIn(title)) {
          cited.set(number, [...(cited.get(number) ?? []), `${path}: ${title}`]);
        }
      }
    }
  });

  it('the architecture promises each number now or later, and once', () => {
    expect([...promised(), ...toCome()].toSorted()).toEqual(allNumbers);
  });

  it('every guarantee has a test that cites it', () => {
    expect(promised().filter((number) => !cited.has(number))).toEqual([]);
  });

  it('no test cites a number that does not exist', () => {
    const strangers = [...cited].filter(([number]) => !allNumbers.includes(number));
    expect(strangers).toEqual([]);
  });

  it('titles are found in every form a test is written in; what is skipped, or may be, is taken for none', () => {
    const source = `
      // it('Q9: a comment')
      describe('M1: group', () => { it.each([['Q8: data']])('Q2–Q4 %s', () => {}); });
      test(\`S1 \${1 + 1} of S2\`, () => {}); it.skipIf(true)("Q5: skipped", () => {}); it('Q6: run', () => { expect('Q7: text'); });
      describe.skip('Q10: not run', () => { it('Q11: neither', () => {}); }); it.todo('M5: some day');`;
    const titles = titlesIn('planted.ts', source);
    expect(titles.flatMap(citedIn).toSorted()).toEqual(['M1', 'Q2', 'Q3', 'Q4', 'Q6', 'S1', 'S2']);
    expect(
      numbersIn(
        '\n## Guarantees\n\n- **Q1** One.\n- **M2** Two.\n- Q3\n\n## Next\n- **S1** No.\n',
        'Guarantees',
      ),
    ).toEqual(['Q1', 'M2']);
  });
});

describe('docs/errors.md', () => {
  const listed = (title: string): readonly (readonly string[])[] =>
    rowsOf(section(read('docs/errors.md'), title));

  it('lists exactly the errors a process reports', () => {
    const codes = listed('Errors of a process').map(([code = '']) => code);
    expect(codes.toSorted()).toEqual(Object.keys(errorCatalogue).toSorted());
  });

  it('lists exactly the answers of grind, each with its HTTP status', () => {
    const rows = listed('Answers of grind').map(([code, status]) => `${code} ${status}`);
    const catalogue = Object.entries(contracts.refusalCatalogue).map(
      ([code, { status }]) => `${code} ${status}`,
    );
    expect(rows.toSorted()).toEqual(catalogue.toSorted());
  });

  it('gives every code a cause and something to do', () => {
    const rows = [...listed('Errors of a process'), ...listed('Answers of grind')];
    expect(rows.filter((cells) => cells.some((cell) => cell === ''))).toEqual([]);
  });
});

describe('docs/logs.md', () => {
  it('is what `npm run docs` writes from the schemas', () => {
    expect(read('docs/logs.md')).toBe(logsPage(contracts));
  });

  it('gives every field a meaning', () => {
    const without = read('docs/logs.md')
      .split('\n')
      .filter((line) => line.startsWith('| `') && line.endsWith('|  |'));
    expect(without).toEqual([]);
  });
});

describe('docs/ARCHITECTURE.md', () => {
  it('is a map, not a book: fewer than 150 lines', () => {
    expect(read(architecture).split('\n').length).toBeLessThan(150);
  });

  it('lists the packages and apps that exist, and no others', () => {
    const listed = rowsOf(section(read(architecture), 'Packages')).map(([name = '']) => name);
    expect(listed.toSorted()).toEqual([...projects('packages'), ...projects('apps')].toSorted());
  });
});

describe('links and commands in the pages', () => {
  const pages = repositoryFiles().filter((path) => path.endsWith('.md'));

  it('every link inside the repository leads to a file', () => {
    const broken = pages.flatMap((page) =>
      [...read(page).matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)]
        .map(([, target = '']) => normalize(join(dirname(page), target)))
        .filter((target) => !existsSync(join(root, target)))
        .map((target) => `${page} → ${target}`),
    );
    expect(broken).toEqual([]);
  });

  /** Paths in quotes that begin in a directory of this repository; a pattern counts by the directory before its first star. */
  const pathsNamedIn = (text: string): readonly string[] =>
    [...text.matchAll(/`((?:apps|packages|scripts|docs|tools|bin|bench|\.ci)\/[\w./*-]*)`/g)].map(
      ([, path = '']) => (path.includes('*') ? dirname(path.slice(0, path.indexOf('*') + 1)) : path),
    );

  it('every path of the repository named in the pages exists', () => {
    const missing = pages.flatMap((page) =>
      pathsNamedIn(read(page))
        .filter((path) => !existsSync(join(root, path)))
        .map((path) => `${page}: ${path}`),
    );
    expect(missing).toEqual([]);
    expect(
      pathsNamedIn('a `packages/core/src/no-such.ts`, `docs/decisions/`, `apps/x/*.ts` and `logs/x`'),
    ).toEqual(['packages/core/src/no-such.ts', 'docs/decisions/', 'apps/x']);
  });

  it('every npm command in the pages is a script of package.json', () => {
    const { scripts } = JSON.parse(read('package.json')) as {
      readonly scripts: Readonly<Record<string, string>>;
    };
    const named = pages.flatMap((page) =>
      [...read(page).matchAll(/\bnpm (?:run (\w+)|(start|test)\b)/g)].map(
        ([, script, word]) => script ?? word ?? '',
      ),
    );
    expect(named).toContain('start');
    expect(named.filter((name) => scripts[name] === undefined)).toEqual([]);
  });

  it('every command and flag of orchestrator in the README is known to orchestrator', async () => {
    const readme = read('README.md');
    const verbs = [
      ...readme.matchAll(/^\s*orchestrator (\w+)/gm),
      ...rowsOf(section(readme, 'Your own work')).map(([cell = '']) => cell.match(/^()(\w+)/) ?? []),
    ]
      .map((match) => match.at(-1) ?? '')
      .filter((verb) => verb !== '');
    expect(verbs).toContain('add');
    const help = new Map<string, string>();
    const helpOf = async (...words: readonly string[]): Promise<string> => {
      const said = help.get(words.join(' '));
      if (said !== undefined) return said;
      const { code, output } = await runTool([join(root, 'bin/orchestrator'), ...words, '--help']);
      expect(code, `orchestrator ${words.join(' ')} --help: ${output}`).toBe(0);
      help.set(words.join(' '), output);
      return output;
    };
    for (const verb of verbs) await helpOf(verb);
    const unknown: string[] = [];
    for (const [line, verb = '', words = ''] of readme.matchAll(
      /^\s*(?:npm run )?orchestrator (\w+)([^#\n]*)/gm,
    )) {
      // `token create`: the flags are those of the second word, where it is a command of the first.
      const second = /^ (\w+)/.exec(words)?.[1];
      const isCommand = second !== undefined && new RegExp(`^  ${second} `, 'm').test(await helpOf(verb));
      const said = await (isCommand ? helpOf(verb, second) : helpOf(verb));
      for (const [flag] of words.matchAll(/--[a-z][a-z-]*/g))
        if (!said.includes(flag)) unknown.push(`${line.trim()}: ${flag}`);
    }
    expect(unknown).toEqual([]);
  });
});

describe('docs/models.md', () => {
  it('has an example that models.json may hold, with every field there is', () => {
    const [, example = ''] = /```json\n([\s\S]*?)```/.exec(read('docs/models.md')) ?? [];
    const { models } = contracts.ModelsFile.parse(JSON.parse(example));
    const [listed] = contracts.ModelsFile.shape.models.element.options;
    expect(Object.keys(models[0] ?? {}).toSorted()).toEqual(Object.keys(listed.shape).toSorted());
  });
});
