import { expect, it } from 'vitest';
import { names, shellWord } from './names.ts';

it('names ten and counts the rest', () => {
  expect(names(['a', 'b\n'])).toBe('a, b');
  expect(names(Array.from({ length: 12 }, (_, at) => `t${at}`))).toMatch(/^t0, .*, t9 and 2 more$/);
});

it('a word of a command line means itself to a shell', () => {
  expect(shellWord('task-1')).toBe('task-1');
  expect(shellWord("it's $HOME")).toBe(`'it'\\''s $HOME'`);
  expect(shellWord('-x')).toBe("'-x'");
});
