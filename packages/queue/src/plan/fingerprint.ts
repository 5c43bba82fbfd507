/** Which faults are alike. Pure. */
import { sha256 } from '@vivarium/contracts';

/**
 * 8 hex digits over the code and the shape of the message: quotations, hexadecimal ids and numbers differ between faults of one kind and are left
 * out. Long messages are told apart by their beginning.
 */
export function fingerprintOf(errorCode: string | undefined, error: string): string {
  const shape = error
    .slice(0, 1_000)
    .replace(/"[^"]*"|'[^']*'/g, '…')
    .replace(/\b(?:\w+_)?[0-9a-f]{8,}\b/gi, '#')
    .replace(/\d+(?:\.\d+)?/g, '#')
    .replace(/\s+/g, ' ')
    .trim();
  return sha256(`${errorCode ?? ''}\n${shape}`).slice(0, 8);
}
