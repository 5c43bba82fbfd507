import { expect, it } from 'vitest';
import { timeAnswer } from './latency.ts';
import { findModel } from './models.ts';
import { createRandom } from './random.ts';

const model = findModel('llama-3.1-8b-instant');
if (model === undefined) throw new Error('the default model is missing');
const tokens = { prompt: 560, completion: 560 };

it('writes at the speed of the model and reads ten times as fast', () => {
  const times = timeAnswer({ kind: 'model', speed: 1 }, model, tokens, createRandom('a'));
  expect(times.completion).toBeCloseTo(1_000, 9);
  expect(times.prompt).toBeCloseTo(100, 9);
  expect(times.total).toBeCloseTo(times.queue + 1_100, 9);
});

it('divides everything by the speed', () => {
  const slow = timeAnswer({ kind: 'model', speed: 1 }, model, tokens, createRandom('a'));
  const fast = timeAnswer({ kind: 'model', speed: 10 }, model, tokens, createRandom('a'));
  expect(fast.total).toBeCloseTo(slow.total / 10, 9);
});

it('keeps a fixed latency exactly, in the same proportions; zero is zero', () => {
  const fixed = timeAnswer({ kind: 'fixed', latencyMs: 50 }, model, tokens, createRandom('a'));
  expect(fixed.total).toBe(50);
  expect(fixed.completion / fixed.prompt).toBeCloseTo(10, 9);
  expect(timeAnswer({ kind: 'fixed', latencyMs: 0 }, model, tokens, createRandom('a'))).toEqual({
    queue: 0,
    prompt: 0,
    completion: 0,
    total: 0,
  });
});
