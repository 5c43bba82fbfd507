import { describe, expect, it } from 'vitest';
import { normalise, viewsOf } from './views.ts';

describe('the shadow copy', () => {
  it.each([
    ['invisible characters', 'cu\u200brl\u00ad x\u202e', 'curl x'],
    ['full-width forms', '\uff52\uff4d', 'rm'],
    ['ligatures', 'con\ufb01g', 'config'],
    ['runs of blanks', 'a \t\u00a0 b', 'a b'],
    ['line breaks of any system', 'a\r\n  b\u2028c\u0085d', 'a\nb\nc\nd'],
    ['case', 'RM -RF', 'rm -rf'],
  ])('folds %s', (_what, text, folded) => {
    expect(normalise(text)).toBe(folded);
  });

  it('leaves other scripts as they are', () => {
    expect(normalise('Übersetze 日本語 и русский')).toBe('übersetze 日本語 и русский');
  });
});

describe('the views', () => {
  it('are one where a second could add nothing', () => {
    expect(viewsOf('Plain text.')).toEqual([{ name: 'text', text: 'plain text.' }]);
    expect(viewsOf('Plain  text.')).toEqual([{ name: 'normalised', text: 'plain text.' }]);
  });

  it('are two where characters were decoded or dropped', () => {
    expect(viewsOf('cu\u200brl').map((view) => view.name)).toEqual(['text', 'normalised']);
  });
});
