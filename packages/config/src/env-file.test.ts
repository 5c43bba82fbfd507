import { describe, expect, it } from 'vitest';
import { readEnvFile, withVariable } from './env-file.ts';

describe('.env', () => {
  it('takes comments, quotes, export, blank lines and values over several lines', () => {
    const text =
      '# comment\n\nA=1\nexport B="two words" # why\nC=\'#3\'\nD="first\nsecond without equals\nlast"\nE=a=b\nF=\n';
    expect(readEnvFile(text)).toEqual({
      values: { A: '1', B: 'two words', C: '#3', D: 'first\nsecond without equals\nlast', E: 'a=b', F: '' },
      faults: [],
    });
  });
  it('names the line that would swallow the next one', () => {
    expect(readEnvFile('A=1\njust a word\nB=2\n').faults).toEqual([
      expect.stringMatching(/^\.env line 2: there is no "="/),
    ]);
  });
  it('names the line whose name is none', () => {
    expect(readEnvFile('2A=1\nB C=2\n=3').faults.map((fault) => fault.slice(0, 11))).toEqual([
      '.env line 1',
      '.env line 2',
      '.env line 3',
    ]);
  });
  it('an empty file is no fault', () => {
    expect(readEnvFile('')).toEqual({ values: {}, faults: [] });
  });
});

describe('setting a variable in it', () => {
  it.each([
    ['', 'A=1\n'],
    ['B=2\n', 'B=2\nA=1\n'],
    ['B=2', 'B=2\nA=1\n'],
    ['A=9\nB=2\n', 'A=1\nB=2\n'],
    ['export A = 9\n# A=8\nAB=2\n', 'A=1\n# A=8\nAB=2\n'],
    ['A=7\nA=8\n', 'A=7\nA=1\n'],
  ])('%j becomes %j, and means it', (text, expected) => {
    const written = withVariable(text, 'A', '1');
    expect(written).toBe(expected);
    expect(readEnvFile(written).values['A']).toBe('1');
  });
});
