import { describe, expect, it } from 'vitest';
import { portsToTry, readFlags } from './flags.ts';

describe('the command line of the panel', () => {
  it('takes a home and a port', () => {
    expect(readFlags(['--home', '/h', '--port', '9000'])).toEqual({
      kind: 'flags',
      flags: { home: '/h', port: 9_000 },
    });
    expect(readFlags([])).toEqual({ kind: 'flags', flags: { home: undefined, port: undefined } });
    expect(readFlags(['--help']).kind).toBe('help');
  });

  it.each([['--port', 'x'], ['--port', '65536'], ['--port', '-1'], ['--prot', '1'], ['home']])(
    'refuses %s %s',
    (...argv) => expect(readFlags(argv.filter((word) => word !== undefined)).kind).toBe('faulty'),
  );

  it('looks for the port of a panel that crashed before the usual one, and takes any in the end', () => {
    expect(portsToTry(undefined, 'http://127.0.0.1:40123')).toEqual([40_123, 8_421, 0]);
    expect(portsToTry(undefined, undefined)).toEqual([8_421, 0]);
    expect(portsToTry(9_000, 'http://127.0.0.1:40123')).toEqual([9_000, 0]);
    expect(portsToTry(0, undefined)).toEqual([0]);
  });
});
