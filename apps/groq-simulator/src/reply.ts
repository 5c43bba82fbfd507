/** Reading a body and writing a reply: every reply carries the mark of the simulator and its length. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Desk } from './desk.ts';
import { errorBody, type WireError } from './errors.ts';

export const MAX_BODY_BYTES = 4 * 1024 * 1024;

type Headers = Readonly<Record<string, string>>;

/** As long as Groq's. A UUID comes from a prepared pool, random bytes cost a system call each. */
export const freshRequestId = (): string => `req_${randomUUID().replaceAll('-', '').slice(0, 26)}`;

export function send(
  response: ServerResponse,
  desk: Desk,
  status: number,
  body: string,
  headers: Headers = {},
): void {
  response.writeHead(status, headersOf(desk, Buffer.byteLength(body), headers));
  response.end(body);
}

export const sendJson = (response: ServerResponse, desk: Desk, body: unknown, headers: Headers = {}): void =>
  send(response, desk, 200, JSON.stringify(body), headers);

export function sendError(
  response: ServerResponse,
  desk: Desk,
  error: WireError,
  headers: Headers = {},
): void {
  countError(desk, error.status);
  send(response, desk, error.status, errorBody(error), { 'x-request-id': freshRequestId(), ...headers });
}

export function countError(desk: Desk, status: number): void {
  desk.counts.refused[status] = (desk.counts.refused[status] ?? 0) + 1;
}

/** Announces the whole body, sends its beginning and ends the connection. */
export function sendCut(
  response: ServerResponse,
  desk: Desk,
  body: string,
  bytes: number,
  headers: Headers,
): void {
  const whole = Buffer.from(body);
  response.writeHead(200, headersOf(desk, whole.length, headers));
  response.flushHeaders();
  if (bytes > 0) response.write(whole.subarray(0, Math.min(bytes, whole.length - 1)));
  response.socket?.end();
}

const headersOf = (desk: Desk, length: number, headers: Headers): Record<string, string | number> => ({
  'content-type': 'application/json',
  'x-vivarium-simulator': desk.options.version,
  ...headers,
  'content-length': length,
});

/** The whole body as text, or undefined when it is too large. Rejects when the client leaves before its end. */
export function readBody(request: IncomingMessage): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= MAX_BODY_BYTES) chunks.push(chunk);
      else resolve(undefined);
    });
    request.on('end', () =>
      resolve(chunks.length === 1 ? chunks[0]?.toString('utf8') : Buffer.concat(chunks).toString('utf8')),
    );
    request.on('error', reject);
  });
}
