/** What every engine of the port `ControlStore` must keep. `ours` and `theirs` are two processes on one home. */
import {
  ActionLogLine,
  type ControlState,
  type ControlStore,
  type ControlVerb,
  type RecordStore,
} from '@vivarium/contracts';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { valuesOf } from './describe-record-store.ts';

export interface ControlStoreUnderTest {
  readonly ours: ControlStore;
  readonly theirs: ControlStore;
  readonly record: RecordStore;
  readonly stop: () => void;
}

export function describeControlStore(name: string, create: () => ControlStoreUnderTest): void {
  describe(`ControlStore: ${name}`, () => {
    let under: ControlStoreUnderTest;
    let ours: ControlStore;
    let theirs: ControlStore;
    beforeEach(() => {
      under = create();
      ({ ours, theirs } = under);
    });
    afterEach(() => under.stop());

    const ask = (verb: ControlVerb, reason?: string): ReturnType<ControlStore['change']> =>
      ours.change({ verb, actor: 'operator', reason });
    const told = (): readonly ActionLogLine[] =>
      valuesOf(under.record.tail('action').read().entries).map((value) => ActionLogLine.parse(value));
    const enter = (state: ControlState['kind']): void => {
      if (state === 'paused') ask('pause');
      if (state === 'halted') ask('halt');
    };

    it('a new home is running', () => {
      expect(ours.read()).toEqual({ kind: 'running' });
    });

    const table: readonly (readonly [
      ControlState['kind'],
      ControlVerb,
      string | undefined,
      'changed' | 'unchanged' | 'needs_reason',
      ControlState['kind'],
    ])[] = [
      ['running', 'pause', undefined, 'changed', 'paused'],
      ['running', 'halt', undefined, 'changed', 'halted'],
      ['running', 'resume', 'why not', 'unchanged', 'running'],
      ['paused', 'pause', undefined, 'unchanged', 'paused'],
      ['paused', 'halt', undefined, 'changed', 'halted'],
      ['paused', 'resume', undefined, 'changed', 'running'],
      ['halted', 'pause', undefined, 'unchanged', 'halted'],
      ['halted', 'halt', 'again', 'unchanged', 'halted'],
      ['halted', 'resume', undefined, 'needs_reason', 'halted'],
      ['halted', 'resume', '  \n', 'needs_reason', 'halted'],
      ['halted', 'resume', 'the fire is out', 'changed', 'running'],
    ];
    it.each(table)(
      'S3: %s, then %s (%s) is %s and leads to %s, for every process',
      (from, verb, reason, kind, to) => {
        enter(from);
        const before = ours.read();
        const lines = told().length;
        const receipt = ask(verb, reason);
        expect(receipt.kind).toBe(kind);
        expect(ours.read().kind).toBe(to);
        expect(theirs.read()).toEqual(ours.read());
        if (receipt.kind === 'changed') expect(receipt).toMatchObject({ before, after: ours.read() });
        else expect(receipt).toMatchObject({ state: before });
        expect(told().length - lines).toBe(kind === 'changed' ? 1 : 0);
      },
    );

    it('tells who stopped it, why and since when', () => {
      ours.change({ verb: 'halt', actor: 'panel', reason: 'Emergency stop from control panel' });
      const state = theirs.read();
      expect(state).toMatchObject({
        kind: 'halted',
        actor: 'panel',
        reason: 'Emergency stop from control panel',
      });
      expect(state.kind === 'halted' && state.since).toMatch(/^\d{4}-\d\d-\d\dT/);
    });
    it('has the reasons of the seed where none is given', () => {
      ask('pause');
      expect(ours.read()).toMatchObject({ reason: 'Manual pause triggered' });
      ask('halt');
      expect(ours.read()).toMatchObject({ reason: 'Manual halt triggered' });
    });
    it('S3: leaving HALT leaves no pause behind', () => {
      ask('pause');
      ask('halt');
      ask('resume', 'the fire is out');
      expect(theirs.read()).toEqual({ kind: 'running' });
    });
    it('records each change as SAFETY, with actor, reason, before and after', () => {
      ask('pause', 'lunch');
      ask('halt', 'smoke');
      ask('resume', 'the fire is out');
      expect(
        told().map(({ event, actor, action_type, detail }) => [event, actor, action_type, detail]),
      ).toEqual([
        ['control.paused', 'operator', 'SAFETY', 'lunch'],
        ['control.halted', 'operator', 'SAFETY', 'smoke'],
        ['control.resumed', 'operator', 'SAFETY', 'the fire is out'],
      ]);
      expect(told()[2]?.metadata).toMatchObject({
        actor: 'operator',
        reason: 'the fire is out',
        before: { kind: 'halted', reason: 'smoke' },
        after: { kind: 'running' },
      });
    });
    it('calls back when another process changes it, and not after its stop', async () => {
      const onChange = vi.fn();
      const stop = ours.watch(onChange);
      theirs.change({ verb: 'halt', actor: 'operator', reason: undefined });
      await vi.waitFor(() => expect(onChange).toHaveBeenCalled(), { timeout: 2_000, interval: 1 });
      stop();
      stop();
    });
  });
}
