import { homeIdOf, homeLayout } from '@vivarium/contracts';
import { createRecordStore, createSealer, createVerifier, initHome } from '@vivarium/home';
import { createMemoryMachine } from '@vivarium/platform/testing';
import { expect, it } from 'vitest';
import { watchRecord } from './record-watch.ts';

it('S5: the panel says up to when the record is verified, what is not sealed yet, and where it was broken', async () => {
  const layout = homeLayout('/home');
  const machine = createMemoryMachine();
  initHome(layout, machine.files);
  const home = homeIdOf('/home');
  const record = createRecordStore({ layout, home, machine });
  const sealer = createSealer({ layout, machine, record, keyring: undefined });
  const faults: string[] = [];
  const watch = watchRecord({
    clock: machine.clock,
    createVerifier: () => createVerifier({ layout, files: machine.files, home }),
    onFault: (message) => faults.push(message),
  });
  await machine.clock.advanceSettled(10);
  expect(watch.seen).toMatchObject({ state: 'unsealed', verified_to: null });
  for (let n = 0; n < 5; n += 1) record.append('execution', { n });
  await sealer.pass();
  record.append('execution', { n: 'not sealed' });
  await machine.clock.advanceSettled(2_000);
  expect(watch.seen).toMatchObject({ state: 'verified', lines: 5, unsealed_bytes: 19, fault: null });
  expect(watch.seen.verified_to).toMatch(/Z$/);

  const path = layout.log('execution');
  machine.files.replace(path, (machine.files.readText(path) ?? '').replace('"n":2', '"n":7'));
  await machine.clock.advanceSettled(610_000);
  expect(watch.seen).toMatchObject({
    state: 'broken',
    fault: expect.stringContaining('logs/execution_log.jsonl, record 3, byte 16: edited') as string,
  });
  expect(faults).toEqual([]);
  watch.stop();
});
