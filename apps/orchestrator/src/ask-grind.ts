/** One question to a grind over HTTP, and its answer as text. The commands that ask know what to make of it; nothing is kept open. */
import { request } from 'node:http';
import type { Milliseconds } from '@vivarium/core';

/** With a body it is posted as JSON. Rejects when nobody answers in time. */
export function askGrind(url: URL, patienceMs: Milliseconds, body?: object): Promise<string> {
  return new Promise((resolve, reject) => {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const headers =
      text === undefined
        ? {}
        : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
    const method = text === undefined ? 'GET' : 'POST';
    const asking = request(url, { method, agent: false, timeout: patienceMs, headers }, (response) => {
      let answer = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (answer += chunk));
      response.on('end', () => resolve(answer));
      response.on('error', reject);
    });
    asking.on('timeout', () => asking.destroy(new Error(`no answer in ${patienceMs / 1_000} s`)));
    asking.on('error', reject);
    asking.end(text);
  });
}
