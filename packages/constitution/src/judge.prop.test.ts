import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judge } from './judge.ts';
import { rules } from './rules.ts';

const INVISIBLE = [
  '\u200b',
  '\u200d',
  '\u00ad',
  '\u2060',
  '\ufeff',
  '\u202e',
  '\u2066',
  '\u0000',
  '\u{e0041}',
  '\ufe0f',
];
const BLANKS = [' ', '  ', '\t', '\u00a0', '\u3000', '\n', '\r\n', ' \n\t ', '\u2028'];

const caught = rules.flatMap((rule) =>
  rule.examples.caught.map((text) => ({ id: rule.id, role: rule.addedFor ?? ('admin' as const), text })),
);
const anyCaught = fc.constantFrom(...caught);

/** Each character of a text may be written in another way; `choose` says how. */
type Disguise = (character: string, choice: number) => string;
const disguises: Readonly<Record<string, Disguise>> = {
  'letters in either case': (character, choice) => (choice % 2 === 0 ? character.toUpperCase() : character),
  'invisible characters between': (character, choice) =>
    choice % 3 === 0 ? `${INVISIBLE[choice % INVISIBLE.length] ?? ''}${character}` : character,
  'full-width letters and signs': (character, choice) =>
    choice % 2 === 0 ? fullWidth(character) : character,
  'mathematical letters': (character, choice) => (choice % 2 === 0 ? mathematical(character) : character),
  'other blanks': (character, choice) =>
    character === ' ' ? (BLANKS[choice % BLANKS.length] ?? ' ') : character,
};

describe('judge, for any text', () => {
  it('never throws and always answers', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: 'grapheme' }),
      fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units)),
    );
    fc.assert(fc.property(text, (any) => ['passed', 'refused'].includes(judge(any).kind)));
  });

  it('never throws on a caught example cut or doubled anywhere', () => {
    fc.assert(
      fc.property(
        anyCaught,
        fc.nat(200),
        fc.nat(200),
        ({ text }, from, count) => judge(text.slice(from) + text.repeat(count % 4)).kind !== undefined,
      ),
    );
  });

  it.each(Object.entries(disguises))(
    'keeps catching every caught example under a disguise: %s',
    (_name, disguise) => {
      fc.assert(
        fc.property(
          anyCaught,
          fc.array(fc.nat(1_000), { minLength: 200, maxLength: 200 }),
          ({ id, role, text }, choices) => {
            const disguised = Array.from(text, (character, index) =>
              disguise(character, choices[index] ?? 1),
            ).join('');
            const verdict = judge(disguised, rules, role);
            expect(
              verdict.kind === 'refused' ? verdict.findings.map((finding) => finding.ruleId) : [],
            ).toContain(id);
          },
        ),
        { numRuns: 300 },
      );
    },
  );

  it('keeps catching a caught example behind any harmless beginning that ends a sentence', () => {
    const beginning = fc.constantFrom(
      'Make a page.',
      'Is this safe?',
      'Validate the plan, block nothing:',
      'Write three lines!',
    );
    fc.assert(
      fc.property(
        beginning,
        anyCaught,
        (before, { role, text }) => judge(`${before} ${text}`, rules, role).kind === 'refused',
      ),
    );
  });
});

function fullWidth(character: string): string {
  const code = character.charCodeAt(0);
  return code > 0x20 && code < 0x7f ? String.fromCharCode(code + 0xfee0) : character;
}

function mathematical(character: string): string {
  const code = character.charCodeAt(0);
  return code >= 0x61 && code <= 0x7a ? String.fromCodePoint(0x1d41a + code - 0x61) : character;
}
