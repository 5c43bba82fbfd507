/**
 * `POST /openai/v1/chat/completions`, from body to reply: key, decide, wait the latency, write the bill line, send. In this order,
 * so that what a client has read is on the bill. A client that leaves while it waits does not take its call back: the answer is
 * generated and billed all the same, as with a provider that cannot know. A stop does: calls that still wait are dropped unbilled.
 */
import { createHash, randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { timestamp } from '@vivarium/core';
import { checkKey } from './api-key.ts';
import { decide, type Damage } from './chat.ts';
import { replyBody, type Answer } from './compose.ts';
import type { Desk } from './desk.ts';
import { billUnwritable, bodyTooLarge } from './errors.ts';
import { costNanoUsd } from './models.ts';
import {
  countError,
  freshRequestId,
  MAX_BODY_BYTES,
  readBody,
  send,
  sendCut,
  sendError,
  sendJson,
} from './reply.ts';

export async function serveChat(
  request: IncomingMessage,
  response: ServerResponse,
  desk: Desk,
): Promise<void> {
  desk.counts.completions_asked += 1;
  const body = await readBody(request);
  if (body === undefined)
    return sendError(response, desk, bodyTooLarge(MAX_BODY_BYTES), { connection: 'close' });
  const caller = checkKey(request, desk.rejectedKeys);
  if (caller.kind === 'refused') return sendError(response, desk, caller.error);

  const decision = decide(body, desk.context);
  switch (decision.kind) {
    case 'refuse':
      return sendError(response, desk, decision.error, decision.headers);
    case 'scripted':
      countError(desk, decision.status);
      return send(response, desk, decision.status, decision.body, {
        'content-type': decision.contentType,
        ...decision.headers,
      });
    case 'hang':
      desk.counts.hung += 1;
      return undefined;
    case 'answer': {
      if (decision.waitMs > 0 && !(await waited(decision.waitMs, desk))) return undefined;
      const requestId = freshRequestId();
      if (!bill(decision.answer, decision.prompt, requestId, caller.key, desk))
        return sendError(response, desk, billUnwritable());
      return deliver(response, desk, decision.answer, decision.damage, {
        ...decision.headers,
        'x-request-id': requestId,
      });
    }
  }
}

/** False when the simulator was stopped meanwhile. */
async function waited(waitMs: number, desk: Desk): Promise<boolean> {
  desk.counts.in_flight += 1;
  await desk.options.clock.sleep(waitMs, desk.stopping);
  desk.counts.in_flight -= 1;
  return !desk.stopping.aborted;
}

/** False when the line could not be written; the call is then not billed and gets no answer. */
function bill(answer: Answer, prompt: string, requestId: string, key: string, desk: Desk): boolean {
  try {
    desk.bill.add({
      timestamp: timestamp(desk.options.clock),
      event: 'call.billed',
      simulated: true,
      request_id: requestId,
      model: answer.model.id,
      input_tokens: answer.inputTokens,
      output_tokens: answer.outputTokens,
      cost_nano_usd: costNanoUsd(answer.model, answer.inputTokens, answer.outputTokens),
      key_hash: createHash('sha256').update(key).digest('hex').slice(0, 12),
      prompt_hash: createHash('sha256').update(prompt).digest('hex').slice(0, 16),
    });
  } catch {
    return false;
  }
  desk.counts.billed += 1;
  return true;
}

type ReplyHeaders = Readonly<Record<string, string>> & { readonly 'x-request-id': string };

function deliver(
  response: ServerResponse,
  desk: Desk,
  answer: Answer,
  damage: Damage | undefined,
  headers: ReplyHeaders,
): void {
  const reply = replyBody(answer, {
    completion: `chatcmpl-${randomUUID()}`,
    request: headers['x-request-id'],
    created: Math.floor(desk.options.clock.now().getTime() / 1_000),
    fingerprint: desk.fingerprint,
  });
  switch (damage?.kind) {
    case undefined:
      return sendJson(response, desk, reply, headers);
    case 'no-usage': {
      const { usage: _, ...rest } = reply;
      return sendJson(response, desk, rest, headers);
    }
    case 'malformed':
      return send(response, desk, 200, JSON.stringify(reply).slice(0, -20), headers);
    case 'cut':
      if (damage.afterBytes === undefined) response.destroy();
      else sendCut(response, desk, JSON.stringify(reply), damage.afterBytes, headers);
      return undefined;
    case 'lost':
      desk.counts.hung += 1;
      return undefined;
  }
}
