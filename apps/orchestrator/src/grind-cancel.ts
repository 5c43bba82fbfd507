/** Asks the grind of a home to cut the calls of a task that was cancelled. */
import { request } from 'node:http';
import { CancelReply } from '@vivarium/contracts';
import { messageOf } from '@vivarium/core';

export type CutAnswer =
  | { readonly kind: 'cut'; readonly calls: number }
  | { readonly kind: 'none'; readonly message: string };

/** As `cutCalls` does it over HTTP. */
export type CutCalls = (url: string, taskId: string, round: number) => Promise<CutAnswer>;

const PATIENCE_MS = 5_000;

export const cutCalls: CutCalls = async (url, taskId, round) => {
  try {
    const body = JSON.stringify({ task_id: taskId, round });
    const reply = CancelReply.safeParse(JSON.parse(await post(new URL('/cancel', url), body)));
    if (reply.success) return { kind: 'cut', calls: reply.data.cut };
    return { kind: 'none', message: `what answers at ${url} is not a grind` };
  } catch (error) {
    return { kind: 'none', message: `no grind answers at ${url}: ${messageOf(error)}` };
  }
};

function post(url: URL, body: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const asking = request(
      url,
      { method: 'POST', agent: false, timeout: PATIENCE_MS, headers },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => (text += chunk));
        response.on('end', () => resolve(text));
        response.on('error', reject);
      },
    );
    asking.on('timeout', () => asking.destroy(new Error(`no answer in ${PATIENCE_MS / 1_000} s`)));
    asking.on('error', reject);
    asking.end(body);
  });
}
