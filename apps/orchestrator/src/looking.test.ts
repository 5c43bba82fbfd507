import { createManualClock } from '@vivarium/platform/testing';
import { describe, expect, it } from 'vitest';
import { keepLooking, sparingly } from './looking.ts';

const settled = async (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('keepLooking', () => {
  it('looks once per burst, and again for what came during a look', async () => {
    const clock = createManualClock();
    let looks = 0;
    let end = (): void => undefined;
    const looking = keepLooking(
      clock,
      async () => {
        looks += 1;
        await new Promise<void>((resolve) => (end = resolve));
      },
      () => undefined,
    );
    for (let n = 0; n < 5; n += 1) looking.soon();
    clock.advance(40);
    await settled();
    expect(looks).toBe(1);
    end();
    await settled();
    looking.soon();
    clock.advance(40);
    await settled();
    expect(looks).toBe(2);
    end();
    await looking.stop();
  });

  it('tells a fault and goes on; after a stop it looks no more', async () => {
    const clock = createManualClock();
    const faults: unknown[] = [];
    let looks = 0;
    const looking = keepLooking(
      clock,
      async () => {
        looks += 1;
        throw new Error('no');
      },
      (error) => faults.push(error),
    );
    looking.soon();
    clock.advance(40);
    await settled();
    looking.soon();
    await looking.stop();
    looking.soon();
    clock.advance(1_000);
    await settled();
    expect([looks, faults.length]).toEqual([1, 1]);
  });
});

describe('sparingly', () => {
  it('does what is dear no more often than its share of the time allows, however often it is asked', async () => {
    const clock = createManualClock();
    let done = 0;
    const work = sparingly(clock, 0.05, async () => {
      done += 1;
      clock.advance(10);
    });
    for (let ms = 0; ms < 1_000; ms += 1) {
      await work();
      clock.advance(1);
    }
    // Ten milliseconds of work, two hundred without.
    expect(done).toBe(5);
  });
});
