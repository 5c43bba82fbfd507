/** The caller's key. Any key will do but the rejected ones; it is compared and hashed, never written anywhere. */
import type { IncomingMessage } from 'node:http';
import { missingKey, rejectedKey, type WireError } from './errors.ts';

export type KeyCheck =
  | { readonly kind: 'accepted'; readonly key: string }
  | { readonly kind: 'refused'; readonly error: WireError };

export function checkKey(request: Pick<IncomingMessage, 'headers'>, rejected: ReadonlySet<string>): KeyCheck {
  const key = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
  if (key === undefined) return { kind: 'refused', error: missingKey() };
  return rejected.has(key) ? { kind: 'refused', error: rejectedKey() } : { kind: 'accepted', key };
}
