/**
 * What grind is measured against: the least a proxy can do that speaks the contract of /grind. node:http in front, an undici pool behind;
 * parses the request, asks the provider, answers what matters. No gate, no caps, no record.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Pool } from 'undici';

const upstream = new Pool(process.argv[2] ?? '', { connections: 64, pipelining: 1 });
const upstreamHeaders = { 'content-type': 'application/json', authorization: 'Bearer simulated' };

interface Asked {
  readonly prompt: string;
  readonly model?: string;
  readonly task_id?: string;
  readonly max_tokens?: number;
}
interface Answered {
  readonly model: string;
  readonly choices: readonly [
    { readonly message: { readonly content: string }; readonly finish_reason: string },
  ];
  readonly usage: object;
}

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => void answer(Buffer.concat(chunks)));

  const answer = async (bytes: Buffer): Promise<void> => {
    // Only this bench calls it, so the shapes are known.
    const asked = JSON.parse(bytes.toString()) as Asked;
    const { body } = await upstream.request({
      method: 'POST',
      path: '/openai/v1/chat/completions',
      headers: upstreamHeaders,
      body: JSON.stringify({
        model: asked.model ?? 'llama-3.1-8b-instant',
        messages: [{ role: 'user', content: asked.prompt }],
        max_completion_tokens: asked.max_tokens ?? 2048,
        temperature: 0.2,
      }),
    });
    const reply = (await body.json()) as Answered;
    const [choice] = reply.choices;
    const text = JSON.stringify({
      status: 'completed',
      result: choice.message.content,
      model: reply.model,
      task_id: asked.task_id ?? null,
      usage: reply.usage,
      finish_reason: choice.finish_reason,
    });
    response
      .writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) })
      .end(text);
  };
});

server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  process.send?.({ kind: 'ready', url: `http://127.0.0.1:${port}`, pid: process.pid });
});
process.once('disconnect', () => process.exit(0));
