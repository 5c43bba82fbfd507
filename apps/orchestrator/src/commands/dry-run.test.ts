import { describe, expect, it } from 'vitest';
import { nanoUsd } from '@vivarium/core';
import { ended, task, viewsOf } from '../testing/views.ts';
import { dryRunLines, planDryRun } from './dry-run.ts';

const wavesOf = (...args: Parameters<typeof planDryRun>) => planDryRun(...args).waves.map(({ ids }) => ids);

describe('a dry run', () => {
  it('orders open tasks in waves: each stands below the lowest it waits for; what ended is left out', () => {
    const views = viewsOf(
      [
        task('done'),
        task('b', { depends_on: ['done'] }),
        task('c', { depends_on: ['b'] }),
        task('d', { depends_on: ['b', 'c', 'c'] }),
        task('e'),
      ],
      ended('done', 'completed'),
    );
    expect(wavesOf(views)).toEqual([['b', 'e'], ['c'], ['d']]);
  });

  it('takes a chain of ten thousand in its stride', () => {
    const views = viewsOf(
      Array.from({ length: 10_000 }, (_, at) =>
        task(`t${at}`, at === 0 ? {} : { depends_on: [`t${at - 1}`] }),
      ),
    );
    expect(planDryRun(views).waves).toHaveLength(10_000);
  });

  it('counts every byte of the prompt and every allowed token at the model’s price, and no task above its max_budget', () => {
    // 10 bytes and 256 tokens of template at 50, 100 tokens of reply at 80 nano-dollars each.
    const [first] = planDryRun(viewsOf([task('a', { prompt: '0123456789', max_tokens: 100 })])).waves;
    expect(first?.worstCase).toBe(266 * 50 + 100 * 80);
    expect(
      planDryRun(viewsOf([task('a', { prompt: '0123456789', max_tokens: 100 })]), 'openai/gpt-oss-20b')
        .worstCase,
    ).toBe(266 * 50 + 100 * 200);
    expect(planDryRun(viewsOf([task('a', { max_budget: 0.000001, min_budget: 0.000001 })])).worstCase).toBe(
      1_000,
    );
  });

  it('says what it would do in the seed’s words', () => {
    const views = viewsOf(Array.from({ length: 7 }, (_, at) => task(`t${at}`)));
    const lines = dryRunLines(planDryRun(views), 4, 1, nanoUsd(2_000_000_000));
    expect(lines[0]).toBe('[DRY RUN MODE - No actual execution]');
    expect(lines[2]).toBe('  1. Task ID: t0 | Type: grind | Budget: $0.05-$0.10');
    expect(lines[7]).toBe('  ... and 2 more task(s)');
    expect(lines.at(-1)).toBe('Would spawn up to 4 workers, 1 task at a time each');
    expect(dryRunLines(planDryRun(views), 1, 2, nanoUsd(0)).at(-1)).toBe(
      'Would spawn up to 1 worker, 2 tasks at a time each',
    );
    expect(dryRunLines(planDryRun([]), 4, 1, nanoUsd(0)).at(-1)).toBe('Nothing would be started.');
  });
});
