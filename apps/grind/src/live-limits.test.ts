import { nanoUsd, VivariumError } from '@vivarium/core';
import { createMemoryMachine } from '@vivarium/platform/testing';
import { expect, it } from 'vitest';
import { createLiveLimits } from './live-limits.ts';

function world() {
  const machine = createMemoryMachine();
  machine.files.makeDirectory('/home');
  const path = '/home/.env';
  const faults: string[] = [];
  const write = (cap: string): void => machine.files.replace(path, cap);
  const read = () => {
    const cap = Number(machine.files.readText(path) ?? '10');
    if (Number.isNaN(cap))
      throw new VivariumError('config_invalid', 'not an amount', { remedy: { kind: 'stop' } });
    return { dayCap: nanoUsd(cap), directCap: nanoUsd(cap * 2) };
  };
  const limits = createLiveLimits({ path, files: machine.files, clock: machine.clock, read, onFault: (detail) => faults.push(detail) }); // prettier-ignore
  return { machine, write, faults, limits };
}

it('M1: a cap that was changed is in force within a fifth of a second, and what did not change is not read again', () => {
  const { machine, write, limits } = world();
  expect([limits.dayCap, limits.directCap]).toEqual([10, 20]);
  write('7');
  machine.clock.advance(200);
  expect([limits.dayCap, limits.directCap]).toEqual([7, 14]);
  write('8');
  machine.clock.advance(100);
  expect(limits.dayCap).toBe(7);
  machine.clock.advance(100);
  expect(limits.dayCap).toBe(8);
  write('7');
  machine.clock.advance(200);
  expect([limits.dayCap, limits.directCap]).toEqual([7, 14]);
  let reads = 0;
  machine.files.intercept((operation) => void (reads += operation === 'readText' ? 1 : 0));
  for (let n = 0; n < 5; n += 1) {
    machine.clock.advance(200);
    expect(limits.dayCap).toBe(7);
  }
  expect(reads).toBe(0);
});

it('M1: a file that is wrong changes nothing and is told once; mended, it counts', () => {
  const { machine, write, faults, limits } = world();
  write('ten');
  for (let n = 0; n < 3; n += 1) {
    machine.clock.advance(200);
    expect(limits.dayCap).toBe(10);
  }
  expect(faults).toEqual([expect.stringMatching(/the caps stay as they were\. not an amount/)]);
  write('3');
  machine.clock.advance(200);
  expect(limits.dayCap).toBe(3);
});

it('M1: a file that an editor has emptied and not yet written again puts no other cap in force', () => {
  const { machine, write, limits } = world();
  write('1');
  machine.clock.advance(200);
  expect(limits.dayCap).toBe(1);
  machine.clock.advance(150);
  machine.files.remove('/home/.env');
  machine.files.replace('/home/.env', '');
  expect(limits.dayCap).toBe(1);
  machine.clock.advance(20);
  write('2');
  for (let n = 0; n < 4; n += 1) {
    expect([1, 2]).toContain(limits.dayCap);
    machine.clock.advance(100);
  }
  expect(limits.dayCap).toBe(2);
});

it('M1: a file that cannot be looked at changes nothing and throws nothing, is told once, and counts again when it can', () => {
  const { machine, write, faults, limits } = world();
  write('7');
  machine.clock.advance(200);
  expect(limits.dayCap).toBe(7);
  for (let time = 0; time < 3; time += 1) {
    machine.clock.advance(200);
    machine.files.failNext('stat', new Error('ELOOP'));
    expect(limits.dayCap).toBe(7);
  }
  expect(faults).toEqual(['.env cannot be looked at, so the caps stay as they were. ELOOP']);
  write('8');
  machine.clock.advance(200);
  expect(limits.dayCap).toBe(8);
});
