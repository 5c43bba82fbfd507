/** What could not be written when a call ended. How that looks to its caller, and on a real log, is in grind.hazard.test.ts. */
import { createMoneyFold, homeIdOf, homeLayout, type ApiAuditLine } from '@vivarium/contracts';
import { VivariumError } from '@vivarium/core';
import { createRecordStore, initHome } from '@vivarium/home';
import { createMemoryMachine } from '@vivarium/platform/testing';
import { expect, it } from 'vitest';
import { createSettlements, type Settlement } from './settlements.ts';

const layout = homeLayout('/home');
const unwritable = new VivariumError('record_unwritable', 'full', { remedy: { kind: 'retry' } });
const line = { event: 'API_CALL_SUCCESS' } as ApiAuditLine;
const settlement: Settlement = { text: 'an answer', line, chargeInFull: () => line };
const atOnce = (fold: () => void): void => fold();

/** `fault`: what the log of money throws, as long as there is one. */
function stage(fault: Error | undefined) {
  const machine = createMemoryMachine();
  initHome(layout, machine.files);
  const log = { fault, writes: 0 };
  const write = (): void => {
    log.writes += 1;
    if (log.fault !== undefined) throw log.fault;
  };
  const told: string[] = [];
  const settlements = createSettlements({
    budget: { money: createMoneyFold(), write, commit: async () => write() },
    record: createRecordStore({ layout, home: homeIdOf('/home'), machine }),
    clock: machine.clock,
    onKept: () => told.push('kept'),
    onRefused: (why) => told.push(why),
  });
  return { clock: machine.clock, log, settlements, told };
}

it('M2: when the log refuses both the settlement and the charge in full, the operator is told, nothing is kept, and the hold stands', async () => {
  const refused = new VivariumError('internal', 'not written: it is no line', { remedy: { kind: 'fail' } });
  const { settlements, told } = stage(refused);
  expect(settlements.settle(settlement, atOnce)).toBe('refused');
  expect(await settlements.settleSoon(settlement, atOnce)).toBe('refused');
  expect(settlements.kept).toBe(0);
  expect(told).toEqual([
    expect.stringMatching(/no line; the text of the reply is result [0-9a-f]{64}; its hold stays charged/),
    expect.stringContaining('its hold stays charged'),
  ]);
});

it('M2: what is kept is tried again once a second, in its order, each time something is kept', async () => {
  const { clock, log, settlements, told } = stage(unwritable);
  for (let time = 0; time < 2; time += 1) {
    log.fault = unwritable;
    for (let n = 0; n < 3; n += 1) expect(settlements.settle(settlement, atOnce)).toBe('kept');
    log.writes = 0;
    await clock.advanceSettled(5_000);
    // The first of them, five times: what stands behind it waits for it.
    expect([settlements.kept, log.writes]).toEqual([3, 5]);
    log.fault = undefined;
    await clock.advanceSettled(1_000);
    expect([settlements.kept, log.writes]).toEqual([0, 8]);
    expect(clock.sleeping).toBe(0);
  }
  expect(told).toHaveLength(6);
});

it('M2: a stop tries a last time and ends the retries, whatever is left', async () => {
  const { clock, log, settlements } = stage(unwritable);
  settlements.settle(settlement, atOnce);
  settlements.stop();
  expect([settlements.kept, log.writes]).toEqual([1, 2]);
  await clock.advanceSettled(10_000);
  expect([settlements.kept, log.writes]).toEqual([1, 2]);
  expect(clock.sleeping).toBe(0);
});
