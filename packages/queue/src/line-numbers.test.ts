import { createMemoryMachine } from '@vivarium/platform/testing';
import { describe, expect, it } from 'vitest';
import { countLines } from './line-numbers.ts';

describe('the number of a line', () => {
  it('is the one an editor shows, across the pieces a file is read in and in any order', () => {
    const { files } = createMemoryMachine();
    const lines = ['a', '', 'ü'.repeat(700_000), 'b', 'c'];
    files.append('/f', lines.join('\n'));
    const offsets = lines.map((_, index) =>
      Buffer.byteLength(`${lines.slice(0, index).join('\n')}${index === 0 ? '' : '\n'}`),
    );
    const lineAt = countLines(files, '/f');
    expect(offsets.map(lineAt)).toEqual([1, 2, 3, 4, 5]);
    expect(offsets.toReversed().map(lineAt)).toEqual([5, 4, 3, 2, 1]);
  });

  it('of a place behind the end is the last one', () => {
    const { files } = createMemoryMachine();
    files.append('/f', 'a\nb\n');
    expect(countLines(files, '/f')(100)).toBe(3);
    expect(countLines(files, '/none')(100)).toBe(1);
  });
});
