/** Asks a grind who it is. */
import { get } from 'node:http';
import { Health } from '@vivarium/contracts';
import { messageOf } from '@vivarium/core';

export type ProbeAnswer =
  | { readonly kind: 'healthy'; readonly health: Health }
  | { readonly kind: 'none'; readonly message: string };

const PATIENCE_MS = 2_000;

export async function probeGrind(url: string): Promise<ProbeAnswer> {
  try {
    const health = Health.safeParse(JSON.parse(await bodyOf(new URL('/healthz', url))));
    if (health.success) return { kind: 'healthy', health: health.data };
    return { kind: 'none', message: `what answers at ${url} is not a grind` };
  } catch (error) {
    return { kind: 'none', message: `no grind answers at ${url}: ${messageOf(error)}` };
  }
}

function bodyOf(url: URL): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = get(url, { agent: false, timeout: PATIENCE_MS }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (text += chunk));
      response.on('end', () => resolve(text));
      response.on('error', reject);
    });
    request.on('timeout', () => request.destroy(new Error(`no answer in ${PATIENCE_MS / 1_000} s`)));
    request.on('error', reject);
  });
}
