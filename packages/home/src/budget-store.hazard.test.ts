/** Money's log on a disk that refuses and tears. */
import { committed, homeIdOf, homeLayout, type BudgetStore } from '@vivarium/contracts';
import { createMemoryMachine, type MemoryMachine } from '@vivarium/platform/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { createBudgetStore, type FileBudgetStore } from './budget-store.ts';
import { initHome } from './home.ts';
import { createRecordStore } from './record-store.ts';
import { createLinkCheck } from './seal/link-check.ts';
import { heldLine, settledLine } from './testing/describe-budget-store.ts';

const layout = homeLayout('/home');
const unwritable = expect.objectContaining({ code: 'record_unwritable' }) as Error;

describe('the log of money on a failing disk', () => {
  let machine: MemoryMachine;
  beforeEach(() => {
    machine = createMemoryMachine();
    initHome(layout, machine.files);
  });
  const open = (): FileBudgetStore =>
    createBudgetStore({
      record: createRecordStore({ layout, home: homeIdOf('/home'), machine }),
      layout,
      machine,
    });
  const sums = (store: BudgetStore): unknown => [
    store.money.book(true).total,
    store.money.openHolds().map(({ callId }) => callId),
  ];

  it('M1: a hold whose write throws was never granted, here or for the next grind', () => {
    const store = open();
    const length = JSON.stringify(heldLine('c1', 5_000)).length;
    for (const bytes of [0, 1, length - 1, length]) {
      machine.files.truncateNextAppend(bytes);
      expect(() => store.write(heldLine('c1', 5_000))).toThrow(unwritable);
      expect(committed(store.money.book(true).total)).toBe(0);
    }
    store.write(heldLine('c2', 7_000));
    expect(sums(open())).toEqual(sums(store));
    expect(store.money.book(true).total.held).toBe(7_000);
  });
  it('M1, M3: a whole last line that a crash left without its newline counts from the moment the log is opened', () => {
    const path = layout.log('apiAudit');
    machine.files.replace(path, JSON.stringify(heldLine('c1', 900_000)));
    const store = open();
    expect(store.money.book(true).total.held).toBe(900_000);
    store.write(heldLine('c2', 1_000));
    expect(sums(open())).toEqual(sums(store));
  });
  it('M2: a settlement that could not be written leaves the hold charged, and may be written again', () => {
    const store = open();
    store.write(heldLine('c1', 5_000));
    machine.files.truncateNextAppend(20);
    expect(() => store.write(settledLine('c1', 4_160))).toThrow(unwritable);
    expect(store.money.book(true).total).toMatchObject({ held: 5_000, settled: 0 });
    store.write(settledLine('c1', 4_160));
    expect(store.money.book(true).total).toMatchObject({ held: 0, settled: 4_160 });
    expect(sums(open())).toEqual(sums(store));
  });
  it('M1: whichever write fails, the fold in use is the fold of the log', () => {
    const lines = [
      heldLine('c1', 5),
      heldLine('c2', 7),
      settledLine('c1', 4),
      heldLine('c3', 9),
      settledLine('c3', 9),
    ];
    for (let failing = 0; failing < lines.length; failing += 1) {
      machine.files.remove(layout.log('apiAudit'));
      const store = open();
      machine.files.failNext('append', undefined, failing);
      for (const [index, line] of lines.entries()) {
        if (index === failing) expect(() => store.write(line)).toThrow(unwritable);
        else store.write(line);
      }
      expect(sums(open())).toEqual(sums(store));
    }
  });
  it('M2: lines that cannot be read are counted, and release nothing', () => {
    const store = open();
    store.write(heldLine('c1', 5_000));
    machine.files.append(
      layout.log('apiAudit'),
      `${JSON.stringify(settledLine('c1', 4_160)).slice(0, 50)}\n{"event":"from.the.future","call_id":"c1"}\n`,
    );
    const next = open();
    expect(next.skipped).toBe(2);
    expect(next.money.book(true).total.held).toBe(5_000);
  });
  it('M3: a reply is found in the log again, the same one, and only in its book', () => {
    const record = createRecordStore({ layout, home: homeIdOf('/home'), machine });
    const store = createBudgetStore({ record, layout, machine });
    for (const id of ['c1', 'c2', 'c3', 'c4']) {
      store.write(heldLine(id, 5_000));
      store.write(settledLine(id, 4_000));
      // A repeated line settles nothing and is nobody's reply.
      store.write(settledLine(id, 9));
    }
    for (const under of [store, createBudgetStore({ record, layout, machine })]) {
      for (const id of ['c1', 'c2', 'c3', 'c4', 'c1']) {
        expect(under.money.replyFor(true, `key_${id}`)).toMatchObject({ call_id: id, cost_nano_usd: 4_000 });
        expect(under.money.replyFor(false, `key_${id}`)).toBeUndefined();
      }
      expect(under.money.replyFor(true, 'key_of_nobody')).toBeUndefined();
    }
  });
  it('M3: a recorded key whose line was taken away is not called unknown, which would pay for it again', () => {
    const record = createRecordStore({ layout, home: homeIdOf('/home'), machine });
    const store = createBudgetStore({ record, layout, machine });
    for (const id of ['c1', 'c2']) {
      store.write(heldLine(id, 5_000));
      store.write(settledLine(id, 4_000));
    }
    machine.files.replace(layout.log('apiAudit'), '');
    for (const key of ['key_c1', 'key_c2'])
      expect(() => store.money.replyFor(true, key)).toThrow(
        expect.objectContaining({ code: 'record_unreadable' }) as Error,
      );
  });
  /** Whatever was torn by ourselves is nobody's tampering (S5). */
  const chainFault = (): unknown => {
    const check = createLinkCheck();
    let byte = 0;
    let fault: unknown;
    const lines = (machine.files.readText(layout.log('apiAudit')) ?? '').match(/[^\n]*\n/g) ?? [];
    for (const [index, line] of lines.entries()) {
      fault ??= check.see(Buffer.from(line), { record: index + 1, byte });
      byte += Buffer.byteLength(line);
    }
    return fault ?? check.end();
  };
  it('S5: a line of ours that was torn just before its newline is no link of the chain', () => {
    const store = open();
    store.write(heldLine('c1', 5_000));
    const length = (machine.files.readText(layout.log('apiAudit')) ?? '').length;
    for (const missing of [1, 2]) {
      machine.files.truncateNextAppend(length - missing);
      expect(() => store.write(heldLine('c2', 5_000))).toThrow(unwritable);
      store.write(heldLine(`c3.${missing}`, 5_000));
    }
    expect(chainFault()).toBeUndefined();
  });
  it('M1: a line that was refused is not made readable by a checkpoint that follows', async () => {
    /** Two lines in one write, of which so many bytes fit, and nothing after it. Answers how long they are. */
    const pair = async (
      room: number,
    ): Promise<{ store: FileBudgetStore; fates: readonly string[]; length: number }> => {
      machine = createMemoryMachine();
      initHome(layout, machine.files);
      const ends: (() => void)[] = [];
      const record = createRecordStore({
        layout,
        home: homeIdOf('/home'),
        machine,
        soon: (then) => ends.push(then),
      });
      const store = createBudgetStore({ record, layout, machine, linesBetweenCheckpoints: 2 });
      store.write(heldLine('c0', 5_000));
      const size = (): number => machine.files.stat(layout.log('apiAudit'))?.size ?? 0;
      const before = size();
      const given = [heldLine('c1', 11), heldLine('c2', 600)].map((line) => store.commit(line));
      let writes = 0;
      const stop = machine.files.intercept((operation, path) => {
        if (operation !== 'append' || path !== layout.log('apiAudit')) return;
        writes += 1;
        if (writes > 1) throw new Error('ENOSPC');
      });
      if (Number.isFinite(room)) machine.files.truncateNextAppend(room);
      for (const end of ends) end();
      const length = size() - before;
      stop();
      const fates = (await Promise.allSettled(given)).map(({ status }) => status);
      return { store, fates, length };
    };
    const { length } = await pair(Number.POSITIVE_INFINITY);
    for (const missing of [1, 2, 30]) {
      const { store, fates } = await pair(length - missing);
      expect(fates).toEqual(['fulfilled', 'rejected']);
      store.write(heldLine('c3', 7));
      store.write(settledLine('c3', 7));
      expect(sums(open())).toEqual(sums(store));
      // Also for who reads all of the log.
      machine.files.remove(layout.moneyCheckpoint);
      expect(sums(open())).toEqual(sums(store));
      expect(store.money.book(true).total.held).toBe(5_011);
      expect(chainFault()).toBeUndefined();
    }
  });
  /** Lines given together on a disk that takes so many bytes of them. */
  const together = async (bytes: number): Promise<{ store: FileBudgetStore; fates: readonly string[] }> => {
    const ends: (() => void)[] = [];
    const record = createRecordStore({
      layout,
      home: homeIdOf('/home'),
      machine,
      soon: (then) => ends.push(then),
    });
    const store = createBudgetStore({ record, layout, machine });
    store.write(heldLine('c1', 5_000));
    store.write(heldLine('c2', 5_000));
    if (Number.isFinite(bytes)) machine.files.truncateNextAppend(bytes);
    const given = [settledLine('c1', 4_000), heldLine('c3', 600), settledLine('c2', 3_000)].map((line) =>
      store.commit(line).then(
        () => 'counts',
        () => 'refused',
      ),
    );
    expect(store.money.book(true).total.held).toBe(10_000);
    for (const end of ends) end();
    return { store, fates: await Promise.all(given) };
  };
  it('M1: lines that share a write count when they stand, whole or in part, here and for the next grind', async () => {
    const { fates: all } = await together(Number.POSITIVE_INFINITY);
    expect(all).toEqual(['counts', 'counts', 'counts']);
    const text = machine.files.readText(layout.log('apiAudit')) ?? '';
    const lines = text.split('\n').slice(2, 5);
    const size = Buffer.byteLength(lines.join('\n')) + 1;
    for (let bytes = 0; bytes <= size; bytes += bytes > size - 3 || bytes < 3 ? 1 : 7) {
      machine = createMemoryMachine();
      initHome(layout, machine.files);
      const { store, fates } = await together(bytes);
      // What did not fit in the one write found room by itself: the disk was full for a moment only.
      expect(fates).toEqual(['counts', 'counts', 'counts']);
      expect(store.money.book(true).total).toMatchObject({ held: 600, settled: 7_000, calls: 2 });
      const next = open();
      expect(sums(next)).toEqual(sums(store));
      expect(chainFault()).toBeUndefined();
      for (const id of ['c1', 'c2'])
        for (const each of [store, next])
          expect(each.money.replyFor(true, `key_${id}`)).toMatchObject({ call_id: id });
    }
  });
  it('M1: of lines that share a write none counts that a full disk keeps out', async () => {
    machine.files.intercept((operation, path) => {
      if (operation === 'append' && path === layout.log('apiAudit') && full) throw new Error('ENOSPC');
    });
    let full = false;
    const ends: (() => void)[] = [];
    const record = createRecordStore({
      layout,
      home: homeIdOf('/home'),
      machine,
      soon: (then) => ends.push(then),
    });
    const store = createBudgetStore({ record, layout, machine });
    store.write(heldLine('c1', 5_000));
    full = true;
    const given = [settledLine('c1', 4_000), heldLine('c2', 600)].map((line) => store.commit(line));
    for (const end of ends) end();
    for (const each of given) await expect(each).rejects.toEqual(unwritable);
    full = false;
    expect(store.money.book(true).total).toMatchObject({ held: 5_000, settled: 0 });
    store.write(settledLine('c1', 4_000));
    expect(sums(open())).toEqual(sums(store));
  });
  it('M2: a line written twice counts once', () => {
    const store = open();
    for (const line of [
      heldLine('c1', 5_000),
      heldLine('c1', 5_000),
      settledLine('c1', 4_160),
      settledLine('c1', 4_160),
    ])
      store.write(line);
    expect(store.money.book(true).total).toMatchObject({ held: 0, settled: 4_160, calls: 1 });
    expect(sums(open())).toEqual(sums(store));
  });
});
