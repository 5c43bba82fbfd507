/** What every engine of the port `BudgetStore` must keep. `open` opens the home's store anew, as the next grind does. */
import { committed, type ApiAuditLine, type BudgetStore } from '@vivarium/contracts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

export interface BudgetStoreUnderTest {
  readonly open: () => BudgetStore;
  readonly stop: () => void;
}

const who = {
  timestamp: '2026-01-01T00:00:00.000Z',
  user: 'admin',
  role: 'admin',
  run_id: 'run_1',
  task_id: 't1',
  round: 1,
  simulated: true,
};

export const heldLine = (callId: string, nano: number): ApiAuditLine => ({
  ...who,
  event: 'call.held',
  model: 'llama-3.1-8b-instant',
  held: nano / 1e9,
  held_nano_usd: nano,
  input_token_bound: 100,
  max_completion_tokens: 200,
  call_id: callId,
  event_id: `e_held_${callId}`,
});
export const settledLine = (callId: string, nano: number): ApiAuditLine => ({
  ...who,
  event: 'API_CALL_SUCCESS',
  model: 'llama-3.1-8b-instant',
  cost: nano / 1e9,
  cost_nano_usd: nano,
  input_tokens: 56,
  output_tokens: 17,
  call_id: callId,
  idempotency_key: `key_${callId}`,
  event_id: `e_settled_${callId}`,
});
const unknownLine = (callId: string, nano: number): ApiAuditLine => ({
  ...who,
  event: 'call.usage-unknown',
  model: 'llama-3.1-8b-instant',
  error: 'cut',
  charged: nano / 1e9,
  charged_nano_usd: nano,
  call_id: callId,
  event_id: `e_unknown_${callId}`,
});

export function describeBudgetStore(name: string, create: () => BudgetStoreUnderTest): void {
  describe(`BudgetStore: ${name}`, () => {
    let under: BudgetStoreUnderTest;
    beforeEach(() => {
      under = create();
    });
    afterEach(() => under.stop());
    const total = (store: BudgetStore): unknown => store.money.book(true).total;

    it('of a new home holds and owes nothing', () => {
      const store = under.open();
      expect(committed(store.money.book(true).total)).toBe(0);
      expect(committed(store.money.book(false).total)).toBe(0);
    });
    it('M1: a line counts from the moment its write returns', () => {
      const store = under.open();
      store.write(heldLine('c1', 5_000));
      expect(store.money.book(true).total.held).toBe(5_000);
      store.write(settledLine('c1', 4_160));
      expect(store.money.book(true).total).toMatchObject({ held: 0, settled: 4_160, calls: 1 });
      expect(store.money.book(true).of('run', 'run_1').settled).toBe(4_160);
      expect(store.money.book(true).task('t1', 1).settled).toBe(4_160);
    });
    it('M2: what is open or unknown when a grind dies stays charged for the next', () => {
      const first = under.open();
      first.write(heldLine('c1', 5_000));
      first.write(heldLine('c2', 7_000));
      first.write(heldLine('c3', 9_000));
      first.write(settledLine('c1', 4_160));
      first.write(unknownLine('c2', 7_000));
      const next = under.open();
      expect(next.money.book(true).total).toMatchObject({ settled: 4_160, unknown: 7_000, held: 9_000 });
      expect(next.money.openHolds().map(({ callId }) => callId)).toEqual(['c3']);
      expect(total(next)).toEqual(total(first));
    });
    it('M3: a recorded reply is found again by the next grind', () => {
      const first = under.open();
      first.write(heldLine('c1', 5_000));
      first.write(settledLine('c1', 4_160));
      expect(under.open().money.replyFor(true, 'key_c1')).toMatchObject({
        call_id: 'c1',
        cost_nano_usd: 4_160,
      });
    });
    it('M5: simulated money is not in the real book', () => {
      const store = under.open();
      store.write(heldLine('c1', 5_000));
      expect(committed(store.money.book(false).total)).toBe(0);
    });
    it('refuses what is not a line of the log, and writes nothing of it', () => {
      const store = under.open();
      // A caller without types, as data from outside would be.
      const wrong = { ...heldLine('c1', 5_000), held_nano_usd: 0.5 } as ApiAuditLine;
      expect(() => store.write(wrong)).toThrow(expect.objectContaining({ code: 'internal' }) as Error);
      expect(committed(store.money.book(true).total)).toBe(0);
      expect(committed(under.open().money.book(true).total)).toBe(0);
    });
  });
}
