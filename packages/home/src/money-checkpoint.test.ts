/** A start that reads from the last checkpoint knows what a start that reads everything knows, whatever died or was changed in between. */
import {
  createMoneyFold,
  homeIdOf,
  homeLayout,
  type ApiAuditLine,
  type MoneyFold,
} from '@vivarium/contracts';
import { createMemoryMachine, type MemoryMachine } from '@vivarium/platform/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createBudgetStore, type FileBudgetStore } from './budget-store.ts';
import { initHome } from './home.ts';
import { createRecordStore } from './record-store.ts';
import { heldLine, settledLine } from './testing/describe-budget-store.ts';

const layout = homeLayout('/home');
const home = homeIdOf('/home');
const EVERY = 7;
const TASKS = ['a', 'b', 'c'];

const machineWithHome = (): MemoryMachine => {
  const machine = createMemoryMachine();
  initHome(layout, machine.files);
  return machine;
};
const open = (machine: MemoryMachine, every = EVERY, told: string[] = []): FileBudgetStore =>
  createBudgetStore({
    record: createRecordStore({ layout, home, machine }),
    layout,
    machine,
    linesBetweenCheckpoints: every,
    onNoCheckpoint: (why) => void told.push(why),
  });

/** Everything anybody asks a fold of money. */
const known = (money: MoneyFold, calls: number): unknown => {
  const { tasks: _real, owned: _ofReal, ...real } = money.snapshot().real;
  const { tasks: _simulated, owned: _ofSimulated, ...simulated } = money.snapshot().simulated;
  const ids = Array.from({ length: calls }, (_, n) => `c${n}`);
  return {
    real,
    simulated,
    holds: money.openHolds().map(({ callId, amount }) => [callId, amount]),
    unsettled: money.snapshot().unsettled.map(({ callId }) => callId),
    tasks: TASKS.map((id) => {
      const { settled, unknown, held } = money.book(true).task(id, 1);
      return [id, settled + unknown, held];
    }),
    own: money.book(true).tasksOf('alice'),
    replies: ids.map((id) => money.replyFor(true, `key_${id}`)?.cost_nano_usd),
    refusals: money.refusals,
  };
};

type Step = readonly [kind: 'pay' | 'hold' | 'late' | 'fail', task: number, nano: number, isAlice: boolean];
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.tuple(
    fc.constantFrom('pay' as const, 'hold' as const, 'late' as const, 'fail' as const),
    fc.nat({ max: TASKS.length - 1 }),
    fc.integer({ min: 1, max: 9_999 }),
    fc.boolean(),
  ),
  { minLength: 1, maxLength: 40 },
);
function* linesOf(all: readonly Step[]): Generator<ApiAuditLine> {
  for (const [n, [kind, task, nano, isAlice]] of all.entries()) {
    const who = isAlice
      ? { task_id: `alice/${TASKS[task]}`, user: 'alice', role: 'lan' }
      : { task_id: TASKS[task] };
    const id = `c${n}`;
    yield { ...heldLine(id, 10_000), ...who };
    const base = { ...heldLine(id, 10_000), ...who };
    const unknown = { ...base, event: 'call.usage-unknown', error: 'late', charged: 1, charged_nano_usd: 10_000, may_settle: true, event_id: `u_${id}` } as ApiAuditLine; // prettier-ignore
    const failure = { ...base, event: 'API_CALL_FAILURE', error: 'HTTP 500', event_id: `f_${id}` } as ApiAuditLine; // prettier-ignore
    if (kind === 'late') yield unknown;
    if (kind === 'late' || kind === 'pay') yield { ...settledLine(id, nano), ...who };
    if (kind === 'fail') yield failure;
  }
}

