/** What every engine of the port `RecordStore` must keep. `ours` and `theirs` are two processes on one home. */
import { ActionLogLine, sha256, type RecordEntry, type RecordStore } from '@vivarium/contracts';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

export interface RecordStoreUnderTest {
  readonly ours: RecordStore;
  readonly theirs: RecordStore;
  readonly stop: () => void;
}

export const valuesOf = (entries: readonly RecordEntry[]): readonly unknown[] =>
  entries.flatMap((entry) => (entry.kind === 'line' ? [entry.value] : []));

export function describeRecordStore(name: string, create: () => RecordStoreUnderTest): void {
  describe(`RecordStore: ${name}`, () => {
    let under: RecordStoreUnderTest;
    let ours: RecordStore;
    let theirs: RecordStore;
    beforeEach(() => {
      under = create();
      ({ ours, theirs } = under);
    });
    afterEach(() => under.stop());

    describe('append and tail', () => {
      it('what one process appends, every other reads, in one order', () => {
        const tail = theirs.tail('execution');
        ours.append('execution', { n: 1 });
        theirs.append('execution', { n: 2 });
        ours.appendAll('execution', [{ n: 3 }, { n: 4 }]);
        expect(valuesOf(tail.read().entries)).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }, { n: 4 }]);
        expect(valuesOf(ours.tail('execution').read().entries)).toEqual([
          { n: 1 },
          { n: 2 },
          { n: 3 },
          { n: 4 },
        ]);
      });
      it('Q8: a line is readable as soon as its append returns, also to its writer', () => {
        const tail = ours.tail('execution');
        for (let n = 0; n < 5; n += 1) {
          ours.append('execution', { n });
          expect(valuesOf(tail.read().entries)).toEqual([{ n }]);
        }
      });
      it('each line is told once', () => {
        const tail = ours.tail('execution');
        ours.append('execution', { n: 1 });
        tail.read();
        expect(tail.read()).toMatchObject({ entries: [], restarted: false });
      });
      it('logs are apart, and one without lines is empty', () => {
        ours.append('safetyAudit', { n: 1 });
        expect(ours.tail('apiAudit').read()).toMatchObject({ entries: [], restarted: false });
        expect(valuesOf(ours.tail('safetyAudit').read().entries)).toMatchObject([{ n: 1 }]);
      });
      it('lines keep every character, newlines in texts included', () => {
        const line = { text: 'a\nb\r\n\u2028\u0000"\\ grüße 日本語 🌱', nested: { list: [1, null, true] } };
        ours.append('execution', line);
        expect(valuesOf(theirs.tail('execution').read().entries)).toEqual([line]);
      });
      it('appending nothing writes nothing', () => {
        ours.appendAll('execution', []);
        expect(ours.tail('execution').read().entries).toEqual([]);
      });
      it('entries stand one behind the other, and the cursor behind the last', () => {
        ours.appendAll('execution', [{ n: 1 }, { text: 'ü' }, { n: 3 }]);
        const { entries, cursor } = ours.tail('execution').read();
        expect(entries[0]?.from).toBe(0);
        expect(entries[1]?.from).toBe(entries[0]?.to);
        expect(entries[2]?.from).toBe(entries[1]?.to);
        expect(cursor.offset).toBe(entries[2]?.to);
      });
      it('says how long a log is', () => {
        expect(ours.size('execution')).toBe(0);
        theirs.append('execution', { text: 'ü' });
        expect(ours.size('execution')).toBe('{"text":"ü"}'.length + 2);
      });
      it('can be synced', () => {
        ours.append('apiAudit', { n: 1 });
        ours.sync('apiAudit');
        expect(valuesOf(theirs.tail('apiAudit').read().entries)).toMatchObject([{ n: 1 }]);
      });
      it('S5: each line of a log with one writer names its number and the hash of the line before, whichever process goes on with it', () => {
        for (const store of [ours, ours, theirs]) {
          store.mend('apiAudit');
          store.appendAll('apiAudit', [{ n: 1 }, { n: 'ü' }]);
        }
        const links = valuesOf(theirs.tail('apiAudit').read().entries) as { seq: number; prev: string }[];
        expect(links.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6]);
        for (const [index, link] of links.entries())
          expect(link.prev).toBe(sha256(index === 0 ? '' : `${JSON.stringify(links[index - 1])}\n`));
      });
    });

    describe('cursors', () => {
      it('a reader goes on where another stopped, in this process or the next', () => {
        ours.append('action', { n: 1 });
        const { cursor } = ours.tail('action').read();
        ours.append('action', { n: 2 });
        const batch = theirs.tail('action', cursor).read();
        expect(batch.restarted).toBe(false);
        expect(valuesOf(batch.entries)).toEqual([{ n: 2 }]);
      });
      it('a cursor of another generation restarts', () => {
        ours.append('action', { n: 1 });
        const batch = theirs.tail('action', { generation: 'of another file', offset: 8 }).read();
        expect(batch.restarted).toBe(true);
        expect(valuesOf(batch.entries)).toEqual([{ n: 1 }]);
      });
      it('a cursor behind the end restarts', () => {
        ours.append('action', { n: 1 });
        const { cursor } = ours.tail('action').read();
        expect(theirs.tail('action', { ...cursor, offset: cursor.offset + 100 }).read().restarted).toBe(true);
      });
      it('a cursor at the beginning has nothing to restart', () => {
        const { cursor } = ours.tail('action').read();
        ours.append('action', { n: 1 });
        const batch = ours.tail('action', cursor).read();
        expect(batch.restarted).toBe(false);
        expect(valuesOf(batch.entries)).toEqual([{ n: 1 }]);
      });
    });

    describe('act', () => {
      it('writes a whole action line with ids and time, and cuts nothing', () => {
        const detail = 'x'.repeat(500);
        ours.act({
          actor: 'w1',
          action_type: 'API',
          action: 'call',
          detail,
          task_id: 't1',
          metadata: { a: 1 },
        });
        ours.act({ actor: 'w1', action_type: 'API', action: 'call', detail: '' });
        const [first, second] = valuesOf(theirs.tail('action').read().entries).map((value) =>
          ActionLogLine.parse(value),
        );
        expect(first).toMatchObject({
          actor: 'w1',
          action_type: 'API',
          action: 'call',
          detail,
          task_id: 't1',
          session_id: null,
          metadata: { a: 1 },
        });
        expect(first?.timestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
        expect(first?.home).toMatch(/^home_/);
        expect(second?.metadata).toBeNull();
        expect(first?.event_id).not.toBe(second?.event_id);
      });
      it('keeps the keys of the seed in their order', () => {
        ours.act({ action: 'call', detail: '', run_id: 'r', action_type: 'API', actor: 'w1' });
        const [line] = valuesOf(ours.tail('action').read().entries);
        expect(Object.keys(line ?? {}).slice(0, 7)).toEqual([
          'timestamp',
          'actor',
          'action_type',
          'action',
          'detail',
          'session_id',
          'metadata',
        ]);
      });
    });

    describe('mend', () => {
      it('leaves a whole log and a missing one as they are', () => {
        ours.mend('execution');
        expect(ours.tail('execution').read().entries).toEqual([]);
        ours.append('execution', { n: 1 });
        theirs.mend('execution');
        theirs.append('execution', { n: 2 });
        expect(valuesOf(ours.tail('execution').read().entries)).toMatchObject([{ n: 1 }, { n: 2 }]);
      });
    });

    describe('results', () => {
      it('are stored under their SHA-256, and read by anybody', () => {
        const text = 'a result\nof two lines 🌱';
        const name = ours.putResult(text);
        expect(name).toMatch(/^[0-9a-f]{64}$/);
        expect(theirs.putResult(text)).toBe(name);
        expect(theirs.getResult(name)).toBe(text);
        expect(theirs.getResult(ours.putResult(''))).toBe('');
        const all = [...theirs.results()].filter((each) => each.text !== '');
        expect(all.length).toBeGreaterThan(0);
        for (const each of all) expect(each).toEqual({ sha256: name, text });
      });
      it('that are not there are undefined, whatever was asked for', () => {
        expect(ours.getResult('0'.repeat(64))).toBeUndefined();
        expect(ours.getResult('../../queue.json')).toBeUndefined();
        expect(ours.getResult('')).toBeUndefined();
      });
    });

    describe('watch', () => {
      it('calls back after another process appended, and not after its stop', async () => {
        const onChange = vi.fn();
        const stop = ours.watch(onChange);
        theirs.append('execution', { n: 1 });
        await vi.waitFor(() => expect(onChange).toHaveBeenCalled(), { timeout: 2_000, interval: 1 });
        stop();
        stop();
      });
      it('of one log, calls back for that one and for no other', async () => {
        const onAny = vi.fn();
        const onMoney = vi.fn();
        const stops = [ours.watch(onAny), ours.watch(onMoney, 'apiAudit')];
        theirs.append('execution', { n: 1 });
        await vi.waitFor(() => expect(onAny).toHaveBeenCalled(), { timeout: 2_000, interval: 1 });
        expect(onMoney).not.toHaveBeenCalled();
        theirs.append('apiAudit', { n: 1 });
        await vi.waitFor(() => expect(onMoney).toHaveBeenCalled(), { timeout: 2_000, interval: 1 });
        for (const stop of stops) stop();
      });
    });
  });
}
