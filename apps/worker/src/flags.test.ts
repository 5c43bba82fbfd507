import { describe, expect, it } from 'vitest';
import { readFlags } from './flags.ts';

const read = (...argv: readonly string[]) => readFlags(argv, () => 'run_new');

describe('the command line of a worker', () => {
  it('every flag has its effect, and a default where it is left out', () => {
    expect(read('--home', '/h')).toEqual({
      kind: 'flags',
      flags: {
        home: '/h',
        runId: 'run_new',
        concurrency: 1,
        grindUrl: undefined,
        timeoutMs: 900_000,
        durability: 'os',
        stays: false,
      },
    });
    expect(
      read(
        '--home',
        '/h',
        '--run',
        'run_1',
        '--concurrency',
        '16',
        '--grind',
        'http://127.0.0.1:1',
        '--timeout-seconds',
        '0.5',
        '--durability',
        'fsync',
        '--stays',
      ),
    ).toEqual({
      kind: 'flags',
      flags: {
        home: '/h',
        runId: 'run_1',
        concurrency: 16,
        grindUrl: 'http://127.0.0.1:1',
        timeoutMs: 500,
        durability: 'fsync',
        stays: true,
      },
    });
    expect(read('--help')).toEqual({ kind: 'help' });
  });

  it.each([
    [[], '--home is missing'],
    [['--home', '/h', '--concurrency', '0'], '--concurrency 0'],
    [['--home', '/h', '--concurrency', '1.5'], '--concurrency 1.5'],
    [['--home', '/h', '--timeout-seconds', 'soon'], '--timeout-seconds soon'],
    [['--home', '/h', '--timeout-seconds', 'Infinity'], '--timeout-seconds Infinity'],
    [['--home', '/h', '--grind', 'nowhere'], '--grind nowhere'],
    [['--home', '/h', '--durability', 'forever'], '--durability forever'],
    [['--home', '/h', '--workers', '3'], '--workers'],
    [['--home', '/h', 'stray'], 'stray'],
  ])('refuses %j and names the fault', (argv, problem) => {
    const answer = read(...argv);
    expect(answer.kind).toBe('faulty');
    expect(answer.kind === 'faulty' ? answer.problems.join('\n') : '').toContain(problem);
  });
});
