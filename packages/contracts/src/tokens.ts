/**
 * `tokens.json`: who may use grind from elsewhere, and within what. Of a token only its hash is kept; nobody but the owner of the home may read even that.
 * A name is never given twice, not even after it was revoked: what it has spent stands in the record under it.
 */
import { z } from 'zod';
import { NanoUsdField, Sha256, Timestamp } from './fields.ts';

/** What a token begins with, for people and for whoever looks for secrets. */
export const TOKEN_MARK = 'viv_';
const TOKEN = /^viv_[0-9a-f]{64}$/;
export const isToken = (text: string): boolean => TOKEN.test(text);

/** Names of principals that are no tokens. */
const TAKEN = ['admin', 'grind', 'operator'];
/** Undefined for a name that a token may have. */
export function whyNotTokenName(name: string): string | undefined {
  if (!/^[a-z][a-z0-9-]{0,31}$/.test(name))
    return 'a name has 1 to 32 letters a to z, digits and hyphens, and begins with a letter';
  return TAKEN.includes(name) ? 'that is the name of a part of Vivarium' : undefined;
}

export const DEFAULT_REQUESTS_PER_MINUTE = 60;

export const TokenEntry = z.strictObject({
  name: z.string(),
  role: z.literal('lan'),
  sha256: Sha256,
  budget_nano_usd: NanoUsdField.nonnegative(),
  requests_per_minute: z.int().positive(),
  created_at: Timestamp,
  revoked_at: Timestamp.optional(),
  revoke_reason: z.string().optional(),
});
export type TokenEntry = Readonly<z.infer<typeof TokenEntry>>;

export const TokensFile = z.strictObject({ tokens: z.array(TokenEntry) });
