/**
 * The calls under way, from their admission to their end. Owns who they are and how each is cut: by HALT, by a cancelled task, by a caller that went away, by a stop in a hurry (S3). A call whose
 * caller waits no longer is listened to for a while (M2): it is one of them until it has ended, and found by its key.
 */
import { createRoster, strictest, type ControlStore, type ControlSubject } from '@vivarium/contracts';
import type { Order } from './order.ts';
import { refuseUnder } from './in-force.ts';
import { refuse, stopping, type Refusal } from './refusal.ts';
import type { Leave } from './spend.ts';

interface Running {
  readonly order: Order;
  readonly cut: (why: Cut) => void;
}
/** A call whose caller waits no longer. */
export interface Late extends Running {
  readonly ended: Promise<void>;
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
  /** By their requests. */
  const running = createRoster<Running>();
  /** Those of them that nobody waits for, by their requests and by their keys. */
  const lingering = new Map<string, Late>();
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
      const { requestId } = order.caller;
      running.set(requestId, { order, cut });
      const end = (): void => {
        running.delete(requestId);
        lingering.delete(requestId);
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
        lingering.set(requestId, late);
        if (order.key !== undefined) lateCalls.set(order.key, late);
        if (isClosed) cut('stopping');
      };
      if (order.key === undefined) order.caller.onGone(() => cut('gone'));
      try {
        return await work({ signal: controller.signal, whyNot, linger });
      } finally {
        if (!lingering.has(requestId)) end();
      }
    },
    lateCall: (key) => lateCalls.get(key),
    cut(why, isMeant) {
      const meant = running.values().filter(({ order }) => isMeant(order));
      for (const { cut } of meant) cut(why);
      return meant.length;
    },
    close() {
      isClosed = true;
      for (const { cut } of lingering.values()) cut('stopping');
    },
    heed() {
      if (running.size === 0) return;
      const orders = control.orders();
      for (const { cut, order } of running.values())
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
      return running.values().map(({ order }) => order);
    },
  };
}

export const subjectOf = ({ joins, taskId }: Order): ControlSubject => ({
  workerId: joins.worker_id,
  taskId,
});
export const wasCancelled = (): Refusal => refuse('cancelled', 'The task was cancelled.');
