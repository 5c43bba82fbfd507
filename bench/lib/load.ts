/** A closed loop of requests: `concurrency` callers, each asking again as soon as it was answered, over kept connections. */
import { Pool } from 'undici';
import { quantile } from './statistics.ts';

export interface LoadResult {
  readonly requests: number;
  readonly elapsedMs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export async function load(
  url: string,
  bodyOf: (index: number) => string,
  concurrency: number,
  requests: number,
): Promise<LoadResult> {
  const target = new URL(url);
  const pool = new Pool(target.origin, { connections: concurrency, pipelining: 1 });
  const headers = { 'content-type': 'application/json', authorization: 'Bearer simulated' };
  const latencies: number[] = [];
  let next = 0;
  const caller = async (): Promise<void> => {
    while (next < requests) {
      const index = next++;
      const began = performance.now();
      const { statusCode, body } = await pool.request({
        method: 'POST',
        path: target.pathname,
        headers,
        body: bodyOf(index),
      });
      const text = await body.text();
      if (statusCode !== 200) throw new Error(`${url} answered ${statusCode}: ${text.slice(0, 300)}`);
      latencies.push(performance.now() - began);
    }
  };
  const began = performance.now();
  await Promise.all(Array.from({ length: concurrency }, caller));
  const elapsedMs = performance.now() - began;
  await pool.close();
  return { requests, elapsedMs, p50Ms: quantile(latencies, 0.5), p99Ms: quantile(latencies, 0.99) };
}
