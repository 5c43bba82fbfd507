/**
 * A far side for the Groq adapter's own tests: `node:http` speaking Groq's wire, doing to the next call what it is told. Unlike the
 * simulator it can also lie: odd headers, planted secrets, any body.
 */
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';
import type { Arrangement } from './describe-model-provider.ts';

export type WireStep =
  | Arrangement
  | {
      readonly kind: 'raw';
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body: string;
    }
  /** The head, some of the body, then the end of the connection. */
  | { readonly kind: 'half' };

export interface WireServer {
  readonly url: string;
  readonly requests: readonly {
    readonly headers: IncomingHttpHeaders;
    readonly url: string;
    readonly body: WireRequest;
  }[];
  readonly next: (step: WireStep) => void;
  readonly stop: () => Promise<void>;
}

const WireRequest = z.object({
  model: z.string(),
  messages: z.array(z.object({ role: z.string(), content: z.string() })),
  max_completion_tokens: z.int(),
  temperature: z.number(),
});
type WireRequest = z.infer<typeof WireRequest>;

export async function startWireServer(): Promise<WireServer> {
  const steps: WireStep[] = [];
  const requests: {
    readonly headers: IncomingHttpHeaders;
    readonly url: string;
    readonly body: WireRequest;
  }[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = WireRequest.parse(JSON.parse(Buffer.concat(chunks).toString()));
      requests.push({ headers: request.headers, url: request.url ?? '', body });
      reply(response, steps.shift() ?? { kind: 'answer' }, wireReply(body));
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  // `as`: a server listening on TCP has an AddressInfo.
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    next: (step) => void steps.push(step),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** A whole reply; one token a word. */
export function wireReply(request: WireRequest) {
  const words = `echo of ${request.messages.map((message) => message.content).join(' ')}`.split(' ');
  const said = words.slice(0, request.max_completion_tokens);
  return {
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1,
    model: request.model,
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: said.join(' ') },
        logprobs: null,
        finish_reason: said.length < words.length ? 'length' : 'stop',
      },
    ],
    usage: {
      prompt_tokens: 9,
      completion_tokens: said.length,
      total_tokens: 9 + said.length,
      prompt_time: 0.01,
      completion_time: 0.02,
      total_time: 0.03,
    },
    x_groq: { id: 'req_1' },
  };
}

function reply(response: ServerResponse, step: WireStep, whole: ReturnType<typeof wireReply>): void {
  const send = (status: number, body: string, headers: Readonly<Record<string, string>> = {}): void => {
    response.writeHead(status, {
      'content-type': 'application/json',
      'x-vivarium-simulator': 'test',
      'content-length': Buffer.byteLength(body),
      ...headers,
    });
    response.end(body);
  };
  switch (step.kind) {
    case 'answer':
      return send(200, JSON.stringify(whole), limitHeaders);
    case 'status': {
      const { status, retryAfterSeconds } = step;
      const headers: Record<string, string> =
        retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) };
      return send(
        status,
        JSON.stringify({ error: { message: 'no', type: 'some_error', code: 'some_code' } }),
        headers,
      );
    }
    case 'hang':
      return undefined;
    case 'cut':
      response.destroy();
      return undefined;
    case 'half':
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': 1_000 });
      response.write('{"id":');
      response.socket?.end();
      return undefined;
    case 'malformed':
      return send(200, JSON.stringify(whole).slice(0, -9));
    case 'no-usage': {
      const { usage: _, ...rest } = whole;
      return send(200, JSON.stringify(rest));
    }
    case 'raw':
      return send(step.status, step.body, step.headers);
  }
}

const limitHeaders = {
  'x-ratelimit-limit-requests': '14400',
  'x-ratelimit-limit-tokens': '6000',
  'x-ratelimit-remaining-requests': '14370',
  'x-ratelimit-remaining-tokens': '5997',
  'x-ratelimit-reset-requests': '2m59.56s',
  'x-ratelimit-reset-tokens': '7.66s',
};
