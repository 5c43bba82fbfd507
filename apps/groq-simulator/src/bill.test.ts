import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openBill, totalOf, type BillLine } from './bill.ts';

const line = (cost: number): BillLine => ({
  timestamp: '2026-02-03T22:42:06.798Z',
  event: 'call.billed',
  simulated: true,
  request_id: `req_${cost}`,
  model: 'llama-3.1-8b-instant',
  input_tokens: 1,
  output_tokens: 1,
  cost_nano_usd: cost,
  key_hash: '0123456789ab',
});

let directory: string;
let path: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'vivarium-bill-'));
  path = join(directory, 'bill.jsonl');
});
afterEach(() => rmSync(directory, { recursive: true }));

describe('the bill', () => {
  it('goes on after a restart', () => {
    const first = openBill(path);
    first.add(line(130));
    first.add(line(70));
    first.close();
    const second = openBill(path);
    expect(second.totals()).toEqual({ calls: 2, cost_nano_usd: 200, torn_lines: 0 });
    second.add(line(1));
    second.close();
    expect(totalOf(readFileSync(path, 'utf8'))).toEqual({ calls: 3, cost_nano_usd: 201, torn_lines: 0 });
  });

  it('M2: has a line in the file before `add` returns', () => {
    const bill = openBill(path);
    bill.add(line(130));
    expect(totalOf(readFileSync(path, 'utf8')).cost_nano_usd).toBe(130);
    bill.close();
  });

  it('counts a line torn by a crash and does not let it swallow the next', () => {
    const first = openBill(path);
    first.add(line(130));
    first.close();
    appendFileSync(path, JSON.stringify(line(9)).slice(0, 40));
    const second = openBill(path);
    expect(second.totals()).toEqual({ calls: 1, cost_nano_usd: 130, torn_lines: 1 });
    second.add(line(7));
    second.close();
    expect(totalOf(readFileSync(path, 'utf8'))).toEqual({ calls: 2, cost_nano_usd: 137, torn_lines: 1 });
  });

  it('counts a last line that lost only its newline', () => {
    appendFileSync(path, JSON.stringify(line(9)));
    const bill = openBill(path);
    bill.add(line(1));
    bill.close();
    expect(totalOf(readFileSync(path, 'utf8'))).toEqual({ calls: 2, cost_nano_usd: 10, torn_lines: 0 });
  });

  it('refuses a path it cannot open, and a line after its end', () => {
    expect(() => openBill(join(directory, 'missing', 'bill.jsonl'))).toThrow('ENOENT');
    const bill = openBill(path);
    bill.close();
    bill.close();
    expect(() => bill.add(line(1))).toThrow('closed');
    expect(bill.totals().calls).toBe(0);
  });

  it('lives in memory when it has no path', () => {
    const bill = openBill(undefined);
    bill.add(line(5));
    expect(bill.totals()).toEqual({ calls: 1, cost_nano_usd: 5, torn_lines: 0 });
  });
});
