import { describe, expect, it } from 'vitest';
import { readFlags } from './flags.ts';

const NOTHING = {
  home: undefined,
  port: 8420,
  simulator: undefined,
  runCap: undefined,
  dayCap: undefined,
  durability: undefined,
  listen: undefined,
  tlsCert: undefined,
  tlsKey: undefined,
  unencrypted: false,
};

describe('the command line of grind', () => {
  it('has defaults for everything', () => {
    expect(readFlags([])).toEqual({ kind: 'flags', flags: NOTHING });
  });

  it('takes what is named', () => {
    const said = {
      home: '/h',
      port: 0,
      simulator: 'http://127.0.0.1:8430',
      runCap: '0.5',
      dayCap: '3',
      listen: '10.0.0.1:8443',
      tlsCert: '/c',
      tlsKey: '/k',
      unencrypted: true,
    };
    const argv =
      '--home /h --port 0 --simulator http://127.0.0.1:8430 --run-cap 0.5 --day-cap 3 --listen 10.0.0.1:8443 --tls-cert /c --tls-key /k --unencrypted';
    expect(readFlags(argv.split(' '))).toEqual({ kind: 'flags', flags: { ...NOTHING, ...said } });
  });

  it.each([
    ['an unknown flag', ['--prot', '1']],
    ['a word', ['serve']],
    ['a port that is none', ['--port', '70000']],
    ['a port that is no number', ['--port', '8e3']],
    ['a port with a missing value', ['--port']],
  ])('refuses %s', (_what, argv) => {
    expect(readFlags(argv).kind).toBe('faulty');
  });

  it.each(['https://api.groq.com', 'http://10.0.0.1:80', 'http://localhost.drop.example', 'nonsense'])(
    'M5: refuses a simulator that could be anything but one of this machine: %s',
    (url) => {
      expect(readFlags(['--simulator', url])).toMatchObject({
        kind: 'faulty',
        problems: [expect.stringContaining('--simulator')],
      });
    },
  );

  it('tells every fault at once', () => {
    expect(readFlags(['--port', 'x', '--simulator', 'y'])).toMatchObject({
      problems: [expect.any(String), expect.any(String)],
    });
  });
});
