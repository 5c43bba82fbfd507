/** What follows from orders: the strictest that concerns somebody holds. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { CONTROL_KINDS, STOPPED_KINDS, strictest, type ControlOrder } from './control.ts';

const scope = fc.oneof(
  fc.constant({ kind: 'all' as const }),
  fc.record({ kind: fc.constantFrom('worker' as const, 'task' as const), id: fc.constantFrom('a', 'b') }),
);
const order: fc.Arbitrary<ControlOrder> = fc.record({
  kind: fc.constantFrom(...STOPPED_KINDS),
  scope,
  reason: fc.constant('r'),
  actor: fc.constant(undefined),
  since: fc.constant(undefined),
  order: fc.uuid(),
});
const subject = fc.record({
  workerId: fc.option(fc.constantFrom('a', 'b'), { nil: undefined }),
  taskId: fc.option(fc.constantFrom('a', 'b'), { nil: undefined }),
});

it('S9: what holds for somebody is one of the orders that concern them, and none of those is stricter', () => {
  fc.assert(
    fc.property(fc.array(order, { maxLength: 8 }), subject, (orders, who) => {
      const state = strictest(orders, who);
      const mine = orders.filter(
        ({ scope: of }) => of.kind === 'all' || of.id === (of.kind === 'worker' ? who.workerId : who.taskId),
      );
      const rank = (kind: string): number => CONTROL_KINDS.findIndex((each) => each === kind);
      expect(rank(state.kind)).toBe(Math.max(0, ...mine.map(({ kind }) => rank(kind))));
      if (state.kind !== 'running') expect(mine).toContain(state);
    }),
  );
});
it('S9: who names nobody is concerned by orders for everything alone, and their order does not matter', () => {
  fc.assert(
    fc.property(fc.array(order, { maxLength: 8 }), subject, (orders, who) => {
      expect(strictest(orders)).toEqual(strictest(orders.filter(({ scope: of }) => of.kind === 'all')));
      expect(strictest(orders.toReversed(), who).kind).toBe(strictest(orders, who).kind);
    }),
  );
});
