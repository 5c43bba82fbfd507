/**
 * The answer to a request that is taken: words, token counts, nominal times, and the reply that carries them. A function of the
 * seed and the request alone.
 */
import { createHash } from 'node:crypto';
import { writeAnswer } from './answers.ts';
import { timeAnswer, type Pace, type Timings } from './latency.ts';
import type { Model } from './models.ts';
import { createRandom } from './random.ts';
import { firstTokens, textTokens } from './tokens.ts';
import type { ChatCompletion, ChatRequest } from './wire.ts';

export interface Answer {
  readonly model: Model;
  readonly text: string;
  readonly finishReason: 'stop' | 'length';
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly timings: Timings;
}

interface Setting {
  readonly seed: string;
  readonly pace: Pace;
  /** Stop half way, as if the limit had been reached. */
  readonly halve: boolean;
}

/** The words, counts and times for a request: a function of seed and request. */
export function compose(request: ChatRequest, model: Model, inputTokens: number, setting: Setting): Answer {
  const random = createRandom(setting.seed, fingerprintOf(request));
  const whole = upToStop(
    writeAnswer(textToRead(request), request.response_format?.type === 'json_object', random),
    request.stop,
  );
  const wholeTokens = Math.max(1, textTokens(whole));
  const asked = request.max_completion_tokens ?? request.max_tokens ?? model.maxCompletionTokens;
  const limit = setting.halve ? Math.min(asked, Math.max(1, Math.floor(wholeTokens / 2))) : asked;
  const cut = wholeTokens > limit || setting.halve;
  const text = cut ? firstTokens(whole, limit) : whole;
  const outputTokens = cut ? limit : wholeTokens;
  const timings = timeAnswer(setting.pace, model, { prompt: inputTokens, completion: outputTokens }, random);
  return { model, text, finishReason: cut ? 'length' : 'stop', inputTokens, outputTokens, timings };
}

/** The parts of a request that an answer depends on, in one order. */
const fingerprintOf = (request: ChatRequest): string =>
  JSON.stringify([
    request.model,
    request.messages.map((message) => [message.role, message.content]),
    request.max_completion_tokens ?? request.max_tokens,
    request.temperature,
    request.top_p,
    request.seed,
    request.stop,
    request.response_format?.type,
  ]);

/** The last user message first: topics and orders are looked for from the beginning. */
function textToRead(request: ChatRequest): string {
  const last = request.messages.findLast((message) => message.role === 'user');
  const others = request.messages.filter((message) => message !== last && message.role !== 'assistant');
  return [last, ...others].map((message) => message?.content ?? '').join('\n');
}

function upToStop(text: string, stops: readonly string[] | undefined): string {
  const ends = (stops ?? []).map((stop) => text.indexOf(stop)).filter((at) => at >= 0);
  return ends.length === 0 ? text : text.slice(0, Math.min(...ends));
}

export interface ReplyIds {
  readonly completion: string;
  readonly request: string;
  /** Seconds since the epoch. */
  readonly created: number;
  readonly fingerprint: string;
}

export function replyBody(answer: Answer, ids: ReplyIds): ChatCompletion {
  const { timings, inputTokens, outputTokens } = answer;
  return {
    id: ids.completion,
    object: 'chat.completion',
    created: ids.created,
    model: answer.model.id,
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: answer.text },
        logprobs: null,
        finish_reason: answer.finishReason,
      },
    ],
    usage: {
      queue_time: seconds(timings.queue),
      prompt_tokens: inputTokens,
      prompt_time: seconds(timings.prompt),
      completion_tokens: outputTokens,
      completion_time: seconds(timings.completion),
      total_tokens: inputTokens + outputTokens,
      total_time: seconds(timings.prompt + timings.completion),
    },
    system_fingerprint: ids.fingerprint,
    x_groq: { id: ids.request },
  };
}

const seconds = (milliseconds: number): number => Math.round(milliseconds * 1_000) / 1_000_000;

export const fingerprintOfSeed = (seed: string): string =>
  `simulated_${createHash('sha256').update(seed).digest('hex').slice(0, 10)}`;
