/** What settles a call when the log refuses even its charge. All else of settlements stands in grind.hazard.test.ts, on a real log. */
import {
  createMoneyFold,
  homeIdOf,
  homeLayout,
  type ApiAuditLine,
  type BudgetStore,
} from '@vivarium/contracts';
import { VivariumError } from '@vivarium/core';
import { createRecordStore, initHome } from '@vivarium/home';

import { createMemoryMachine } from '@vivarium/platform/testing';
import { expect, it } from 'vitest';
import { createSettlements } from './settlements.ts';

it('M2: when the log refuses both the settlement and the charge in full, the operator is told, nothing is kept, and the hold stands', async () => {
  const machine = createMemoryMachine();
  const layout = homeLayout('/home');
  initHome(layout, machine.files);
  const refuse = (): never => {
    throw new VivariumError('internal', 'not written: it is no line', { remedy: { kind: 'fail' } });
  };
  const budget: BudgetStore = { money: createMoneyFold(), write: refuse, commit: async () => refuse() };
  const told: string[] = [];
  const settlements = createSettlements({
    budget,
    record: createRecordStore({ layout, home: homeIdOf('/home'), machine }),
    clock: machine.clock,
    onKept: () => told.push('kept'),
    onRefused: (why) => told.push(why),
  });
  const line = { event: 'API_CALL_SUCCESS' } as ApiAuditLine;
  const settlement = { text: 'an answer', line, chargeInFull: () => line };
  expect(settlements.settle(settlement, (fold) => fold())).toBe('refused');
  expect(await settlements.settleSoon(settlement, (fold) => fold())).toBe('refused');
  expect(settlements.kept).toBe(0);
  expect(told).toEqual([
    expect.stringMatching(/no line; the text of the reply is result [0-9a-f]{64}; its hold stays charged/),
    expect.stringContaining('its hold stays charged'),
  ]);
});
