import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeName, homeLayout } from './home-layout.ts';

describe('names of files', () => {
  it('keeps ordinary ids as they are', () => {
    expect(['task-1', 'arch-1.1', 'grind_tasks_kernel-1'].map(encodeName)).toEqual([
      'task-1',
      'arch-1.1',
      'grind_tasks_kernel-1',
    ]);
  });

  it('keeps hostile ids inside their directory and apart from each other', () => {
    const hostile = [
      '../x',
      'a/b',
      '..',
      '.',
      'CON',
      'con',
      'nul.txt',
      'A',
      'a',
      'a.',
      'x'.repeat(120),
      'X'.repeat(120),
      'ä'.repeat(120),
    ];
    const names = hostile.map(encodeName);
    expect(new Set(names.map((name) => name.toLowerCase())).size).toBe(hostile.length);
    for (const name of names) {
      expect(name).toMatch(/^[a-z0-9_%.-]{1,160}$/);
      expect(name).not.toMatch(/^\.|\.$|^(con|nul)(\.|$)/);
    }
  });

  it('gives different names to different ids, whatever they are', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 1, maxLength: 120, unit: 'grapheme' }),
        fc.string({ minLength: 1, maxLength: 120, unit: 'grapheme' }),
        (a, b) => {
          expect(encodeName(a) === encodeName(b)).toBe(
            new TextEncoder().encode(a).join() === new TextEncoder().encode(b).join(),
          );
          expect(encodeName(a)).not.toContain('/');
        },
      ),
    );
  });

  it('puts every file under its home', () => {
    const layout = homeLayout('/srv/home');
    expect(layout.log('execution')).toBe('/srv/home/logs/execution_log.jsonl');
    expect(layout.lock('../x')).toBe('/srv/home/task_locks/%2e.%2fx.lock');
    expect(layout.result('ab12')).toBe('/srv/home/logs/results/a.jsonl');
    expect(layout.olderResult('ab12')).toBe('/srv/home/logs/results/ab/ab12.txt');
  });
});
