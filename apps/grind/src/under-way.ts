/**
 * The calls under way, from their admission to their end. Owns who they are and how each is cut: by HALT, by a cancelled task, by a caller that went away, by a stop in a hurry (S3). A call whose
 * caller waits no longer is listened to for a while (M2): it is one of them until it has ended, and found by its key.
 */
import { strictest, type ControlStore, type ControlSubject } from '@vivarium/contracts';
import type { Order } from './order.ts';
import { refuseUnder } from './in-force.ts';
import { refuse, stopping, type Refusal } from './refusal.ts';
import type { Leave } from './spend.ts';

/** A call whose caller waits no longer. */
export interface Late {
  readonly order: Order;
  readonly ended: Promise<void>;
  readonly cut: (why: Cut) => void;
}

export type Cut = 'halted' | 'stopping' | 'cancelled' | 'gone';

export interface UnderWay {
  /** Runs `work` as a call under way, which can be cut from outside. */
  run<T>(order: Order, work: (leave: Leave) => Promise<T>): Promise<T>;
  lateCall(key: string): Late | undefined;
  /** Cuts those that are meant; answers how many there were. */
  cut(why: Cut, isMeant: (order: Order) => boolean): number;
  /** Cuts those nobody waits for, and lets none linger any more. */
  close(): void;
  /** Cuts those that an order to halt concerns. */
  heed(): void;
  /** Resolves when there are none. */
  idle(): Promise<void>;
  readonly orders: readonly Order[];
}

export function createUnderWay(control: ControlStore): UnderWay {
  const running = new Map<(why: Cut) => void, Order>();
  /** Those of them that nobody waits for; and by their keys. */
  const lingering = new Map<(why: Cut) => void, Late>();
  const lateCalls = new Map<string, Late>();
  const waiting = new Set<() => void>();
  let isClosed = false;

  const refusalOf = (cutBy: Cut, order: Order): Refusal => {
    switch (cutBy) {
      case 'halted': {
        const now = control.read(subjectOf(order));
        return (
          (now.kind === 'halted' ? refuseUnder(now) : undefined) ?? refuse('halted', 'HALT cut the call.')
        );
      }
      case 'stopping':
        return stopping();
      case 'cancelled':
        return wasCancelled();
      case 'gone':
        return refuse('deadline_exceeded', 'The caller went away.');
    }
  };

  return {
    async run(order, work) {
      const controller = new AbortController();
      let cutBy: Cut | undefined;
      const cut = (why: Cut): void => {
        cutBy ??= why;
        controller.abort();
      };
      const whyNot = (): Refusal | undefined =>
        cutBy === undefined ? refuseUnder(control.read(subjectOf(order))) : refusalOf(cutBy, order);
      running.set(cut, order);
      const end = (): void => {
        running.delete(cut);
        lingering.delete(cut);
        if (running.size === 0) for (const wake of waiting) wake();
      };
      const linger = (ended: Promise<void>): void => {
        const late: Late = {
          order,
          cut,
          ended: ended.finally(() => {
            end();
            if (order.key !== undefined) lateCalls.delete(order.key);
          }),
        };
        lingering.set(cut, late);
        if (order.key !== undefined) lateCalls.set(order.key, late);
        if (isClosed) cut('stopping');
      };
      if (order.key === undefined) order.caller.onGone(() => cut('gone'));
      try {
        return await work({ signal: controller.signal, whyNot, linger });
      } finally {
        if (!lingering.has(cut)) end();
      }
    },
    lateCall: (key) => lateCalls.get(key),
    cut(why, isMeant) {
      const cuts = [...running].filter(([, order]) => isMeant(order));
      for (const [cut] of cuts) cut(why);
      return cuts.length;
    },
    close() {
      isClosed = true;
      for (const cut of lingering.keys()) cut('stopping');
    },
    heed() {
      if (running.size === 0) return;
      const orders = control.orders();
      for (const [cut, order] of running)
        if (strictest(orders, subjectOf(order)).kind === 'halted') cut('halted');
    },
    async idle() {
      while (running.size > 0) {
        await new Promise<void>((resolve) => {
          const wake = (): void => {
            waiting.delete(wake);
            resolve();
          };
          waiting.add(wake);
        });
      }
    },
    get orders() {
      return [...running.values()];
    },
  };
}

export const subjectOf = ({ joins, taskId }: Order): ControlSubject => ({
  workerId: joins.worker_id,
  taskId,
});
export const wasCancelled = (): Refusal => refuse('cancelled', 'The task was cancelled.');
