/**
 * In which order a worker tries the tasks that are ready. Alone, it takes them in the order of the queue. When it collides with others it
 * begins somewhere in the first few, and in more of them the more often it collides: near the order of the queue, and rarely in each
 * other's way (Q6). The numbers come from a small generator of its own, seeded once.
 */
import type { IdSource } from '@vivarium/core';
import type { ReadyLink } from './plan/ready-list.ts';

export interface Spread {
  /**
   * Ids from the chosen start on, then those before it. `stride`: how many the worker is going to take, so that those who begin elsewhere do not
   * meet it a step later. Safe against removal of the one just given.
   */
  order(first: ReadyLink | undefined, stride?: number): Generator<string, void>;
  /** After a collision. */
  widen(): void;
  /** After a claim that met nobody. */
  narrow(): void;
}

const WIDEST = 64;

export function createSpread(ids: IdSource): Spread {
  let width = 1;
  let seed = Number.parseInt(ids.hex(4), 16) || 1;
  // Xorshift, 32 bits: cheap, and good enough to tell workers apart.
  const random = (below: number): number => {
    seed ^= seed << 13;
    seed ^= seed >>> 17;
    seed ^= seed << 5;
    return (seed >>> 0) % below;
  };
  return {
    *order(first, stride = 1) {
      let start = first;
      // Never past a task of higher priority.
      for (
        let steps = random(Math.floor(width)) * stride;
        steps > 0 && start?.next !== undefined && start.next.priority === start.priority;
        steps -= 1
      )
        start = start.next;
      const passed = start;
      for (let link = start; link !== undefined;) {
        const next: ReadyLink | undefined = link.next;
        yield link.id;
        link = next;
      }
      for (let link = first; link !== undefined && link !== passed;) {
        const next: ReadyLink | undefined = link.next;
        yield link.id;
        link = next;
      }
    },
    widen() {
      width = Math.min(WIDEST, width * 2);
    },
    narrow() {
      width = Math.max(1, width * 0.98);
    },
  };
}
