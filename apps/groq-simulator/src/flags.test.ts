import { describe, expect, it } from 'vitest';
import { readFlags } from './flags.ts';

const noFile = (path: string): string => {
  throw new Error(`no such file: ${path}`);
};
const read = (...argv: readonly string[]) => readFlags(argv, noFile);
const problemsOf = (...argv: readonly string[]): string => {
  const command = read(...argv);
  return command.kind === 'faulty' ? command.problems.join('\n') : '';
};

describe('the command line', () => {
  it('has a default for everything', () => {
    expect(read()).toMatchObject({
      kind: 'serve',
      flags: { port: 0, seed: 'vivarium', pace: { kind: 'model', speed: 1 }, faults: [] },
    });
  });

  it('reads what it is given', () => {
    const rule = { fault: { kind: 'hang' } };
    expect(
      read(
        '--port',
        '8421',
        '--latency-ms',
        '0',
        '--seed',
        'x',
        '--reject-key',
        'a',
        '--reject-key',
        'b',
        '--faults',
        JSON.stringify([rule]),
      ),
    ).toMatchObject({
      kind: 'serve',
      flags: {
        port: 8_421,
        pace: { kind: 'fixed', latencyMs: 0 },
        seed: 'x',
        rejectedKeys: ['a', 'b'],
        faults: [rule],
      },
    });
    expect(readFlags(['--faults', 'f.json'], () => '[]')).toMatchObject({
      kind: 'serve',
      flags: { faults: [] },
    });
  });

  it('names the flag it does not know', () => {
    expect(problemsOf('--latncy-ms', '3')).toContain('--latncy-ms');
    expect(problemsOf('serve')).toContain('serve');
  });

  it('names every senseless value at once', () => {
    const problems = problemsOf(
      '--port',
      '70000',
      '--speed',
      '0',
      '--requests-per-day',
      'many',
      '--host',
      '0.0.0.0',
    );
    for (const name of ['--port', '--speed', '--requests-per-day', '--host'])
      expect(problems).toContain(name);
    expect(problemsOf('--latency-ms', '')).toContain('--latency-ms');
    expect(problemsOf('--port')).toContain('port');
    expect(problemsOf('--latency-ms', '1', '--speed', '2')).toContain('exclude');
  });

  it('says where a list of faults is wrong', () => {
    expect(problemsOf('--faults', '[{"fault":{"kind":"status","status":99}}]')).toContain('0.fault.status');
    expect(problemsOf('--faults', '[{')).toContain('--faults');
    expect(problemsOf('--faults', 'missing.json')).toContain('missing.json');
  });
});
