import { isVivariumError } from '@vivarium/core';
import { describe, expect, it } from 'vitest';
import { loadConfig, type Config, type ConfigSources } from './load-config.ts';

const knownModels = ['llama-3.1-8b-instant', 'llama-3.3-70b-versatile'];
/** Made up here, so that nothing that looks like a key stands in a file. */
const fakeKey = ['gsk', 'x'.repeat(20)].join('_');

const load = (sources: Partial<ConfigSources>): Config =>
  loadConfig({ env: {}, envFile: undefined, flags: {}, knownModels, ...sources });
const faultsOf = (sources: Partial<ConfigSources>): string => {
  try {
    load(sources);
  } catch (error) {
    if (isVivariumError(error) && error.code === 'config_invalid') return error.message;
    throw error;
  }
  return '';
};

describe('configuration', () => {
  it('with nothing set works with the simulator, two dollars and the default model', () => {
    expect(load({})).toEqual({
      upstream: { kind: 'simulator' },
      grindUrl: undefined,
      defaultModel: 'llama-3.1-8b-instant',
      workerTimeoutMs: 900_000,
      runCap: 2_000_000_000,
      dayCap: 10_000_000_000,
      durability: 'os',
      sealing: 'on',
      replyCache: 'off',
      breaker: { failures: 5, windowMs: 300_000, spend: 100_000_000_000 },
      network: undefined,
      noColor: false,
    });
  });

  it('a key from the environment or from .env leads to Groq', () => {
    const upstream = { kind: 'groq', apiKey: fakeKey, origin: 'https://api.groq.com' };
    expect(load({ env: { GROQ_API_KEY: fakeKey } }).upstream).toEqual(upstream);
    expect(load({ envFile: `# mine\nGROQ_API_KEY="${fakeKey}"\n` }).upstream).toEqual(upstream);
    expect(load({ envFile: `\uFEFFGROQ_API_KEY=${fakeKey}\r\nWORKER_TIMEOUT_SECONDS=60\r\n` })).toMatchObject(
      { upstream, workerTimeoutMs: 60_000 },
    );
  });

  it('flag goes before environment, environment before .env, .env before default', () => {
    const envFile =
      'VIVARIUM_RUN_CAP_USD=3\nWORKER_TIMEOUT_SECONDS=30\nDEFAULT_GROQ_MODEL=llama-3.3-70b-versatile\nSWARM_API_URL=http://127.0.0.1:9000';
    const env = { VIVARIUM_RUN_CAP_USD: '4', WORKER_TIMEOUT_SECONDS: '40' };
    expect(load({ envFile })).toMatchObject({
      runCap: 3e9,
      workerTimeoutMs: 30_000,
      defaultModel: 'llama-3.3-70b-versatile',
      grindUrl: 'http://127.0.0.1:9000',
    });
    expect(load({ envFile, env })).toMatchObject({
      runCap: 4e9,
      workerTimeoutMs: 40_000,
      defaultModel: 'llama-3.3-70b-versatile',
    });
    expect(load({ envFile, env, flags: { runCapUsd: '5' } })).toMatchObject({
      runCap: 5e9,
      workerTimeoutMs: 40_000,
    });
  });

  it('a variable that is set but blank is not set, whatever lower sources say', () => {
    expect(load({ env: { GROQ_API_KEY: ' ' }, envFile: `GROQ_API_KEY=${fakeKey}` }).upstream).toEqual({
      kind: 'simulator',
    });
    expect(load({ env: { WORKER_TIMEOUT_SECONDS: '' } }).workerTimeoutMs).toBe(900_000);
  });

  it('the address of Groq may be the endpoint of the seed, where the API begins, or a local stand-in', () => {
    const originOf = (url: string): unknown =>
      load({ env: { GROQ_API_KEY: fakeKey, GROQ_API_URL: url } }).upstream;
    const origins: readonly (readonly [string, string])[] = [
      ['https://api.groq.com/openai/v1/chat/completions', 'https://api.groq.com'],
      ['https://api.groq.com/', 'https://api.groq.com'],
      ['https://api.groq.com/openai/v1/', 'https://api.groq.com'],
      ['https://proxy.example/groq/openai/v1/chat/completions', 'https://proxy.example/groq'],
      ['http://127.0.0.1:9999/openai/v1/chat/completions', 'http://127.0.0.1:9999'],
      ['http://[::1]:9999', 'http://[::1]:9999'],
    ];
    for (const [url, origin] of origins)
      expect(originOf(url)).toEqual({ kind: 'groq', apiKey: fakeKey, origin });
  });

  it('money is exactly what was written', () => {
    for (const [text, nano] of [
      ['2.00', 2_000_000_000],
      ['0.000000001', 1],
      ['0', 0],
      ['$1.10', 1_100_000_000],
      ['0.1', 100_000_000],
    ] as const) {
      expect(load({ env: { VIVARIUM_RUN_CAP_USD: text } }).runCap).toBe(nano);
    }
  });

  it('the network is where VIVARIUM_LISTEN says, with a certificate, on loopback, or unencrypted in so many words', () => {
    const tls = { VIVARIUM_TLS_CERT: '/c.pem', VIVARIUM_TLS_KEY: '/k.pem' };
    const networkOf = (env: Record<string, string>): unknown => load({ env }).network;
    expect(networkOf({ VIVARIUM_LISTEN: '192.168.1.20:8443', ...tls })).toEqual({
      host: '192.168.1.20',
      port: 8443,
      tls: { certPath: '/c.pem', keyPath: '/k.pem' },
    });
    expect(networkOf({ VIVARIUM_LISTEN: '[::]:8443', VIVARIUM_UNENCRYPTED: 'allow' })).toEqual({
      host: '::',
      port: 8443,
      tls: undefined,
    });
    for (const at of ['127.0.0.1:9000', '[::1]:9000'])
      expect(networkOf({ VIVARIUM_LISTEN: at })).toMatchObject({ port: 9000, tls: undefined });
    expect(networkOf({})).toBeUndefined();
  });

  it('NO_COLOR counts when it is not empty', () => {
    expect(load({ env: { NO_COLOR: '1' } }).noColor).toBe(true);
    expect(load({ env: { NO_COLOR: '' } }).noColor).toBe(false);
    expect(load({ flags: { noColor: true } }).noColor).toBe(true);
  });

  it('is frozen to the bottom', () => {
    const config = load({ env: { GROQ_API_KEY: fakeKey } });
    expect(Object.isFrozen(config) && Object.isFrozen(config.upstream)).toBe(true);
  });
});

