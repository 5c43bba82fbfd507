/**
 * The bill. Owns one file of JSON lines, opened for appending, and the totals over it. A line is one write(2), made before any byte
 * of the reply it pays for: what a client has seen is on the bill, whatever dies afterwards (M2 is checked against this file).
 *
 * A restart reads the totals back. A last line torn by a crash is closed with a newline and counted as torn, so that it never
 * swallows the next one. Survives kill -9 of the process; power loss is not covered (no fsync). One simulator per file: the totals
 * of a running one know only what was there at its start and what it added.
 */
import { closeSync, openSync, readFileSync, statSync, writeSync } from 'node:fs';
import { z } from 'zod';

export const BillLine = z.strictObject({
  timestamp: z.iso.datetime(),
  event: z.literal('call.billed'),
  simulated: z.literal(true),
  request_id: z.string().startsWith('req_'),
  model: z.string(),
  input_tokens: z.int().min(0),
  output_tokens: z.int().min(0),
  cost_nano_usd: z.int().min(0),
  /** Beginning of the SHA-256 of the key, enough to tell two callers apart. */
  key_hash: z.string(),
  /** Beginning of the SHA-256 of the prompt, as callers keep it: which of their calls it was, also when its answer was lost. */
  prompt_hash: z.string().optional(),
});
export type BillLine = z.infer<typeof BillLine>;

export interface BillTotals {
  readonly calls: number;
  readonly cost_nano_usd: number;
  /** Lines that could not be read when the file was opened. */
  readonly torn_lines: number;
}

export interface Bill {
  /** Throws when the line could not be written whole; nothing is then added to the totals. */
  add(line: BillLine): void;
  totals(): BillTotals;
  close(): void;
}

/** Without a path the bill lives as long as the process. */
export function openBill(path: string | undefined): Bill {
  const before = path === undefined ? empty : readBill(path);
  let { calls, cost_nano_usd } = before.totals;
  const file = path === undefined ? undefined : openSync(path, 'a');
  let closed = false;
  let endsClean = before.endsClean;

  const write = (text: string): void => {
    if (closed) throw new Error('the bill is closed');
    if (file === undefined) return;
    const bytes = Buffer.from(endsClean ? text : `\n${text}`);
    endsClean = false;
    const written = writeSync(file, bytes);
    if (written !== bytes.length)
      throw new Error(`only ${written} of ${bytes.length} bytes of the bill could be written`);
    endsClean = true;
  };

  return {
    add(line) {
      write(`${JSON.stringify(line)}\n`);
      calls += 1;
      cost_nano_usd += line.cost_nano_usd;
    },
    totals: () => ({ calls, cost_nano_usd, torn_lines: before.totals.torn_lines }),
    close() {
      if (!closed && file !== undefined) closeSync(file);
      closed = true;
    },
  };
}

interface BillSoFar {
  readonly totals: BillTotals;
  readonly endsClean: boolean;
}

const empty: BillSoFar = { totals: { calls: 0, cost_nano_usd: 0, torn_lines: 0 }, endsClean: true };

function readBill(path: string): BillSoFar {
  const stat = statSync(path, { throwIfNoEntry: false });
  // A device has no lines to go on from, and some never end.
  if (stat?.isFile() !== true) return empty;
  const text = readFileSync(path, 'utf8');
  return { totals: totalOf(text), endsClean: text === '' || text.endsWith('\n') };
}

export function totalOf(text: string): BillTotals {
  let calls = 0;
  let cost = 0;
  let torn = 0;
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const parsed = parseLine(line);
    if (parsed === undefined) torn += 1;
    else {
      calls += 1;
      cost += parsed.cost_nano_usd;
    }
  }
  return { calls, cost_nano_usd: cost, torn_lines: torn };
}

function parseLine(line: string): BillLine | undefined {
  try {
    const parsed = BillLine.safeParse(JSON.parse(line));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}
