/** From a reply of Groq to the port's completion. The schema is kept to what is used; a 200 without it is no completion. */
import type { Completion, RateLimits } from '@vivarium/contracts';
import type { Milliseconds } from '@vivarium/core';
import { z } from 'zod';
import { mapFinishReason } from './finish-reason.ts';
import type { SafeWord } from './safe-word.ts';

/** A reply that says more than any model can take is no reply to be believed: what it cost could not be told to the nano-dollar (M2). */
const MOST_TOKENS = 100_000_000;
const Tokens = z.int().min(0).max(MOST_TOKENS);

export const GroqReply = z.object({
  model: z.string(),
  choices: z
    .array(
      z.object({ message: z.object({ content: z.string().nullish() }), finish_reason: z.string().nullish() }),
    )
    .min(1),
  usage: z.object({
    prompt_tokens: Tokens,
    completion_tokens: Tokens,
    completion_tokens_details: z.object({ reasoning_tokens: Tokens.nullish() }).nullish(),
    prompt_tokens_details: z.object({ cached_tokens: Tokens.nullish() }).nullish(),
  }),
  x_groq: z.object({ id: z.string().nullish() }).nullish(),
});
export type GroqReply = z.infer<typeof GroqReply>;

export interface ReplyFacts {
  /** Takes secrets out of the answer (S6). */
  readonly clean: (text: string) => string;
  readonly safeWord: SafeWord;
  /** From the reply's headers, for when its body has no id. */
  readonly requestId: string | null;
  readonly simulated: boolean;
  readonly rateLimits: RateLimits;
  readonly latencyMs: Milliseconds;
}

/** Undefined when the reply names its model by something that is no name: what was billed could then not be told. */
export function toCompletion(reply: GroqReply, facts: ReplyFacts): Completion | undefined {
  const model = facts.safeWord(reply.model);
  const [choice] = reply.choices;
  if (model === undefined || choice === undefined) return undefined;
  const { usage } = reply;
  const reasoning = usage.completion_tokens_details?.reasoning_tokens;
  const cached = usage.prompt_tokens_details?.cached_tokens;
  return {
    kind: 'completed',
    text: facts.clean(choice.message.content ?? ''),
    model,
    inputTokens: usage.prompt_tokens,
    outputTokens: usage.completion_tokens,
    ...(typeof reasoning === 'number' && { reasoningTokens: reasoning }),
    ...(typeof cached === 'number' && { cachedTokens: cached }),
    finishReason: mapFinishReason(choice.finish_reason),
    providerRequestId: facts.safeWord(reply.x_groq?.id) ?? facts.safeWord(facts.requestId),
    latencyMs: facts.latencyMs,
    simulated: facts.simulated,
    rateLimits: facts.rateLimits,
  };
}
