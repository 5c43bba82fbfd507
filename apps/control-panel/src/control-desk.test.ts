import { homeIdOf, homeLayout, type PanelCommand } from '@vivarium/contracts';
import { createControlStore, createRecordStore, initHome } from '@vivarium/home';
import { createMemoryMachine } from '@vivarium/platform/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { createControlDesk } from './control-desk.ts';

const layout = homeLayout('/home');
let machine: ReturnType<typeof createMemoryMachine>;
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
  desk = createControlDesk({ control, clock: machine.clock });
});
const command = (id: string, verb: PanelCommand['verb'], reason: string | null = null): PanelCommand => ({
  id: `command-${id}`,
  verb,
  reason,
});
const lines = (): readonly string[] =>
  (machine.files.readText(layout.log('action')) ?? '').trim().split('\n');

describe('the desk where buttons arrive', () => {
  it('writes the control file, says who and why, and gives a receipt', () => {
    const receipt = desk.order(command('1', 'halt', '  the answers look wrong '));
    expect(receipt).toMatchObject({
      kind: 'changed',
      id: 'command-1',
      before: { kind: 'running' },
      after: { kind: 'halted', reason: 'the answers look wrong', actor: 'operator' },
    });
    expect(machine.files.stat(layout.halt)).toBeDefined();
    expect(lines().at(-1)).toContain('the answers look wrong');
  });

  it('P1: one id acts once and always gets its first receipt', () => {
    const first = desk.order(command('1', 'pause'));
    expect(desk.order(command('2', 'resume')).kind).toBe('changed');
    expect(desk.order(command('1', 'pause'))).toBe(first);
    expect(control.read().kind).toBe('running');
    expect(lines()).toHaveLength(2);
  });

  it('S3: only a reason leads out of HALT', () => {
    desk.order(command('1', 'halt'));
    expect(desk.order(command('2', 'clear-halt', '   ')).kind).toBe('needs_reason');
    expect(control.read().kind).toBe('halted');
    expect(desk.order(command('3', 'clear-halt', 'mended')).kind).toBe('changed');
    expect(control.read().kind).toBe('running');
  });

  it('P2: what could not be written is refused, not received', () => {
    desk.order(command('1', 'halt'));
    machine.files.failNext('append', new Error('no space left on device'));
    const receipt = desk.order(command('2', 'clear-halt', 'mended'));
    expect(receipt.kind).toBe('refused');
    expect(control.read().kind).toBe('halted');
  });

  it('does not act on a flood', () => {
    for (let index = 0; index < 20; index += 1)
      desk.order(command(String(index), index % 2 === 0 ? 'pause' : 'resume'));
    expect(desk.order(command('too many', 'halt'))).toMatchObject({
      kind: 'refused',
      why: expect.stringContaining('Too many') as string,
    });
    machine.clock.advance(10_001);
    expect(desk.order(command('later', 'halt')).kind).toBe('changed');
  });
});
