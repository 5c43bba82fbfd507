import { describe, expect, it } from 'vitest';
import { homeVariable, processEnvironment } from './environment.ts';
import { scrubbedEnv } from './scrubbed-env.ts';

const fakeKey = ['gsk', 'y'.repeat(20)].join('_');

describe('the environment of children', () => {
  it('keeps what a Node process needs', () => {
    const env = {
      PATH: '/bin',
      HOME: '/root',
      LANG: 'C',
      LC_ALL: 'C',
      TZ: 'UTC',
      NODE_OPTIONS: '--trace-warnings',
      TMPDIR: '/tmp',
      VIVARIUM_HOME: '/h',
      NO_COLOR: '1',
      Path: 'C:\\',
    };
    expect(scrubbedEnv(env)).toEqual(env);
  });
  it('S6: drops the key, its siblings, whatever speaks of a secret, and what nobody asked for', () => {
    const env = {
      GROQ_API_KEY: fakeKey,
      GROQ_API_URL: 'https://api.groq.com',
      NODE_AUTH_TOKEN: 'a',
      VIVARIUM_ADMIN_TOKEN: 'b',
      npm_config__auth: 'c',
      AWS_SECRET_ACCESS_KEY: 'd',
      DATABASE_URL: 'e',
      HTTPS_PROXY: 'f',
      PGPASSWORD: 'g',
      SOMETHING: 'h',
    };
    expect(scrubbedEnv(env)).toEqual({});
  });
  it('S6: drops the key also where it stands in another variable', () => {
    expect(scrubbedEnv({ GROQ_API_KEY: fakeKey, NODE_OPTIONS: `--title=${fakeKey}`, PATH: '/bin' })).toEqual({
      PATH: '/bin',
    });
  });
  it('drops nothing more when the key is too short to be one', () => {
    expect(scrubbedEnv({ GROQ_API_KEY: 'a', PATH: '/bin', LANG: undefined })).toEqual({ PATH: '/bin' });
  });
});

describe('the environment of this process', () => {
  it('is what the process was started with', () => {
    expect(processEnvironment()['PATH']).toBe(process.env['PATH']);
    expect(homeVariable({ VIVARIUM_HOME: '/h' })).toBe('/h');
    expect(homeVariable({})).toBeUndefined();
  });
});
