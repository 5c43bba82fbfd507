/** The schedule and the tasks of a chaos run come from the seed alone. */
import { describe, expect, it } from 'vitest';
import { createDice } from '../chaos/dice.ts';
import { LONG_STALL_MS, planDisturbances } from '../chaos/schedule.ts';
import { createTaskSource } from '../chaos/wanted-tasks.ts';

const MINUTE = 60_000;

describe('the schedule of a chaos run', () => {
  it('is the same for the same seed, and another for another', () => {
    expect(planDisturbances('a', MINUTE)).toEqual(planDisturbances('a', MINUTE));
    expect(planDisturbances('a', MINUTE)).not.toEqual(planDisturbances('b', MINUTE));
  });

  it('of a longer run begins as that of a shorter one', () => {
    const short = planDisturbances('a', MINUTE);
    expect(planDisturbances('a', 3 * MINUTE).slice(0, short.length)).toEqual(short);
  });

  it('has in one minute everything there is, its moments in order within the time, and a long stall to itself', () => {
    for (const seed of ['a', 'b', 'c', '20261124']) {
      const plan = planDisturbances(seed, MINUTE);
      const long = plan.findIndex((each) => each.kind === 'stall' && each.ms === LONG_STALL_MS);
      expect(long).toBeGreaterThan(0);
      const after = plan[long + 1]?.atMs ?? Number.POSITIVE_INFINITY;
      expect(after - (plan[long]?.atMs ?? 0)).toBeGreaterThan(LONG_STALL_MS);
      const kinds = new Set(plan.map(({ kind }) => kind));
      expect([...kinds].toSorted()).toEqual([
        'cancel',
        'clock',
        'edit_add',
        'edit_broken',
        'edit_prompt',
        'fill_disk',
        'hold',
        'kill',
        'kill_add',
        'kill_all',
        'lose_caches',
        'retry',
        'second_run',
        'stall',
        'tear',
      ]);
      const moments = plan.map(({ atMs }) => atMs);
      expect(moments).toEqual(moments.toSorted((one, other) => one - other));
      expect(moments.at(-1)).toBeLessThan(MINUTE);
    }
  });

  it('has more than 150 kills in ten minutes, of every kind of process, and moves clocks both ways', () => {
    const plan = planDisturbances('a', 10 * MINUTE);
    const roles = plan.flatMap((each) => (each.kind === 'kill' ? [each.role] : []));
    expect(roles.length).toBeGreaterThan(200);
    expect(new Set(roles).size).toBe(4);
    const hours = plan.flatMap((each) => (each.kind === 'clock' ? [each.hours] : []));
    expect(Math.min(...hours)).toBeLessThan(0);
    expect(Math.max(...hours)).toBeGreaterThan(0);
  });
});

describe('the tasks of a chaos run', () => {
  it('are the same for the same seed, have ids of their own, and depend only on tasks before them', () => {
    const make = () => createTaskSource(createDice('a', 'tasks')).next(400);
    const tasks = make();
    expect(tasks).toEqual(make());
    const before = new Set<string>();
    for (const { id, depends_on } of tasks) {
      expect(before.has(id)).toBe(false);
      expect(depends_on.filter((each) => !before.has(each))).toEqual([]);
      before.add(id);
    }
    expect(tasks.some(({ depends_on }) => depends_on.length > 1)).toBe(true);
  });
});
