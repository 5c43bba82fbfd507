import { expect, it } from 'vitest';
import { fingerprintOf } from './fingerprint.ts';

it.each([
  ['the provider answered 503 after 1.5 s', 'the provider answered 502 after 12 s'],
  ['call call_0123456789abcdef ended', 'call call_fedcba9876543210 ended'],
  ['the model "a" is not known', 'the model "b c" is not known'],
  ['tried  3 times', 'tried 4\ntimes'],
])('%j and %j are alike', (a, b) => {
  expect(fingerprintOf('provider_failed', a)).toBe(fingerprintOf('provider_failed', b));
});

it('other words and other codes are other faults', () => {
  const prints = [
    fingerprintOf('provider_failed', 'the reply was empty'),
    fingerprintOf('provider_failed', 'the reply was cut'),
    fingerprintOf('deadline_exceeded', 'the reply was empty'),
    fingerprintOf(undefined, 'the reply was empty'),
  ];
  expect(new Set(prints).size).toBe(4);
  for (const print of prints) expect(print).toMatch(/^[0-9a-f]{8}$/);
});
