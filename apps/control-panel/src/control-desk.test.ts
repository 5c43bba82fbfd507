import { homeIdOf, homeLayout, type ControlVerb, type PanelCommand } from '@vivarium/contracts';
import { VivariumError } from '@vivarium/core';
import { createControlStore, createRecordStore, initHome } from '@vivarium/home';
import { createMemoryMachine } from '@vivarium/platform/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { createControlDesk } from './control-desk.ts';

const layout = homeLayout('/home');
let machine: ReturnType<typeof createMemoryMachine>;
let resets: string[];
let desk: ReturnType<typeof createControlDesk>;
let control: ReturnType<typeof createControlStore>;
beforeEach(() => {
  machine = createMemoryMachine();
  initHome(layout, machine.files);
  control = createControlStore({
    layout,
    machine,
    record: createRecordStore({ layout, home: homeIdOf('/home'), machine }),
  });
  resets = [];
  desk = createControlDesk({
    control,
    clock: machine.clock,
    resetBreaker: (model, reason) => {
      resets.push(`${model}: ${reason}`);
      return reason === 'fails'
        ? Promise.reject(
            new VivariumError('grind_unreachable', 'grind does not answer', { remedy: { kind: 'retry' } }),
          )
        : Promise.resolve([model]);
    },
  });
});
const command = (id: string, verb: ControlVerb, reason: string | null = null): PanelCommand => ({
  id: `command-${id}`,
  verb,
  reason,
});
const lines = (): readonly string[] =>
  (machine.files.readText(layout.log('action')) ?? '').trim().split('\n');

describe('the desk where buttons arrive', () => {
  it('writes the control file, says who and why, and gives a receipt', async () => {
    const receipt = await desk.order(command('1', 'halt', '  the answers look wrong '));
    expect(receipt).toMatchObject({
      kind: 'changed',
      id: 'command-1',
      before: { kind: 'running' },
      after: { kind: 'halted', reason: 'the answers look wrong', actor: 'operator' },
    });
    expect(machine.files.stat(layout.halt)).toBeDefined();
    expect(lines().at(-1)).toContain('the answers look wrong');
  });

  it('P1: one id acts once and always gets its first receipt', async () => {
    const first = await desk.order(command('1', 'pause'));
    expect((await desk.order(command('2', 'resume'))).kind).toBe('changed');
    expect(await desk.order(command('1', 'pause'))).toBe(first);
    expect(control.read().kind).toBe('running');
    expect(lines()).toHaveLength(2);
  });

  it('S3: only a reason leads out of HALT', async () => {
    await desk.order(command('1', 'halt'));
    expect((await desk.order(command('2', 'clear-halt', '   '))).kind).toBe('needs_reason');
    expect(control.read().kind).toBe('halted');
    expect((await desk.order(command('3', 'clear-halt', 'mended'))).kind).toBe('changed');
    expect(control.read().kind).toBe('running');
  });

  it('P2: what could not be written is refused, not received', async () => {
    await desk.order(command('1', 'halt'));
    machine.files.failNext('append', new Error('no space left on device'));
    const receipt = await desk.order(command('2', 'clear-halt', 'mended'));
    expect(receipt.kind).toBe('refused');
    expect(control.read().kind).toBe('halted');
  });

  it('does not act on a flood', async () => {
    for (let index = 0; index < 20; index += 1)
      await desk.order(command(String(index), index % 2 === 0 ? 'pause' : 'resume'));
    expect(await desk.order(command('too many', 'halt'))).toMatchObject({
      kind: 'refused',
      why: expect.stringContaining('Too many') as string,
    });
    machine.clock.advance(10_001);
    expect((await desk.order(command('later', 'halt'))).kind).toBe('changed');
  });

  it('P1, P2: has a breaker reset once for one command, with a reason or not at all, and says what grind says', async () => {
    const reset = (id: string, reason: string | null): PanelCommand => ({
      id: `command-${id}`,
      verb: 'reset-breaker',
      model: 'm',
      reason,
    });
    expect(await desk.order(reset('1', '  '))).toMatchObject({
      kind: 'refused',
      why: expect.stringContaining('say why') as string,
    });
    const twice = await Promise.all([desk.order(reset('2', ' mended ')), desk.order(reset('2', ' mended '))]);
    expect(twice[0]).toMatchObject({ kind: 'breakers_reset', models: ['m'] });
    expect(twice[1]).toBe(twice[0]);
    expect(await desk.order(reset('3', 'fails'))).toMatchObject({
      kind: 'refused',
      why: 'grind does not answer',
    });
    expect(resets).toEqual(['m: mended', 'm: fails']);
  });
});
