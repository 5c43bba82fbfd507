/** S6: what is taken for a secret, and what must not be. Every key here is invented. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRedactor, redact, REDACTED, secretsIn } from './redact.ts';

/** Put together, so that nobody takes this file for one that holds a key. */
const pem = (edge: string, kind: string): string => `-----${edge} ${kind}PRIVATE` + ' KEY-----';
const letters = 'Zq7Xw3Rt9Lp2Mn8Bv4Kc6Hd1Gf5Js0Qw2Er7Ty';
const caught: readonly (readonly [string, string])[] = [
  ['a Groq key', `gsk_${letters}${letters.slice(0, 14)}`],
  ['a Vivarium token', `viv_${'5e'.repeat(32)}`],
  ['an API key', `sk-${letters}`],
  ['an API key', `sk-proj-${letters}`],
  ['an API key', `sk-ant-api03-${letters}`],
  ['an AWS key', `AKIA${'Q7ZX3RT9LP2MN8BV'}`],
  ['a Google key', `AIza${letters.slice(0, 35)}`],
  ['a GitHub token', `ghp_${letters.slice(0, 36)}`],
  ['a GitHub token', `github_pat_${letters}`],
  ['a GitLab token', `glpat-${letters.slice(0, 20)}`],
  ['a Slack token', `xoxb-${'123456789012'}-${letters.slice(0, 24)}`],
  ['a Hugging Face token', `hf_${letters.slice(0, 34)}`],
  ['an npm token', `npm_${letters.slice(0, 36)}`],
  ['a Stripe key', `sk_live_${letters.slice(0, 24)}`],
  ['a signed token', `eyJ${letters}.eyJ${letters}.${letters}`],
  ['a private key', pem('BEGIN', 'RSA ') + `\n${letters}\n${letters}\n` + pem('END', 'RSA ')],
];

describe('secrets', () => {
  it.each(caught)(
    'S6: %s is found wherever it stands, named without being repeated, and taken out',
    (kind, secret) => {
      for (const text of [
        secret,
        `key=${secret}`,
        `"${secret}",`,
        `before ${secret} after`,
        `(${secret})`,
        JSON.stringify({ a: `x\n${secret}\n` }),
      ]) {
        expect(secretsIn(text)).toEqual([kind]);
        expect(redact(text)).toContain(REDACTED);
        expect(redact(text)).not.toContain(secret.slice(12));
      }
      expect(
        () => JSON.parse(redact(JSON.stringify({ a: [`x\n${secret}"`, secret] }))) as unknown,
      ).not.toThrow();
    },
  );
  it('S6: what follows Bearer is taken out, and the word stays', () => {
    expect(redact(`authorization: Bearer ${letters}`)).toBe(`authorization: Bearer ${REDACTED}`);
  });
  it.each([
    'Set const token = "primary" in theme.ts',
    'Explain what an API key is and why sk-learn is not one.',
    'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    'evt_0f3b5a9c7d1e4f60a2b4c6d8e0f1a3b5 call_0f3b5a9c7d1e4f60a2b4c6d8e0f1a3b5 home_b0f72dfd0eab3247',
    '123e4567-e89b-12d3-a456-426614174000',
    'risk-assessment-of-the-whole-long-pipeline-and-more',
    'task_gsk_notes and the-gsk_file',
    'desk-lamp-with-a-very-long-hyphenated-name-indeed',
    'the Bearer of good news arrives tomorrow',
    'GROQ_API_KEY=gsk_… (from console.groq.com)',
    '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----',
    'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk',
  ])('%s is no secret', (text) => {
    expect(secretsIn(text)).toEqual([]);
    expect(redact(text)).toBe(text);
  });
  it('S6: a secret that is known is taken out whatever its shape: plain, in JSON, in an address, in Base64', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 12, maxLength: 40 }),
        fc.string(),
        fc.string(),
        (secret, before, after) => {
          const clean = createRedactor([secret]);
          expect(clean(`${before}${secret}${after}`)).not.toContain(secret);
          expect(clean(JSON.stringify({ text: `${before}${secret}` }))).not.toContain(
            JSON.stringify(secret).slice(1, -1),
          );
          expect(clean(`http://x/?a=${encodeURIComponent(secret)}`)).not.toContain(
            encodeURIComponent(secret),
          );
          expect(clean(Buffer.from(secret).toString('base64'))).toContain(REDACTED);
        },
      ),
    );
    expect(createRedactor(['simulator'])('the simulator answers')).toBe('the simulator answers');
  });
  it('redacting twice changes nothing more, and time grows with the text, not with its square', () => {
    fc.assert(fc.property(fc.string(), (text) => redact(redact(text)) === redact(text)));
    const hostile = `${'sk-a-'.repeat(40_000)}${'eyJa.'.repeat(40_000)}${pem('BEGIN', '').repeat(2_000)}`;
    expect(redact(hostile).length).toBeGreaterThan(0);
  }, 20_000);
});
