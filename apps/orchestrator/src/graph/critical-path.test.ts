import { describe, expect, it } from 'vitest';
import { claimed, ended, noColours, task, viewsOf } from '../testing/views.ts';
import { criticalPath, median } from './critical-path.ts';
import { graphLines } from './graph-lines.ts';

const done = (id: string, ms: number) => ended(id, 'completed', { latency_ms: ms });

describe('the critical path', () => {
  it('is the longest by number while nothing has completed; of equals the first of the queue', () => {
    const views = viewsOf([
      task('z'),
      task('b1', { depends_on: ['z'] }),
      task('a1', { depends_on: ['a'] }),
      task('a'),
      task('join', { depends_on: ['a1', 'b1'] }),
    ]);
    expect(criticalPath(views)).toEqual({ ids: ['z', 'b1', 'join'], expectedMs: undefined });
  });

  it('is the longest by what tasks of its types took, once that is known; in-progress tasks count, ended ones do not', () => {
    const views = viewsOf(
      [
        task('s1', { type: 'short' }),
        task('s2', { type: 'short' }),
        task('s3', { type: 'short', depends_on: ['s2'] }),
        task('l0', { type: 'long' }),
        task('l1', { type: 'long', depends_on: ['l0'] }),
        task('new', { type: 'unknown', depends_on: ['l1'] }),
        task('over'),
      ],
      [...done('s1', 100), ...done('l0', 5_000), claimed('l1'), ...ended('over', 'failed')],
    );
    expect(criticalPath(views)).toEqual({ ids: ['l1', 'new'], expectedMs: 5_000 + 2_550 });
  });

  it('is nothing when nothing is left', () => {
    expect(criticalPath(viewsOf([task('a')], done('a', 1)))).toEqual({ ids: [], expectedMs: undefined });
    expect([median([3, 1, 2]), median([4, 1]), median([])]).toEqual([2, 2.5, 0]);
  });
});

describe('the graph as text', () => {
  it('has the waves, in each the tasks by state, and the critical path', () => {
    const views = viewsOf(
      [task('a'), task('b'), task('c', { depends_on: ['a'] }), task('d', { depends_on: ['b', 'c'] })],
      [...done('a', 1_200), claimed('b')],
    );
    expect(graphLines(views, noColours)).toEqual([
      'wave 1 (2 tasks)',
      '  in progress 1    b',
      '  completed 1      a',
      'wave 2 (1 task)',
      '  queued 1         c',
      'wave 3 (1 task)',
      '  blocked 1        d',
      '',
      'critical path (2 tasks, about 2.4 s): b → d',
    ]);
  });

  it('stays readable for two hundred tasks, and for a chain of as many', () => {
    const wide = graphLines(viewsOf(Array.from({ length: 200 }, (_, at) => task(`t${at}`))), noColours);
    expect(wide).toEqual([
      'wave 1 (200 tasks)',
      '  queued 200       t0, t1, t2, t3, t4, t5, t6, t7 and 192 more',
      '',
      'critical path (1 task): t0',
    ]);
    const chain = viewsOf(
      Array.from({ length: 200 }, (_, at) => task(`t${at}`, at === 0 ? {} : { depends_on: [`t${at - 1}`] })),
    );
    const lines = graphLines(chain, noColours);
    expect(lines.slice(-3)).toEqual([
      'and 160 waves more',
      '',
      expect.stringMatching(/^critical path \(200 tasks\): t0 → .* → t19 → and 180 more$/),
    ]);
  });

  it('an empty queue is said to be one', () => {
    expect(graphLines([], noColours)).toEqual(['The queue is empty.']);
  });
});
