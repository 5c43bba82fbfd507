/**
 * How long an answer takes. By the model: it queues a little, reads the prompt ten times as fast as it writes, then writes at the
 * model's speed; `speed` divides all of it. Fixed: the same proportions, stretched to the wanted total.
 */
import type { Model } from './models.ts';
import type { Random } from './random.ts';

export type Pace =
  | { readonly kind: 'fixed'; readonly latencyMs: number }
  | { readonly kind: 'model'; readonly speed: number };

/** Milliseconds. The reply's `usage` carries them as seconds. */
export interface Timings {
  readonly queue: number;
  readonly prompt: number;
  readonly completion: number;
  readonly total: number;
}

const PREFILL_FACTOR = 10;

export function timeAnswer(
  pace: Pace,
  model: Model,
  tokens: { readonly prompt: number; readonly completion: number },
  random: Random,
): Timings {
  const queue = random.between(2, 40);
  const prompt = (tokens.prompt / (model.tokensPerSecond * PREFILL_FACTOR)) * 1_000;
  const completion = (tokens.completion / model.tokensPerSecond) * 1_000;
  const sum = queue + prompt + completion;
  const total = pace.kind === 'model' ? sum / pace.speed : pace.latencyMs;
  const scale = total / sum;
  return { queue: queue * scale, prompt: prompt * scale, completion: completion * scale, total };
}
