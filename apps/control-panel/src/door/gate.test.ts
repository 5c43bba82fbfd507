import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judgeRequest, type Asked } from './gate.ts';

const port = 8421;
const host = `127.0.0.1:${port}`;
const asked = (changes: Partial<Asked>): Asked => ({
  method: 'GET',
  host,
  origin: undefined,
  fetchSite: undefined,
  ownHeader: undefined,
  isSocket: false,
  ...changes,
});
const judge = (changes: Partial<Asked>) => {
  const answer = judgeRequest(asked(changes), port);
  return answer.kind === 'allowed' ? 'allowed' : answer.code;
};

describe('S8: who may speak to the panel', () => {
  it('its own address, by each of its names', () => {
    for (const name of ['127.0.0.1', 'localhost', '[::1]', 'LOCALHOST'])
      expect(judge({ host: `${name}:${port}` })).toBe('allowed');
  });

  it.each([
    'evil.example',
    `127.0.0.1.evil.example:${port}`,
    `127.attacker.example:${port}`,
    `localhost:${port + 1}`,
    '127.0.0.1',
    `localhost.:${port}`,
    '',
    undefined,
  ])('D1: refuses the Host %s', (foreign) => expect(judge({ host: foreign })).toBe('foreign_host'));

  it('D1: refuses every Host but its own', () => {
    const own = new Set(['127.0.0.1', 'localhost', '[::1]'].map((name) => `${name}:${port}`));
    fc.assert(
      fc.property(fc.string(), (text) => {
        fc.pre(!own.has(text.toLowerCase()));
        expect(judge({ host: text })).toBe('foreign_host');
      }),
    );
  });

  it.each([
    'http://evil.example',
    `https://${host}`,
    `http://localhost:${port}`,
    `http://127.0.0.1:${port + 1}`,
    'null',
    '',
  ])('D2: refuses the Origin %s', (origin) => expect(judge({ origin })).toBe('foreign_origin'));

  it.each(['cross-site', 'same-site', 'nonsense'])('D2: refuses Sec-Fetch-Site: %s', (fetchSite) =>
    expect(judge({ fetchSite })).toBe('foreign_origin'),
  );

  it('D3: a change needs our page and a header that no form can send', () => {
    const change = { method: 'POST', origin: `http://${host}` };
    expect(judge({ ...change, fetchSite: 'same-origin', ownHeader: 'open' })).toBe('allowed');
    expect(judge({ ...change, fetchSite: 'same-origin' })).toBe('not_our_page');
    expect(judge({ ...change, ownHeader: 'open' })).toBe('not_our_page');
    expect(judge({ ...change, fetchSite: 'none', ownHeader: 'open' })).toBe('not_our_page');
    expect(judge({ ...change, method: 'DELETE' })).toBe('not_our_page');
  });

  it('D4: a socket needs an Origin, and the right one', () => {
    expect(judge({ isSocket: true, origin: `http://${host}` })).toBe('allowed');
    expect(judge({ isSocket: true })).toBe('not_our_page');
    expect(judge({ isSocket: true, origin: 'http://evil.example' })).toBe('foreign_origin');
  });
});
