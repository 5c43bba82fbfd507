import { describe, expect, it } from 'vitest';
import { createSafeWord, isErrorWord, withoutSecrets } from './safe-word.ts';

// Made up here, in pieces: no key-shaped text stands in a file.
const key = ['gsk', 'a'.repeat(10), 'plainlettersonly'].join('_');
const safeWord = createSafeWord(key);

describe('S6: words taken over from a reply', () => {
  it('S6: are names, ids and codes as Groq writes them', () => {
    for (const word of ['openai/gpt-oss-120b', 'req_01jbd6g2qdfw2adyrt2az8hz4w', 'rate_limit_exceeded'])
      expect(safeWord(word)).toBe(word);
    for (const word of ['rate_limit_exceeded', 'invalid_request_error', 'tokens'])
      expect(isErrorWord(word)).toBe(true);
  });

  it('S6: are never the key, more than the key, or a piece of it', () => {
    for (const word of [key, `code_${key}`, key.slice(0, 12), key.slice(-8), `x${key.slice(5, 14)}y`])
      expect(safeWord(word)).toBeUndefined();
  });

  it('S6: are never text, markup or numbers', () => {
    for (const text of ['two words', '<b>', 'a\nb', '', 7, null, undefined, {}, 'x'.repeat(129)])
      expect(safeWord(text)).toBeUndefined();
  });

  it('S6: as error codes hold no digits and no capitals, which is how secrets look', () => {
    for (const word of ['sk1234', 'Secret', 'a__b', '_a', 'x'.repeat(65)])
      expect(isErrorWord(word)).toBe(false);
  });

  it('S6: are cut out of texts only where they are the key, not where they are a word in its place', () => {
    expect(withoutSecrets(key)(`you sent ${key}, ${key}`)).toBe(
      'you sent [secret removed], [secret removed]',
    );
    expect(withoutSecrets('simulator')('a key to the simulator')).toBe('a key to the simulator');
    expect(createSafeWord('simulator')('simulator_error')).toBe('simulator_error');
  });
});
