/**
 * `logs/seals.jsonl`: what proves that the other files of the record are as they were (S5). Written by whoever holds the lease of the sealer.
 *
 * Three kinds of line. `range.sealed`: these bytes of that file had this SHA-256. `head.signed`: everything up to here, signed with a key that is
 * kept outside the home. `log.archived`: that file was set aside whole, and a new one begins under its name.
 *
 * This log, api_audit.log and safety_audit.log are chained: each line bears its number in `seq`, and in `prev` the SHA-256 of the bytes from the
 * beginning of the last line that bears both (or of the file) up to its own beginning.
 */
import { z } from 'zod';
import { joinFields, Sha256, Timestamp } from '../fields.ts';

/** The last two keys of a chained line. */
export const linkFields = {
  seq: z.int().positive().describe('Number of the link: 1, and one more for each.'),
  prev: Sha256.describe(
    'SHA-256 of the bytes from the beginning of the last link (or of the file) to the beginning of this line.',
  ),
} as const;
export const ChainLink = z.object(linkFields);
export type ChainLink = Readonly<z.infer<typeof ChainLink>>;
/** Of logs that were not chained from their beginning on. */
export const linkFieldsIfAny = { seq: linkFields.seq.optional(), prev: linkFields.prev.optional() } as const;

const { event_id, home } = joinFields;
const Bytes = z.int().nonnegative();

export const RangeSealed = z.object({
  timestamp: Timestamp,
  event: z.literal('range.sealed'),
  file: z.string().describe('Name of the file in logs/.'),
  part: z
    .int()
    .positive()
    .describe('1 for the first file of that name, and one more whenever it was archived.'),
  from: Bytes.describe('First byte of the range.'),
  to: Bytes.describe('Byte after its last one, which is a newline.'),
  sha256: Sha256.describe('SHA-256 of the bytes of the range.'),
  lines: z.int().positive().describe('Lines in the range.'),
  marks: z
    .base64()
    .describe(
      'For each line the first six bytes of the SHA-256 of it and its newline: says which line is not what it was.',
    ),
  event_id,
  home,
  ...linkFields,
});
export type RangeSealed = Readonly<z.infer<typeof RangeSealed>>;

export const HeadSigned = z.object({
  timestamp: Timestamp,
  event: z.literal('head.signed'),
  public_key: z.base64().describe('The Ed25519 key (SPKI, DER) that the signature is checked with.'),
  signature: z
    .base64()
    .describe('Ed25519 over the text `vivarium head`, the home and `prev`, each ended by a newline.'),
  event_id,
  home: z.string().describe('Id of the home.'),
  ...linkFields,
});
export type HeadSigned = Readonly<z.infer<typeof HeadSigned>>;

export const LogArchived = z.object({
  timestamp: Timestamp,
  event: z.literal('log.archived'),
  file: z.string().describe('Name of the file in logs/.'),
  part: z.int().positive().describe('Which file of that name.'),
  to: Bytes.describe('Its length in bytes, all of them sealed before.'),
  archive: z.string().describe('Where it is now, seen from logs/.'),
  event_id,
  home,
  ...linkFields,
});
export type LogArchived = Readonly<z.infer<typeof LogArchived>>;

export const SealLine = z.discriminatedUnion('event', [RangeSealed, HeadSigned, LogArchived]);
export type SealLine = Readonly<z.infer<typeof SealLine>>;

/** What somebody keeps elsewhere, to find a record that was cut or written anew: one line of seals.jsonl, and through its `prev` all before it. */
export const SealHead = z.object({
  home: z.string(),
  at: Timestamp,
  seq: z.int().nonnegative().describe('Number of the link; 0 when nothing is sealed yet.'),
  offset: Bytes.describe('Where the line after it begins.'),
  hash: Sha256.describe('SHA-256 of its line, newline included.'),
  public_key: z.base64().optional(),
  signature: z
    .base64()
    .optional()
    .describe('Ed25519, as in `head.signed`, over `hash` in the place of `prev`.'),
});
export type SealHead = Readonly<z.infer<typeof SealHead>>;

/** The text under a signature. */
export const headText = (home: string, hash: string): string => `vivarium head\n${home}\n${hash}\n`;
