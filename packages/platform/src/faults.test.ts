import { describe, expect, it } from 'vitest';
import { fileFault, isMissing, systemCode } from './faults.ts';

const systemError = (code: string): Error =>
  Object.assign(new Error(`${code}: what the system says`), { code });

describe('faults of the system in words', () => {
  it('what passes by itself is a retry, what somebody must mend is a stop', () => {
    for (const code of ['ENOSPC', 'EDQUOT', 'EIO', 'EMFILE']) {
      expect(fileFault('home_unwritable', 'cannot replace', '/h/a', systemError(code)).remedy).toEqual({
        kind: 'retry',
      });
    }
    for (const code of ['EACCES', 'EPERM', 'EROFS', 'ENOENT', 'EISDIR', 'ENOTDIR', 'EEXIST']) {
      expect(fileFault('home_unwritable', 'cannot replace', '/h/a', systemError(code)).remedy).toEqual({
        kind: 'stop',
      });
    }
  });
  it('the message names the path and the reason, the hint only what to do, and the cause is kept', () => {
    const cause = systemError('EROFS');
    const fault = fileFault('home_unwritable', 'cannot replace', '/h/a', cause);
    expect(fault.message).toBe('cannot replace /h/a: the file system is read-only');
    expect(fault.hint).toBe('Use a home on a file system that can be written.');
    expect(fault.cause).toBe(cause);
  });
  it('a reason nobody foresaw is told in the words of the system', () => {
    expect(fileFault('home_unwritable', 'cannot replace', '/h/a', systemError('EWEIRD')).message).toContain(
      'EWEIRD: what the system says',
    );
    expect(fileFault('home_unwritable', 'cannot replace', '/h/a', 'a string').message).toContain('a string');
  });
  it('missing is ENOENT or ENOTDIR and nothing else', () => {
    expect(
      [systemError('ENOENT'), systemError('ENOTDIR'), systemError('EACCES'), new Error('x'), null].map(
        isMissing,
      ),
    ).toEqual([true, true, false, false, false]);
    expect(systemCode({ code: 'ENOENT' })).toBeUndefined();
    expect(systemCode(Object.assign(new Error('x'), { code: 7 }))).toBeUndefined();
  });
});
