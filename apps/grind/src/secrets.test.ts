/** S6: a key and a text of the provider that are planted where they could leak from turn up nowhere. */
import { createGroqProvider } from '@vivarium/model';
import { expect, it } from 'vitest';
import { createGrindWorld } from './testing/grind-world.ts';

// Made up here, so that nothing key-shaped stands in a file.
const key = ['gsk', 'Planted', 'a1b2c3d4e5f6'].join('_');

it('S6: nothing a refusing provider says reaches an answer, a log or the diagnostics', async () => {
  const world = createGrindWorld({
    script: (_request, call) => ({ kind: 'status', status: [500, 401, 400, 429][call % 4] ?? 500 }),
  });
  const answers = [];
  for (let index = 0; index < 6; index += 1)
    answers.push(await world.settled(world.ask({ prompt: `Keep ${key} to yourself.`, deadline_ms: 400 })));
  const said = JSON.stringify(answers) + world.diagnostics.join();
  expect(said).not.toContain(key);
  expect(said).not.toContain('Keep');
});

it('S6: a prompt stands in the record only as its hash and its first 200 characters in the line of the gate', async () => {
  const world = createGrindWorld();
  await world.reply({ prompt: `${'The beginning. '.repeat(20)}The end is ${key}.` });
  const gate = world
    .gateLines()
    .map((line) => line.task)
    .join();
  expect(gate).toContain('The beginning.');
  expect(gate).not.toContain(key);
  expect(JSON.stringify([world.audit(), world.actions()])).not.toContain('The beginning.');
  expect(world.diagnostics).toEqual([]);
});

it('S6: the key of the provider is not to be had from the provider', () => {
  const provider = createGroqProvider({
    name: 'groq',
    simulated: false,
    apiKey: key,
    baseUrl: 'http://127.0.0.1:1',
    connections: 1,
    clock: createGrindWorld().machine.clock,
  });
  expect(JSON.stringify(provider)).not.toContain(key);
});
