import { describe, expect, it } from 'vitest';
import { countStatuses } from '@vivarium/contracts';
import { createProgress, finishedCount } from './progress.ts';
import { deferred, ended, memoryTerminal, skipped, task, viewsOf } from './testing/views.ts';

const [view] = viewsOf(
  [task('a')],
  ended('a', 'failed', { errors: 'no', cost_nano_usd: 5, simulated: true }),
);
if (view === undefined) throw new Error('no view');
const end = { id: 'a', record: view.record };

describe('progress', () => {
  it('piped: one plain line per task, and a warning that several workers tell once', async () => {
    const terminal = memoryTerminal();
    let now = 0;
    const progress = await createProgress('beginning', terminal, () => now);
    progress.task(end);
    for (let worker = 0; worker < 4; worker += 1) progress.warn('the disk is full', 'make room');
    now = 6_000;
    progress.warn('the disk is full', 'make room');
    progress.counts(countStatuses([view]), '$0.00');
    progress.end();
    expect(terminal.out).toEqual([
      '✗ a  failed: no',
      '! the disk is full',
      '  → make room',
      '! the disk is full',
      '  → make room',
    ]);
  });

  it('says why in words, where the record has a code', async () => {
    const [waiting] = viewsOf([task('a')], deferred('a', 'run_budget', null));
    if (waiting === undefined) throw new Error('no view');
    const terminal = memoryTerminal();
    const progress = await createProgress('facts', terminal, () => 0);
    progress.task({ id: 'a', record: waiting.record });
    expect(terminal.out).toEqual(['… a  deferred: the cap of the run leaves too little for it']);
  });

  it('watched: nothing is drawn over before there is something to show', async () => {
    const terminal = { ...memoryTerminal(), isTty: true };
    const progress = await createProgress('facts', terminal, () => 0);
    progress.note('before the first look');
    progress.end();
    progress.counts(countStatuses([view]), '$0.00');
    expect(terminal.out).toEqual(['before the first look']);
  });

  it('for programs: JSON lines and nothing else', async () => {
    const terminal = memoryTerminal();
    const progress = await createProgress('json', terminal, () => 0);
    progress.note('for people');
    progress.task(end);
    progress.warn('w', undefined);
    expect(terminal.out.map((line) => JSON.parse(line) as unknown)).toEqual([
      {
        event: 'task.ended',
        task_id: 'a',
        status: 'failed',
        round: 1,
        attempt: 1,
        model: null,
        cost_nano_usd: 5,
        simulated: true,
        latency_ms: null,
        result_sha256: null,
        reason: 'no',
      },
      { event: 'warning', text: 'w', hint: null },
    ]);
  });

  it('counts as finished what is final, and nothing else', () => {
    const views = viewsOf(
      [task('a'), task('b'), task('c'), task('d')],
      [...ended('a', 'completed'), skipped('b', 'x'), ...deferred('c', 'run_budget', null)],
    );
    expect(finishedCount(countStatuses(views))).toBe(2);
  });
});
