import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { firstTokens, MAX_TEMPLATE_TOKENS, promptTokens, textTokens } from './tokens.ts';

const anyText = fc.oneof(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'binary' }), fc.string());

describe('the token model', () => {
  it('counts about four characters of English to a token', () => {
    expect(textTokens('The quick brown fox jumps over the lazy dog.')).toBe(11);
    expect(textTokens('')).toBe(0);
  });

  it('never counts more tokens than UTF-8 bytes', () => {
    fc.assert(fc.property(anyText, (text) => textTokens(text) <= Buffer.byteLength(text)));
  });

  it('never counts more for a prompt than its bytes and 60 of template, however many messages it has', () => {
    const messages = fc.array(fc.record({ role: fc.constantFrom('user', 'system'), content: anyText }), {
      maxLength: 40,
    });
    fc.assert(
      fc.property(messages, (list) => {
        const bytes = list.reduce((sum, message) => sum + Buffer.byteLength(message.content), 0);
        return promptTokens(list) <= bytes + MAX_TEMPLATE_TOKENS;
      }),
    );
  });

  it('cuts at the limit: within it, not earlier than needed, never inside a surrogate pair', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.nat(50), (text, limit) => {
        const cut = firstTokens(text, limit);
        expect(text.startsWith(cut)).toBe(true);
        expect(textTokens(cut)).toBeLessThanOrEqual(limit);
        expect(cut).not.toMatch(/\p{Surrogate}/u);
        if (cut !== text) expect(textTokens(text.slice(0, cut.length + 2))).toBeGreaterThan(limit);
      }),
    );
  });
});