describe('faults of the configuration', () => {
  it('a cap under a name that nobody reads is a fault: in .env whatever of ours is unknown, in the environment what is nearly a variable', () => {
    expect(faultsOf({ envFile: 'VIVARIUM_RUN_CAP=1\nVIVARIUM_BUDGET=1\nOTHER=1\n', env: { VIVARIUM_DAY_CAP_USDT: '1', VIVARIUM_NOTE: 'x' } }).split('\n').slice(1)).toEqual([
      expect.stringMatching(/^ {2}\[1\] VIVARIUM_BUDGET \(\.env\): there is no such variable.*There are GROQ_API_KEY, .*VIVARIUM_DAY_CAP_USD/),
      '  [2] VIVARIUM_RUN_CAP (.env): there is no such variable, so it would change nothing. Did you mean VIVARIUM_RUN_CAP_USD?',
      '  [3] VIVARIUM_DAY_CAP_USDT (environment): there is no such variable, so it would change nothing. Did you mean VIVARIUM_DAY_CAP_USD?',
    ]); // prettier-ignore
    expect(faultsOf({ envFile: 'VIVARIUM_SEAL_DIR=/x' })).toContain(
      'VIVARIUM_SEAL_DIR is not read from .env',
    );
    expect(faultsOf({ env: { VIVARIUM_HOME: '/h', VIVARIUM_SEAL_DIR: '/s' } })).toBe('');
  });

  it('are told all at once, each with its variable, source, value and an example', () => {
    const message = faultsOf({
      env: { WORKER_TIMEOUT_SECONDS: 'soon', SWARM_API_URL: 'localhost' },
      envFile: 'VIVARIUM_RUN_CAP_USD=-1\nDEFAULT_GROQ_MODEL=gpt-5\nhello\n',
    });
    expect(message.split('\n')).toEqual([
      'CONFIG VALIDATION FAILED:',
      '  [1] .env line 3: there is no "=" in it. Example: WORKER_TIMEOUT_SECONDS=900',
      '  [2] SWARM_API_URL (environment): "localhost" is not an http or https address with scheme and host. Example: SWARM_API_URL=http://127.0.0.1:8420',
      '  [3] DEFAULT_GROQ_MODEL (.env): "gpt-5" is not one of llama-3.1-8b-instant, llama-3.3-70b-versatile. Example: DEFAULT_GROQ_MODEL=llama-3.1-8b-instant',
      '  [4] WORKER_TIMEOUT_SECONDS (environment): "soon" is not a number of seconds above 0 and up to 86400. Example: WORKER_TIMEOUT_SECONDS=900',
      '  [5] VIVARIUM_RUN_CAP_USD (.env): "-1" is not an amount in US dollars from 0 to 1000000, with up to 9 decimals. Example: VIVARIUM_RUN_CAP_USD=2.00',
    ]);
  });

  it.each<[string, Record<string, string>, string]>([
    ['nothing that encrypts', { VIVARIUM_LISTEN: '0.0.0.0:8443' }, 'would pass the network unencrypted'],
    [
      'a certificate without a key',
      { VIVARIUM_LISTEN: '10.0.0.1:1', VIVARIUM_TLS_CERT: '/c' },
      'VIVARIUM_TLS_KEY is missing',
    ],
    [
      'a key without a certificate',
      { VIVARIUM_LISTEN: '10.0.0.1:1', VIVARIUM_TLS_KEY: '/k' },
      'VIVARIUM_TLS_CERT is missing',
    ],
    [
      'a certificate for nothing',
      { VIVARIUM_TLS_CERT: '/c', VIVARIUM_TLS_KEY: '/k' },
      'mean nothing without VIVARIUM_LISTEN',
    ],
    [
      'unencrypted, and nowhere to listen',
      { VIVARIUM_UNENCRYPTED: 'allow' },
      'mean nothing without VIVARIUM_LISTEN',
    ],
    [
      'both a certificate and leave to do without',
      {
        VIVARIUM_LISTEN: '10.0.0.1:1',
        VIVARIUM_TLS_CERT: '/c',
        VIVARIUM_TLS_KEY: '/k',
        VIVARIUM_UNENCRYPTED: 'allow',
      },
      'Remove one of them',
    ],
    [
      'leave given in other words',
      { VIVARIUM_LISTEN: '10.0.0.1:1', VIVARIUM_UNENCRYPTED: 'yes' },
      '"yes" is not allow',
    ],
    [
      'a name',
      { VIVARIUM_LISTEN: 'myhost:8443', VIVARIUM_UNENCRYPTED: 'allow' },
      'is not an IP address and a port',
    ],
    [
      'no port',
      { VIVARIUM_LISTEN: '10.0.0.1', VIVARIUM_UNENCRYPTED: 'allow' },
      'is not an IP address and a port',
    ],
    [
      'any port',
      { VIVARIUM_LISTEN: '10.0.0.1:0', VIVARIUM_UNENCRYPTED: 'allow' },
      'is not an IP address and a port',
    ],
    ['a look-alike of loopback', { VIVARIUM_LISTEN: '127.0.0.1.2:80' }, 'is not an IP address and a port'],
    [
      'a relative path',
      { VIVARIUM_LISTEN: '10.0.0.1:1', VIVARIUM_TLS_CERT: 'c.pem', VIVARIUM_TLS_KEY: '/k' },
      'is not an absolute path',
    ],
  ])(
    'S8: a network that is not wholly said, or weaker than it looks, is refused: %s',
    (_what, env, message) => {
      expect(faultsOf({ env })).toContain(message);
    },
  );

  it('name the flag when the value came from one', () => {
    expect(faultsOf({ flags: { runCapUsd: 'lots' } })).toContain('(--run-cap): "lots"');
  });

  it('are found in every value that would not work', () => {
    const wrong: Readonly<Record<string, readonly string[]>> = {
      WORKER_TIMEOUT_SECONDS: ['0', '-1', '1e3', 'Infinity', '0x10', '99999999', '15m'],
      VIVARIUM_RUN_CAP_USD: ['-0.01', '1e3', '1,5', '0.0000000001', 'NaN', '2 dollars', '99999999'],
      SWARM_API_URL: [
        '127.0.0.1:8420',
        'ftp://127.0.0.1',
        'http://',
        'http://127.0.0.1:8420/api',
        'http://127.0.0.1:8420/?x=1',
        '/grind',
      ],
      DEFAULT_GROQ_MODEL: ['LLAMA-3.1-8b-instant', 'haiku', '__proto__'],
    };
    for (const [name, values] of Object.entries(wrong))
      for (const value of values)
        expect(faultsOf({ env: { [name]: value } }), value).toContain(`[1] ${name} (environment)`);
    for (const value of [
      'http://api.groq.com',
      'https://api.groq.com/v2/x',
      'api.groq.com',
      'https://api.groq.com/openai/v1/chat/completions?x=1',
    ]) {
      expect(faultsOf({ env: { GROQ_API_KEY: fakeKey, GROQ_API_URL: value } }), value).toContain(
        '[1] GROQ_API_URL (environment)',
      );
    }
  });

  it('an address for Groq without a key says what to do; the default address is no fault', () => {
    expect(faultsOf({ env: { GROQ_API_URL: 'http://127.0.0.1:9999' } })).toMatch(
      /GROQ_API_URL \(environment\) is set, but there is no GROQ_API_KEY.*Set GROQ_API_KEY as well, or remove GROQ_API_URL/,
    );
    expect(
      load({ env: { GROQ_API_URL: 'https://api.groq.com/openai/v1/chat/completions' } }).upstream,
    ).toEqual({ kind: 'simulator' });
  });

  it('VIVARIUM_HOME in .env is refused, because it could do nothing there', () => {
    expect(faultsOf({ envFile: 'VIVARIUM_HOME=/somewhere' })).toContain('VIVARIUM_HOME cannot stand in .env');
  });

  it('S6: never show a key, a password, or what may be one', () => {
    const password = ['hunter', '2'].join('');
    const all = [
      faultsOf({ env: { GROQ_API_KEY: `${fakeKey} ${fakeKey}` } }),
      faultsOf({ env: { GROQ_API_KEY: `${fakeKey}ü` } }),
      faultsOf({ env: { GROQ_API_KEY: ['your', fakeKey].join('_') } }),
      faultsOf({ envFile: `${fakeKey}\nGROQ_API_URL=https://api.groq.com\n` }),
      faultsOf({ envFile: `${fakeKey} = 1\nbad ${fakeKey}=2` }),
      faultsOf({ env: { SWARM_API_URL: `http://user:${password}@127.0.0.1:8420` } }),
      faultsOf({ env: { SWARM_API_URL: `user:${password}@host` } }),
    ];
    for (const message of all) {
      expect(message).toContain('CONFIG VALIDATION FAILED');
      expect(message).not.toContain(fakeKey);
      expect(message).not.toContain(password);
    }
  });
});
