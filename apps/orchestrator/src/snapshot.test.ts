import { committed, homeIdOf, homeLayout } from '@vivarium/contracts';
import { createRecordStore, initHome } from '@vivarium/home';
import { createMemoryMachine, type MemoryMachine } from '@vivarium/platform/testing';
import { VivariumError } from '@vivarium/core';
import { beforeEach, describe, expect, it } from 'vitest';
import { createRunWatch, type RunWatch } from './run-watch.ts';
import { createSnapshotFile } from './snapshot.ts';
import { claimed, ended } from './testing/views.ts';

const layout = homeLayout('/home');
const home = homeIdOf('/home');
let machine: MemoryMachine;
let record: ReturnType<typeof createRecordStore>;

const watchFrom = (snapshots = createSnapshotFile(layout, machine.files)): RunWatch => {
  const watch = createRunWatch(record, snapshots);
  watch.read();
  return watch;
};
const stateOf = (watch: RunWatch) => ({
  tasks: [...watch.tasks.entries()].toSorted(([a], [b]) => (a < b ? -1 : 1)),
  total: watch.money.money.book(true).total,
  run: watch.money.money.book(true).of('run', 'run_1'),
  cap: watch.money.money.book(true).capOf('run', 'run_1'),
  holds: watch.money.money.openHolds(),
  unreadable: [watch.unreadable, watch.money.unreadable],
});
const without = (): RunWatch => {
  const watch = createRunWatch(record);
  watch.read();
  return watch;
};
const money = (event: string, call: string, more: object) => ({
  timestamp: '2026-01-01T00:00:00.000Z', event, user: 'admin', role: 'admin', model: 'm', call_id: call, event_id: `api_${call}${event}`,
  home, run_id: 'run_1', task_id: call, round: 1, provider: 'simulator', simulated: true, ...more,
}); // prettier-ignore
const held = (call: string) =>
  money('call.held', call, {
    held: 0.000001,
    held_nano_usd: 1_000,
    input_token_bound: 9,
    max_completion_tokens: 16,
  });
const settled = (call: string) =>
  money('API_CALL_SUCCESS', call, { cost: 0.0000004, cost_nano_usd: 400, input_tokens: 4, output_tokens: 7 });
/** Long enough to be worth a snapshot. */
function longRecord(): void {
  const padding = 'x'.repeat(240);
  record.append('apiAudit', {
    ...money('run.opened', '', { cap: 1, cap_nano_usd: 1_000_000_000 }),
    call_id: undefined,
    task_id: undefined,
  });
  for (let task = 0; task < 12_000; task += 1) {
    const id = `t${task}`;
    record.appendAll('execution', [
      ...ended(id, task % 7 === 0 ? 'failed' : 'completed', { result_summary: padding, simulated: true }),
    ]);
    record.appendAll('apiAudit', [held(id), settled(id)]);
  }
  record.append('execution', claimed('open'));
  record.append('apiAudit', held('open'));
  machine.files.append(layout.log('execution'), 'not json\n');
}

describe('the snapshot', () => {
  beforeEach(() => {
    machine = createMemoryMachine();
    initHome(layout, machine.files);
    record = createRecordStore({ layout, home, machine });
    longRecord();
  });

  it('what goes on from it is what the whole record says, and reads only what is new', () => {
    watchFrom().remember();
    record.appendAll('execution', ended('open', 'completed').slice(1));
    record.append('apiAudit', settled('open'));
    let bytes = 0;
    const { readBytes } = machine.files;
    machine.files.readBytes = (path, offset, length, known) => {
      const found = readBytes(path, offset, length, known);
      if (path.startsWith(layout.logs)) bytes += found?.length ?? 0;
      return found;
    };
    const watch = watchFrom();
    expect(bytes).toBeLessThan(5_000);
    machine.files.readBytes = readBytes;
    expect(stateOf(watch)).toEqual(stateOf(without()));
    expect(committed(watch.money.money.book(true).total)).toBe(12_001 * 400);
  });

  it('a record that is short leaves none; one that is there is not written again for a few lines', () => {
    watchFrom().remember();
    const before = machine.files.readText(layout.snapshot);
    expect(before).toBeDefined();
    record.appendAll('execution', ended('open', 'completed').slice(1));
    watchFrom().remember();
    expect(machine.files.readText(layout.snapshot)).toBe(before);
    machine.files.remove(layout.snapshot);
    machine.files.replace(layout.log('execution'), '');
    machine.files.replace(layout.log('apiAudit'), '');
    watchFrom().remember();
    expect(machine.files.readText(layout.snapshot)).toBeUndefined();
  });

  it('deleted, cut, edited or of another version, it counts as absent', () => {
    watchFrom().remember();
    const whole = machine.files.readText(layout.snapshot) ?? '';
    const expected = stateOf(without());
    for (const spoiled of [
      '',
      'nonsense',
      whole.slice(0, -10),
      whole.replace('"unreadable":1', '"unreadable":2'),
      whole.replace('"version":3', '"version":2'),
    ]) {
      machine.files.replace(layout.snapshot, spoiled);
      expect(stateOf(watchFrom())).toEqual(expected);
    }
  });

  it('of a log that was replaced since, nothing of it is used', () => {
    watchFrom().remember();
    machine.files.replace(
      layout.log('execution'),
      ended('new', 'completed')
        .map((line) => `${JSON.stringify(line)}\n`)
        .join(''),
    );
    machine.files.replace(layout.log('apiAudit'), '');
    const watch = watchFrom();
    expect([...watch.tasks.entries()].map(([id]) => id)).toEqual(['new']);
    expect(stateOf(watch)).toEqual(stateOf(without()));
  });

  it('a home that cannot be written is read all the same', () => {
    machine.files.intercept((operation) => {
      if (operation === 'replace')
        throw new VivariumError('home_unwritable', 'read-only', { remedy: { kind: 'stop' } });
    });
    const watch = watchFrom();
    expect(() => watch.remember()).not.toThrow();
    expect(watch.tasks.get('open').status).toBe('in_progress');
  });
});
