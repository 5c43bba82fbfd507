import { expect, it } from 'vitest';
import { isReaderGone } from './terminal.ts';

const fault = (code: string) => Object.assign(new Error(code), { code });

it('a reader that left is no fault; a disk that is full is', () => {
  expect(isReaderGone(fault('EPIPE'), false)).toBe(true);
  expect(isReaderGone(fault('EIO'), true)).toBe(true);
  expect(isReaderGone(fault('EIO'), false)).toBe(false);
  expect(isReaderGone(fault('ENOSPC'), false)).toBe(false);
});
