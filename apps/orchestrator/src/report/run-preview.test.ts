import { describe, expect, it } from 'vitest';
import { digestOf, Task } from '@vivarium/contracts';
import { ended, task, viewsOf } from '../testing/views.ts';
import { previewLines, previewOf, previewRecord } from './run-preview.ts';

const ten = Array.from({ length: 10 }, (_, at) => task(`t${at}`));
const digest = (id: string): string => digestOf(Task.parse(task(id)));

describe('what a run finds', () => {
  it('is told in no line where there is nothing to say', () => {
    expect(previewLines(previewOf(viewsOf([task('a'), task('b')])))).toEqual([]);
  });

  it('a larger queue is said to be valid, and a graph in how many waves it can go', () => {
    expect(previewLines(previewOf(viewsOf(ten)))).toEqual([
      'validation 10/10: every entry parses, every dependency is there',
    ]);
    const chain = [task('a'), task('b', { depends_on: ['a'] }), task('c', { depends_on: ['a'] })];
    expect(previewLines(previewOf(viewsOf(chain)))).toEqual([
      'validation 3/3: every entry parses, every dependency is there',
      '2 waves: 1 + 2 tasks',
    ]);
    const long = Array.from({ length: 14 }, (_, at) =>
      task(`t${at}`, at === 0 ? {} : { depends_on: [`t${at - 1}`] }),
    );
    expect(previewLines(previewOf(viewsOf(long))).at(-1)).toMatch(/^14 waves: (1 \+ ){12}… tasks$/);
  });

  it('what is completed already is not done again', () => {
    const views = viewsOf([task('a'), task('b')], ended('a', 'completed'));
    expect(previewLines(previewOf(views))).toEqual(['resumed: 1 of 2 is completed already']);
    const all = viewsOf([task('a')], ended('a', 'completed'));
    expect(previewLines(previewOf(all))).toEqual([]);
  });

  it('the same content under two ids is named, whole, as long as one of them is to run', () => {
    const twins = [task('a'), task('b', { prompt: 'do a' }), task('c'), task('d', { prompt: `do a${' '}` })];
    expect(previewOf(viewsOf(twins)).duplicates).toEqual([['a', 'b']]);
    expect(previewLines(previewOf(viewsOf(twins)))).toEqual([
      'the same content under several ids, and each runs: a = b',
    ]);
    const both = [...ended('a', 'completed'), ...ended('b', 'completed')];
    expect(previewOf(viewsOf(twins, both)).duplicates).toEqual([]);
  });

  it('Q7: what was edited after its end is named, and runs again', () => {
    const before = ended('a', 'completed').map((line) => ({ ...line, task_digest: digest('a') }));
    const views = viewsOf([task('a', { prompt: 'something else' })], before);
    expect(previewLines(previewOf(views))).toEqual(['edited since it ended, and runs again: a']);
    expect(previewOf(viewsOf([task('a')], before)).edited).toEqual([]);
  });

  it('what of the queue cannot be used is told', () => {
    expect(previewLines(previewOf(viewsOf([task('a')]), ['queue.d/x.jsonl:3 no JSON']))).toEqual([
      'passed over: queue.d/x.jsonl:3 no JSON',
    ]);
  });

  it('programs get the same', () => {
    const views = viewsOf([task('a'), task('b', { depends_on: ['a'] })], ended('a', 'completed'));
    expect(previewRecord(previewOf(views))).toEqual({
      validation: { valid: 2, faults: [] },
      resumed: 1,
      open: 1,
      duplicates: [],
      edited: [],
      waves: [1],
    });
  });
});
