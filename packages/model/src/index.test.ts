import { expect, it } from 'vitest';

it('exports the Groq engine, and for tests the scripted one and the contract suite', async () => {
  expect(Object.keys(await import('./index.ts'))).toEqual(['createGroqProvider']);
  expect(Object.keys(await import('./testing/index.ts')).toSorted()).toEqual([
    'createScriptedProvider',
    'describeModelProvider',
  ]);
});