describe('a checkpoint of the log of money', () => {
  it('M1, M2, M3: whatever was written, the next start knows the same as one that reads the whole log', () => {
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 9 }), (all, every) => {
        const machine = machineWithHome();
        let store = open(machine, every);
        let written = 0;
        for (const line of linesOf(all)) {
          store.write(line);
          written += 1;
          if (written % 11 === 0) store = open(machine, every);
        }
        const next = open(machine, every);
        expect(known(next.money, all.length)).toEqual(known(store.money, all.length));
        expect(next.read).toBeLessThanOrEqual(every + 1);
        machine.files.remove(layout.moneyCheckpoint);
        const whole = open(machine, 1_000_000);
        expect(known(next.money, all.length)).toEqual(known(whole.money, all.length));
        expect(whole.read).toBeGreaterThanOrEqual(written);
      }),
    );
  });

  it('one that cannot be written is told, costs nothing but time, and is tried again after as many lines', () => {
    const machine = machineWithHome();
    const told: string[] = [];
    const store = open(machine, 4, told);
    let isFull = true;
    machine.files.intercept((operation, path) => {
      if (isFull && operation === 'replace' && path === layout.moneyCheckpoint) throw new Error('disk full');
    });
    const pay = (times: number): void => {
      const calls = Array.from({ length: times }, (): Step => ['pay', 0, 5, false]);
      for (const line of linesOf(calls)) store.write(line);
    };
    pay(3);
    expect(told).toEqual([expect.stringContaining('disk full')]);
    isFull = false;
    pay(3);
    expect(told).toHaveLength(1);
    expect(machine.files.readText(layout.moneyCheckpoint)).toBeDefined();
    expect(open(machine, 4).read).toBeLessThan(6);
  });

  it('is written by whoever comes to it: a line, a line that shares a write, and a start that had to read long', async () => {
    const machine = machineWithHome();
    const checkpoints = (): number =>
      (machine.files.readText(layout.log('apiAudit')) ?? '').split('"event":"checkpoint"').length - 1;
    const lines = [...linesOf(Array.from({ length: 12 }, (): Step => ['pay', 0, 5, false]))];
    const unhurried = open(machine, 1_000_000);
    for (const line of lines.slice(0, 8)) unhurried.write(line);
    expect(checkpoints()).toBe(0);
    const store = open(machine, 8);
    expect(checkpoints()).toBe(1);
    for (const line of lines.slice(8, 16)) store.write(line);
    expect(checkpoints()).toBe(2);
    for (const line of lines.slice(16)) await store.commit(line);
    expect(checkpoints()).toBe(3);
  });

  it('between two of them memory lets go of tasks that are over', () => {
    const machine = machineWithHome();
    const lines = [...linesOf(Array.from({ length: 10_002 }, (): Step => ['pay', 0, 5, false]))].map(
      (line, n) => JSON.stringify({ ...line, task_id: `task-${Math.floor(n / 2)}` }),
    );
    machine.files.append(layout.log('apiAudit'), `${lines.join('\n')}\n`);
    const { money } = open(machine, 1_000_000);
    expect(money.snapshot().simulated.tasks).toHaveLength(2);
    for (const n of [0, 5_000, 10_001])
      expect(money.book(true).task(`task-${n}`, 1)).toMatchObject({ settled: 5, held: 0 });
  });

  it('M1: says what everything before it comes to, so that the log can be checked from there', () => {
    const machine = machineWithHome();
    const store = open(machine);
    for (const line of linesOf(Array.from({ length: 20 }, () => ['pay', 0, 5, false]))) store.write(line);
    const fold = createMoneyFold();
    const lines = (machine.files.readText(layout.log('apiAudit')) ?? '').trim().split('\n');
    let checkpoints = 0;
    for (const text of lines) {
      const line = JSON.parse(text) as ApiAuditLine;
      if (line.event === 'checkpoint') {
        checkpoints += 1;
        expect(fold.book(true).total).toMatchObject(line.simulated_book);
        expect(fold.book(false).total).toMatchObject(line.real_book);
      }
      fold.apply(line);
    }
    expect(checkpoints).toBeGreaterThan(4);
  });

  const full = (machine: MemoryMachine): FileBudgetStore => {
    const store = open(machine);
    for (const line of linesOf(Array.from({ length: 30 }, (_, n) => ['pay', n % 3, n + 1, false])))
      store.write(line);
    return store;
  };

  it.each<[string, (machine: MemoryMachine) => void]>([
    ['gone', ({ files }) => files.remove(layout.moneyCheckpoint)],
    ['empty', ({ files }) => files.replace(layout.moneyCheckpoint, '')],
    [
      'cut',
      ({ files }) =>
        files.replace(layout.moneyCheckpoint, (files.readText(layout.moneyCheckpoint) ?? '').slice(0, -40)),
    ],
    [
      'changed in its favour',
      ({ files }) =>
        files.replace(
          layout.moneyCheckpoint,
          (files.readText(layout.moneyCheckpoint) ?? '').replace(/"settled":[1-9]\d*/, '"settled":0'),
        ),
    ],
    ['no text', ({ files }) => files.replace(layout.moneyCheckpoint, '\ud800')],
    ['another JSON', ({ files }) => files.replace(layout.moneyCheckpoint, '{"version":1}')],
  ])('M1: one that is not what the log names is not believed: %s', (_what, change) => {
    const machine = machineWithHome();
    const store = full(machine);
    change(machine);
    const next = open(machine, 1_000_000);
    expect(known(next.money, 30)).toEqual(known(store.money, 30));
    expect(next.read).toBeGreaterThan(60);
  });

  it('M1: one of an earlier log is not believed when another stands in its place', () => {
    const machine = machineWithHome();
    full(machine);
    machine.files.remove(layout.log('apiAudit'));
    expect(open(machine).money.book(true).total).toMatchObject({ settled: 0, calls: 0 });
  });

  it('whatever dies or fails while it is written, the next start knows the same', () => {
    const dry = machineWithHome();
    let operations = 0;
    dry.files.intercept(() => void (operations += 1));
    full(dry);
    for (let at = 0; at < operations; at += 3) {
      const machine = machineWithHome();
      let count = 0;
      let isDead = false;
      let isArmed = true;
      machine.files.intercept(() => {
        if (count === at) isDead = true;
        count += 1;
        if (isDead && isArmed) throw new Error('this process is dead');
      });
      try {
        full(machine);
      } catch {
        // It died.
      }
      isArmed = false;
      const next = open(machine, 1_000_000);
      const known1 = known(next.money, 30);
      machine.files.remove(layout.moneyCheckpoint);
      expect(known(open(machine, 1_000_000).money, 30), `dead at operation ${at}`).toEqual(known1);
    }
  });

  it('whoever also goes by the log is told in short what it needs of before', () => {
    const machine = machineWithHome();
    full(machine);
    const record = createRecordStore({ layout, home, machine });
    const told: string[] = [];
    const also = {
      apply: (line: ApiAuditLine) => void told.push(line.event),
      keep: () => [heldLine('kept', 1)],
    };
    const store = createBudgetStore({ record, layout, machine, also, linesBetweenCheckpoints: 2 });
    store.write(heldLine('x1', 1));
    store.write(heldLine('x2', 1));
    told.length = 0;
    createBudgetStore({ record, layout, machine, also, linesBetweenCheckpoints: 2 });
    expect(told).toEqual(['call.held', 'checkpoint']);
  });
});
