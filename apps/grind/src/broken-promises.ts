import type { Completion } from '@vivarium/contracts';
import type { NanoUsd } from '@vivarium/core';
import type { Call } from './call.ts';

/**
 * What a reply shows to be untrue of what was held to be certain when it was paid for. It changes nothing about the bill: what was spent is
 * recorded as it is. But a bound that does not hold must be known before anybody trusts it again (M1).
 */
export function brokenPromises(
  call: Call,
  completion: Completion,
  cost: NanoUsd,
  isSimulated: boolean,
): readonly string[] {
  const { inputTokens, outputTokens } = completion;
  const broken: string[] = [];
  if (inputTokens > call.inputTokenBound)
    broken.push(
      `the prompt had ${inputTokens} tokens, where at most ${call.inputTokenBound} were thought possible`,
    );
  if (outputTokens > call.maxCompletionTokens)
    broken.push(`the reply had ${outputTokens} tokens, where ${call.maxCompletionTokens} were allowed`);
  if (cost > call.hold) broken.push(`the call cost ${cost} nano-dollars, where ${call.hold} were held`);
  if (completion.simulated && !isSimulated)
    broken.push('the answer is marked as simulated, but booked as real money');
  if (!completion.simulated && isSimulated)
    broken.push('the answer is not marked as simulated, but booked as simulated money');
  return broken;
}
