/** One question to the grind of this home. Loopback addresses only: run/grind.json is a file, and a file may be wrong. Owns nothing. */
import type { Milliseconds } from '@vivarium/core';

/** The answer's JSON. `body`: it is posted. Rejects when grind does not answer in time, or says no. */
export async function askGrind(
  url: string,
  path: string,
  patienceMs: Milliseconds,
  body?: Readonly<Record<string, unknown>>,
): Promise<unknown> {
  const address = new URL(path, url);
  if (!['127.0.0.1', 'localhost', '[::1]'].includes(address.hostname))
    throw new Error('grind is not on this machine');
  const reply = await fetch(address, {
    signal: AbortSignal.timeout(patienceMs),
    redirect: 'error',
    ...(body === undefined
      ? {}
      : { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  });
  if (!reply.ok) throw new Error(`grind answered ${reply.status}`);
  return await reply.json();
}
