/**
 * The engine of `ModelProvider` for Groq, and for whatever speaks its wire (the simulator), over groq-sdk, which nothing outside this folder imports.
 * Owns the SDK client and its transport. The SDK makes one attempt: retries are the caller's, so that each one is budgeted and audited.
 *
 * What leaves this file is data of ours (S6): messages in our words, and of the upstream only its status and, in a plain alphabet,
 * its error's code or type.
 */
import type { Completion, CompletionRequest, ModelProvider, ProviderFault } from '@vivarium/contracts';
import { VivariumError, type Clock, type Milliseconds } from '@vivarium/core';
import { abortedFault, faultOf, headerReader, malformedFault, type CallFacts } from './call-fault.ts';
import { GroqReply, toCompletion } from './completion.ts';
import { readRateLimits } from './rate-limits.ts';
import { createSafeWord, withoutSecrets } from './safe-word.ts';
import { carry, createLeanClient, LONGEST_TIMER_MS } from './lean-client.ts';
import { createTransport, startTrace } from './transport.ts';

export interface GroqOptions {
  /** `groq` or `simulator`: which book the money is in. */
  readonly name: string;
  /** True when no real money can move. */
  readonly simulated: boolean;
  readonly apiKey: string;
  /** Where the API is, without `/openai/v1`: the SDK adds that. */
  readonly baseUrl: string;
  /** Most calls at once. */
  readonly connections: number;
  readonly clock: Clock;
  readonly connectTimeoutMs?: Milliseconds;
}

const CONNECT_TIMEOUT_MS = 10_000;
const MAX_REPLY_BYTES = 16 * 1024 * 1024;
const SIMULATOR_HEADER = 'x-vivarium-simulator';

/** Throws `config_invalid` when the address or the key cannot be used at all. */
export function createGroqProvider(options: GroqOptions): ModelProvider {
  const { clock, apiKey } = options;
  const address = readAddress(options.baseUrl);
  // The message must not quote the key, so neither does the check that could be made by the header parser.
  if (!/^[\x21-\x7e]+$/.test(apiKey))
    throw invalid('the API key is empty or holds characters that no header can carry');
  const safeWord = createSafeWord(apiKey);
  const clean = withoutSecrets(apiKey);
  const transport = createTransport({
    origin: address.origin,
    apiKey,
    userAgent: 'vivarium',
    connections: options.connections,
    connectTimeoutMs: options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS,
    maxReplyBytes: MAX_REPLY_BYTES,
  });
  const client = createLeanClient(address.href, transport);

  const complete = async (
    request: CompletionRequest,
    signal: AbortSignal,
  ): Promise<Completion | ProviderFault> => {
    const startedAt = clock.monotonic();
    const trace = startTrace(signal);
    const facts = (): CallFacts => ({
      trace,
      latencyMs: clock.monotonic() - startedAt,
      read: headerReader(trace),
      safeWord,
    });
    if (signal.aborted) return abortedFault(facts());
    try {
      const reply: unknown = await client.chat.completions.create(
        {
          model: request.model,
          messages: [{ role: 'user', content: request.prompt }],
          temperature: request.temperature,
          max_completion_tokens: request.maxCompletionTokens,
        },
        {
          timeout: Math.min(LONGEST_TIMER_MS, Math.max(1, Math.ceil(request.timeoutMs))),
          fetchOptions: carry(trace),
        },
      );
      return completed(reply, clean, facts());
    } catch (error) {
      return faultOf(error, facts());
    }
  };

  return {
    name: options.name,
    simulated: options.simulated,
    tellsLimits: true,
    complete,
    stop: () => transport.stop(),
  };
}

function readAddress(baseUrl: string): { readonly origin: string; readonly href: string } {
  const url = URL.canParse(baseUrl) ? new URL(baseUrl) : undefined;
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:'))
    throw invalid('the address of the model API is not an http or https URL');
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw invalid('the address of the model API must hold no user, query or fragment');
  }
  return { origin: url.origin, href: url.href.replace(/\/+$/, '') };
}

const invalid = (message: string): VivariumError =>
  new VivariumError('config_invalid', message, { remedy: { kind: 'stop' } });

function completed(
  reply: unknown,
  clean: (text: string) => string,
  facts: CallFacts,
): Completion | ProviderFault {
  const parsed = GroqReply.safeParse(reply);
  const completion =
    parsed.success &&
    toCompletion(parsed.data, {
      clean,
      safeWord: facts.safeWord,
      requestId: facts.read('x-request-id') ?? null,
      simulated: facts.read(SIMULATOR_HEADER) !== undefined,
      rateLimits: readRateLimits(facts.read),
      latencyMs: facts.latencyMs,
    });
  return completion || malformedFault(facts);
}
