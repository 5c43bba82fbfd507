/** Asks the grind of a home to cut the calls of a task that was cancelled. */
import { CancelReply } from '@vivarium/contracts';
import { messageOf } from '@vivarium/core';
import { askGrind } from './ask-grind.ts';

export type CutAnswer =
  | { readonly kind: 'cut'; readonly calls: number }
  | { readonly kind: 'none'; readonly message: string };

/** As `cutCalls` does it over HTTP. */
export type CutCalls = (url: string, taskId: string, round: number) => Promise<CutAnswer>;

const PATIENCE_MS = 5_000;

export const cutCalls: CutCalls = async (url, taskId, round) => {
  try {
    const answer = await askGrind(new URL('/cancel', url), PATIENCE_MS, { task_id: taskId, round });
    const reply = CancelReply.safeParse(JSON.parse(answer));
    if (reply.success) return { kind: 'cut', calls: reply.data.cut };
    return { kind: 'none', message: `what answers at ${url} is not a grind` };
  } catch (error) {
    return { kind: 'none', message: `no grind answers at ${url}: ${messageOf(error)}` };
  }
};
