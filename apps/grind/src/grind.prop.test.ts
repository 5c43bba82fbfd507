/**
 * Any mixture of requests, provider faults, full disks, pauses and deaths of grind: the promises about money hold at every prefix of the log. The bill
 * is the provider's own.
 */
import { createModels } from '@vivarium/budget';
import { committed, createMoneyFold, type Completion } from '@vivarium/contracts';
import { nanoToUsd, nanoUsd, VivariumError } from '@vivarium/core';
import type { ScriptStep } from '@vivarium/model/testing';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createGrindWorld, type GrindWorld } from './testing/grind-world.ts';

const TASK_CAP = nanoUsd(400_000);
const RUN_CAP = nanoUsd(900_000);

const ending = fc.oneof(
  fc.record({ kind: fc.constant('answer' as const), afterMs: fc.nat(800) }),
  fc.constantFrom<ScriptStep>(
    { kind: 'cut' },
    { kind: 'malformed' },
    { kind: 'hang' },
    { kind: 'unreachable' },
    { kind: 'status', status: 500 },
    { kind: 'status', status: 429, retryAfterMs: 300 },
  ),
);
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('ask' as const),
      task: fc.constantFrom('a', 'b', 'c'),
      keyed: fc.boolean(),
      words: fc.integer({ min: 1, max: 60 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 1_500 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('full_disk' as const),
      log: fc.constantFrom('api_audit', 'safety_audit', 'results'),
      ms: fc.integer({ min: 1, max: 1_500 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('torn' as const), bytes: fc.nat(400) }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'die' as const }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      { kind: 'control' as const, verb: 'pause' as const },
      { kind: 'control' as const, verb: 'resume' as const },
      { kind: 'control' as const, verb: 'halt' as const },
    ),
  },
);

const costOf = ({ model, inputTokens, outputTokens }: Completion): number => {
  const price = createModels().find(model)?.price;
  if (price === undefined) throw new Error('a model without a price was billed');
  return inputTokens * price.inputNanoPerToken + outputTokens * price.outputNanoPerToken;
};

it('M1, M2, M3: caps hold at every prefix of the log, known ≤ bill ≤ known + unknown, and a recorded reply is never paid twice', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(ending, { minLength: 1, maxLength: 12 }),
      fc.array(step, { maxLength: 30 }),
      async (endings, steps) => {
        let calls = 0;
        const open = (after?: GrindWorld): GrindWorld =>
          createGrindWorld({
            runCap: RUN_CAP,
            script: () => endings[(calls += 1) % endings.length] ?? { kind: 'answer' },
            ...(after === undefined ? {} : { after }),
          });
        const worlds = [open()];
        let world = worlds[0] ?? open();

        for (const each of steps) {
          switch (each.kind) {
            case 'ask':
              void world.ask({
                task_id: each.task,
                max_budget: nanoToUsd(TASK_CAP),
                prompt: 'word '.repeat(each.words),
                ...(each.keyed ? { idempotency_key: `${each.task}/${each.words}` } : {}),
              });
              break;
            case 'wait':
              await world.machine.clock.advanceSettled(each.ms);
              break;
            case 'full_disk': {
              const unblock = world.machine.files.intercept((operation, path) => {
                if (path.includes(each.log) && ['append', 'replace'].includes(operation))
                  throw new VivariumError('record_unwritable', 'no space', { remedy: { kind: 'retry' } });
              });
              await world.machine.clock.advanceSettled(each.ms);
              unblock();
              break;
            }
            case 'torn':
              world.machine.files.truncateNextAppend(each.bytes);
              break;
            case 'die':
              world = open(world);
              worlds.push(world);
              break;
            case 'control':
              // A torn write may hit this too; then nothing was changed.
              try {
                world.control.change({ verb: each.verb, actor: 'operator', reason: 'because' });
              } catch (error) {
                expect(error).toBeInstanceOf(VivariumError);
              }
          }
        }
        const last = open(world);
        worlds.push(last);

        const fold = createMoneyFold();
        const paid = new Map<string, number>();
        for (const line of last.audit()) {
          fold.apply(line);
          const book = fold.book(true);
          expect(committed(book.of('run', 'run_1'))).toBeLessThanOrEqual(RUN_CAP);
          for (const task of ['a', 'b', 'c'])
            expect(committed(book.task(task, 1))).toBeLessThanOrEqual(TASK_CAP);
          if (line.event === 'API_CALL_SUCCESS' && line.idempotency_key !== undefined)
            paid.set(line.idempotency_key, (paid.get(line.idempotency_key) ?? 0) + 1);
        }
        for (const times of paid.values()) expect(times).toBe(1);

        const { settled, unknown, held } = fold.book(true).total;
        const bill = worlds
          .flatMap((each) => each.provider.billed)
          .reduce((sum, completion) => sum + costOf(completion), 0);
        expect(held).toBe(0);
        expect(settled).toBeLessThanOrEqual(bill);
        expect(bill).toBeLessThanOrEqual(settled + unknown);
        last.die();
      },
    ),
    { numRuns: 120 },
  );
});
