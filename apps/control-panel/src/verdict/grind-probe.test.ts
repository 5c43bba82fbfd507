import type { GrindFile, Health } from '@vivarium/contracts';
import { createManualClock } from '@vivarium/platform/testing';
import { describe, expect, it } from 'vitest';
import { createGrindProbe } from './grind-probe.ts';

const file: GrindFile = {
  home: 'home_a',
  pid: 1,
  started: '1',
  host: 'h',
  port: 1,
  url: 'http://127.0.0.1:1',
  version: '1',
  provider: 'simulator',
  simulated: true,
};
const health: Health = {
  status: 'ok',
  home: 'home_a',
  pid: 1,
  version: '1',
  provider: 'simulator',
  simulated: true,
  direct_cap_nano_usd: 2_000_000_000,
  day_cap_nano_usd: 10_000_000_000,
  default_model: 'm',
  network: null,
  obeys: [],
  calls: [],
  breakers: [],
  circuits: [],
  paces: [],
};

describe('what grind says of itself', () => {
  it('is asked for its cap, and not again before the answer is old', async () => {
    const clock = createManualClock();
    let asked = 0;
    const probe = createGrindProbe({
      home: 'home_a',
      clock,
      readGrind: () => file,
      ask: () => ((asked += 1), Promise.resolve(health)),
    });
    await probe.look();
    await probe.look();
    expect(probe.seen).toMatchObject({ status: 'ok' });
    expect(asked).toBe(1);
    clock.advance(2_001);
    await probe.look();
    expect(asked).toBe(2);
  });

  it('is silent when it does not answer, and the cap it named stays known', async () => {
    const clock = createManualClock();
    let isUp = true;
    const probe = createGrindProbe({
      home: 'home_a',
      clock,
      readGrind: () => file,
      ask: () => (isUp ? Promise.resolve(health) : Promise.reject(new Error('refused'))),
    });
    await probe.look();
    isUp = false;
    clock.advance(2_001);
    await probe.look();
    expect(probe.seen).toMatchObject({ status: 'silent' });
  });

  it('is not believed when it serves another home', async () => {
    const probe = createGrindProbe({
      home: 'home_b',
      clock: createManualClock(),
      readGrind: () => file,
      ask: () => Promise.resolve(health),
    });
    await probe.look();
    expect(probe.seen).toMatchObject({ status: 'foreign' });
  });

  it('S8: is never asked at an address of another machine', async () => {
    const probe = createGrindProbe({
      home: 'home_a',
      clock: createManualClock(),
      readGrind: () => ({ ...file, url: 'http://203.0.113.7:80' }),
    });
    await probe.look();
    expect(probe.seen?.status).toBe('silent');
  });

  it('is nobody when no file names one', async () => {
    const probe = createGrindProbe({
      home: 'home_a',
      clock: createManualClock(),
      readGrind: () => undefined,
    });
    await probe.look();
    expect(probe.seen).toBeUndefined();
  });
});
