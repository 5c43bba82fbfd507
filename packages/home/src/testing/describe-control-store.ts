/** What every engine of the port `ControlStore` must keep. `ours` and `theirs` are two processes on one home. */
import {
  ActionLogLine,
  hasHeard,
  orderOf,
  type ControlState,
  type ControlStore,
  type ControlVerb,
  type RecordStore,
} from '@vivarium/contracts';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { valuesOf } from './describe-record-store.ts';

/** By strictness; what each brings about stands in the same place of the other. */
const VERBS: readonly ControlVerb[] = ['hold', 'pause', 'drain', 'halt'];
const KINDS: readonly ControlState['kind'][] = ['hold', 'paused', 'draining', 'halted'];

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
      if (state === 'hold') ask('hold');
      if (state === 'draining') ask('drain');
    };

    it('a new home is running', () => {
      expect(ours.read()).toEqual({ kind: 'running' });
    });

    const table: readonly (readonly [
      ControlState['kind'],
      ControlVerb,
      string | undefined,
      'changed' | 'unchanged' | 'needs_reason' | 'needs_clear_halt',
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
      ['halted', 'resume', 'the fire is out', 'needs_clear_halt', 'halted'],
      ['halted', 'clear-halt', undefined, 'needs_reason', 'halted'],
      ['halted', 'clear-halt', '  \n', 'needs_reason', 'halted'],
      ['halted', 'clear-halt', 'the fire is out', 'changed', 'running'],
      ['halted', 'hold', undefined, 'unchanged', 'halted'],
      ['halted', 'drain', undefined, 'unchanged', 'halted'],
      ['running', 'hold', undefined, 'changed', 'hold'],
      ['running', 'drain', undefined, 'changed', 'draining'],
      ['running', 'clear-halt', 'why not', 'unchanged', 'running'],
      ['hold', 'pause', undefined, 'changed', 'paused'],
      ['hold', 'clear-halt', 'why not', 'unchanged', 'hold'],
      ['hold', 'resume', undefined, 'changed', 'running'],
      ['paused', 'hold', undefined, 'unchanged', 'paused'],
      ['paused', 'drain', undefined, 'changed', 'draining'],
      ['draining', 'pause', undefined, 'unchanged', 'draining'],
      ['draining', 'halt', undefined, 'changed', 'halted'],
      ['draining', 'resume', undefined, 'changed', 'running'],
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
        // Kept under a stricter one it comes into force when that goes without it: then the record knows who gave it.
        const isKept = VERBS.indexOf(verb) >= 0 && VERBS.indexOf(verb) < KINDS.indexOf(from);
        expect(told().length - lines).toBe(kind === 'changed' || isKept ? 1 : 0);
        ask(verb, reason);
        expect(told().length - lines).toBeLessThanOrEqual(1);
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
      ask('clear-halt', 'the fire is out');
      expect(theirs.orders()).toEqual([]);
      expect(theirs.read()).toEqual({ kind: 'running' });
    });
    it('records each change as SAFETY, with actor, reason, before and after', () => {
      ask('pause', 'lunch');
      ask('halt', 'smoke');
      ask('clear-halt', 'the fire is out');
      expect(
        told().map(({ event, actor, action_type, detail }) => [event, actor, action_type, detail]),
      ).toEqual([
        ['control.paused', 'operator', 'SAFETY', 'lunch'],
        ['control.halted', 'operator', 'SAFETY', 'smoke'],
        ['control.halt-cleared', 'operator', 'SAFETY', 'the fire is out'],
      ]);
      expect(told()[2]?.metadata).toMatchObject({
        actor: 'operator',
        reason: 'the fire is out',
        before: { kind: 'halted', reason: 'smoke' },
        after: { kind: 'running' },
      });
    });
    it('an order for one worker or one task concerns nobody else, and the strictest that concerns somebody holds', () => {
      const worker = { kind: 'worker', id: 'worker_1' } as const;
      const task = { kind: 'task', id: 'Täsk/1 ' + 'x'.repeat(300) } as const;
      ours.change({ verb: 'pause', scope: worker, actor: 'operator', reason: 'too warm' });
      ours.change({ verb: 'halt', scope: task, actor: 'operator', reason: 'wrong prompt' });
      expect(theirs.read()).toEqual({ kind: 'running' });
      expect(theirs.read({ workerId: 'worker_2', taskId: 'b' })).toEqual({ kind: 'running' });
      expect(theirs.read({ workerId: 'worker_1', taskId: 'b' })).toMatchObject({
        kind: 'paused',
        reason: 'too warm',
        scope: worker,
      });
      expect(theirs.read({ workerId: 'worker_1', taskId: task.id })).toMatchObject({
        kind: 'halted',
        scope: task,
      });
      ask('drain');
      expect(theirs.read({ workerId: 'worker_1', taskId: 'b' }).kind).toBe('draining');
      expect(theirs.orders()).toHaveLength(3);
      ask('resume');
      expect(ours.change({ verb: 'resume', scope: task, actor: 'operator', reason: 'x' }).kind).toBe(
        'needs_clear_halt',
      );
      expect(ours.change({ verb: 'clear-halt', scope: task, actor: 'operator', reason: 'x' }).kind).toBe(
        'changed',
      );
      expect(ours.change({ verb: 'resume', scope: worker, actor: 'operator', reason: undefined }).kind).toBe(
        'changed',
      );
      expect(theirs.orders()).toEqual([]);
    });
    it('S9: each order has a name of its own, by which processes say that they obey it', () => {
      const orders = (['hold', 'pause', 'hold', 'pause'] as const).map((verb) => {
        ask('resume');
        const receipt = ask(verb);
        if (receipt.kind !== 'changed' || receipt.after.kind === 'running') throw new Error('not changed');
        expect(hasHeard([], receipt)).toBe(false);
        expect(hasHeard(theirs.orders().map(orderOf), receipt)).toBe(true);
        return orderOf(receipt.after);
      });
      expect(new Set(orders).size).toBe(4);
      const lifted = ask('resume');
      if (lifted.kind !== 'changed') throw new Error('not changed');
      expect(hasHeard(orders, lifted)).toBe(false);
      expect(hasHeard([], lifted)).toBe(true);
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
