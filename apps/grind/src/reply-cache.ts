/**
 * Replies that answer the same question again, for whoever asked for that (VIVARIUM_REPLY_CACHE=on): same principal, model, prompt, temperature and most tokens. Owns what this grind has
 * answered since it began, the last ten thousand; the texts stand in logs/results. Lost with the process: it saves money, and nothing rests on it.
 *
 * - M3 is another matter: under one key a reply is never paid twice, whether this is on or off.
 * - M5: a grind asks one provider, so its replies are of one book.
 * - Only whole answers, and those cut at what the caller itself asked for, are kept: what a budget or a limit cut may be longer next time.
 */
import { sha256, type GrindReply } from '@vivarium/contracts';
import { LRUCache } from 'lru-cache';
import type { Order } from './order.ts';

/** A reply without its text. */
export type CachedReply = Omit<GrindReply, 'result'>;

export interface ReplyCache {
  find(order: Order): CachedReply | undefined;
  keep(order: Order, reply: GrindReply): void;
}

const MOST_KEPT = 10_000;

export const NO_CACHE: ReplyCache = { find: () => undefined, keep: () => undefined };

export function createReplyCache(mostKept: number = MOST_KEPT): ReplyCache {
  const replies = new LRUCache<string, CachedReply>({ max: mostKept });
  return {
    find: (order) => replies.get(keyOf(order)),
    keep(order, { result: _text, ...reply }) {
      if (reply.finish_reason !== 'stop' && reply.cut_by !== 'max_tokens') return;
      replies.set(keyOf(order), reply);
    },
  };
}

const keyOf = ({
  caller,
  requestedModel,
  promptSha256,
  wantedCompletionTokens,
  temperature,
}: Order): string =>
  sha256(
    JSON.stringify([
      caller.principal.user,
      requestedModel,
      promptSha256,
      wantedCompletionTokens,
      temperature,
    ]),
  );
