import { addUsd, nanoUsd, subtractUsd, zeroUsd, type NanoUsd } from '@vivarium/core';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { admit } from './admit.ts';
import { costOf } from './estimate.ts';
import { priceList } from './price-list.ts';

const amount = fc.integer({ min: 0, max: 5_000_000 }).map(nanoUsd);
const step = fc.record({
  model: fc.constantFrom(...priceList),
  inputBound: fc.integer({ min: 1, max: 5_000 }),
  wanted: fc.integer({ min: 1, max: 10_000 }),
  minBudget: amount,
  task: fc.constantFrom('a', 'b', 'c'),
  end: fc.constantFrom('settle' as const, 'unknown' as const, 'release' as const, 'stay' as const),
  used: fc.record({
    input: fc.double({ min: 0, max: 1, noNaN: true }),
    output: fc.double({ min: 0, max: 1, noNaN: true }),
  }),
});

it('M1: under any interleaving of admissions and ends, no cap is ever exceeded', () => {
  fc.assert(
    fc.property(amount, amount, fc.array(step, { maxLength: 60 }), (runCap, taskCap, steps) => {
      let run: NanoUsd = zeroUsd;
      const tasks = new Map<string, NanoUsd>();
      const change = (task: string, by: NanoUsd): void => {
        run = addUsd(run, by);
        tasks.set(task, addUsd(tasks.get(task) ?? zeroUsd, by));
      };
      for (const { model, inputBound, wanted, minBudget, task, end, used } of steps) {
        const caps = [
          { name: 'run', cap: runCap, committed: run },
          { name: 'task', cap: taskCap, committed: tasks.get(task) ?? zeroUsd },
        ];
        const answer = admit({ model, inputBound, wantedCompletionTokens: wanted, minBudget, caps });
        if (answer.kind !== 'admitted') continue;
        change(task, answer.hold);
        expect(run).toBeLessThanOrEqual(runCap);
        expect(tasks.get(task)).toBeLessThanOrEqual(taskCap);
        expect(answer.maxCompletionTokens).toBeGreaterThan(0);
        if (end === 'release') change(task, subtractUsd(zeroUsd, answer.hold));
        if (end === 'settle' && model.price !== undefined) {
          const cost = costOf(
            model.price,
            Math.floor(inputBound * used.input),
            Math.floor(answer.maxCompletionTokens * used.output),
          );
          expect(cost).toBeLessThanOrEqual(answer.hold);
          change(task, subtractUsd(cost, answer.hold));
        }
      }
    }),
  );
});
