/**
 * The wire: what a request may hold, and the shape of every reply. A property Groq knows and this simulator does not act on is
 * refused by name, never accepted and ignored; one that nobody knows is refused as Groq refuses it.
 */
import { z } from 'zod';
import { invalidRequest, type WireError } from './errors.ts';

const TextPart = z.object({ type: z.literal('text'), text: z.string() });

const Message = z.object({
  role: z.enum(['system', 'user', 'assistant', 'developer']),
  content: z.union([
    z.string(),
    z.array(TextPart).transform((parts) => parts.map((part) => part.text).join('\n')),
  ]),
  name: z.string().optional(),
});

/** Clients send `null` for "not set". */
const unset = <T extends z.ZodType>(schema: T) =>
  z.union([schema, z.null().transform(() => undefined)]).optional();

export const ChatRequest = z.object({
  model: z.string().min(1),
  messages: z.array(Message).min(1),
  max_tokens: unset(z.int().min(1)),
  max_completion_tokens: unset(z.int().min(1)),
  temperature: unset(z.number().min(0).max(2)),
  top_p: unset(z.number().min(0).max(1)),
  seed: unset(z.int()),
  stop: unset(
    z.union([
      z
        .string()
        .min(1)
        .transform((text) => [text]),
      z.array(z.string().min(1)).max(4),
    ]),
  ),
  response_format: unset(z.object({ type: z.enum(['text', 'json_object']) })),
  user: unset(z.string()),
  n: unset(z.literal(1)),
  stream: unset(z.literal(false)),
});
export type ChatRequest = z.infer<typeof ChatRequest>;

const taken = new Set(Object.keys(ChatRequest.shape));

/** Properties of Groq's API that this simulator does not act on. */
const notSimulated = new Set([
  'citation_options',
  'compound_custom',
  'disable_tool_validation',
  'documents',
  'exclude_domains',
  'frequency_penalty',
  'function_call',
  'functions',
  'include_domains',
  'include_reasoning',
  'logit_bias',
  'logprobs',
  'metadata',
  'parallel_tool_calls',
  'presence_penalty',
  'reasoning_effort',
  'reasoning_format',
  'search_settings',
  'service_tier',
  'store',
  'stream_options',
  'tool_choice',
  'tools',
  'top_logprobs',
]);

export type Reading =
  | { readonly kind: 'read'; readonly request: ChatRequest }
  | { readonly kind: 'refused'; readonly error: WireError };

export function readChatRequest(text: string): Reading {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return refused('the request body is not valid JSON');
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    return refused('the request body is not a JSON object');
  for (const [name, value] of Object.entries(body)) {
    if (taken.has(name)) continue;
    if (!notSimulated.has(name)) return refused(`property '${name}' is unsupported`);
    if (value !== null && value !== undefined) return refused(`'${name}' is not supported by the simulator`);
  }
  if ('stream' in body && body.stream === true) return refused("'stream' is not supported by the simulator");
  const parsed = ChatRequest.safeParse(body);
  if (parsed.success) return { kind: 'read', request: parsed.data };
  const issue = parsed.error.issues[0];
  return refused(
    issue === undefined ? 'the request is invalid' : `'${issue.path.join('.')}': ${issue.message}`,
  );
}

const refused = (message: string): Reading => ({ kind: 'refused', error: invalidRequest(message) });

const Seconds = z.number().min(0);

/** The reply as this simulator writes it; its tests hold every reply against it. */
export const ChatCompletion = z.strictObject({
  id: z.string().startsWith('chatcmpl-'),
  object: z.literal('chat.completion'),
  created: z.int(),
  model: z.string(),
  choices: z
    .array(
      z.strictObject({
        index: z.int(),
        message: z.strictObject({ role: z.literal('assistant'), content: z.string() }),
        logprobs: z.null(),
        finish_reason: z.enum(['stop', 'length']),
      }),
    )
    .length(1),
  usage: z.strictObject({
    queue_time: Seconds,
    prompt_tokens: z.int(),
    prompt_time: Seconds,
    completion_tokens: z.int(),
    completion_time: Seconds,
    total_tokens: z.int(),
    total_time: Seconds,
  }),
  system_fingerprint: z.string().startsWith('simulated'),
  x_groq: z.strictObject({ id: z.string().startsWith('req_') }),
});
export type ChatCompletion = z.infer<typeof ChatCompletion>;
