import { homeIdOf, homeLayout, secretsIn } from '@vivarium/contracts';
import { nanoUsd } from '@vivarium/core';
import { createMemoryMachine, type MemoryMachine } from '@vivarium/platform/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { initHome } from './home.ts';
import { createRecordStore } from './record-store.ts';
import { createTokenStore, type TokenStore } from './tokens.ts';

const layout = homeLayout('/home');
const alice = { name: 'alice', budget: nanoUsd(5_000_000), requestsPerMinute: 60 };

describe('tokens', () => {
  let machine: MemoryMachine;
  let tokens: TokenStore;
  const storeOn = (on: MemoryMachine): TokenStore =>
    createTokenStore({
      layout,
      machine: on,
      record: createRecordStore({ layout, home: homeIdOf(layout.root), machine: on }),
    });
  const actions = () => machine.files.readText(layout.log('action')) ?? '';
  beforeEach(() => {
    machine = createMemoryMachine();
    initHome(layout, machine.files);
    tokens = storeOn(machine);
  });

  it('S6: a token is found by itself, and stands nowhere: only its hash is kept, for the eyes of the owner', async () => {
    const token = await tokens.create(alice, 'operator');
    expect(token).toMatch(/^viv_[0-9a-f]{64}$/);
    expect(secretsIn(`my token is ${token}.`)).toEqual(['a Vivarium token']);
    expect(tokens.find(token)).toMatchObject({ name: 'alice', role: 'lan', budget_nano_usd: 5_000_000 });
    for (const path of machine.disk.files.keys())
      expect(machine.files.readText(path) ?? '').not.toContain(token);
    expect((machine.files.stat(layout.tokens)?.mode ?? 0) & 0o077).toBe(0);
    for (const other of [`${token}0`, token.slice(0, -1), `viv_${'0'.repeat(64)}`, token.toUpperCase(), ''])
      expect(tokens.find(other)).toBeUndefined();
  });

  it('is none from the moment it is revoked, for a process that read it before too', async () => {
    const elsewhere = storeOn(createMemoryMachine({ disk: machine.disk }));
    const token = await tokens.create(alice, 'operator');
    expect(elsewhere.find(token)).toBeDefined();
    expect(await tokens.revoke('alice', 'left us', 'operator')).toBe(true);
    expect(elsewhere.find(token)).toBeUndefined();
    expect(await tokens.revoke('alice', 'again', 'operator')).toBe(false);
    expect(tokens.list()).toMatchObject([{ name: 'alice', revoke_reason: 'left us' }]);
    expect(actions()).toContain('"event":"token.created"');
    expect(actions()).toContain('"event":"token.revoked"');
  });

  it('M1: a name is never given twice: what it spent stands under it', async () => {
    await tokens.create(alice, 'operator');
    await tokens.revoke('alice', 'lost', 'operator');
    await expect(tokens.create(alice, 'operator')).rejects.toThrow('that name was given before');
  });

  it.each(['', 'Alice', 'a b', '../x', 'admin', 'grind', 'operator', '1a', 'a'.repeat(33), 'é'])(
    'refuses the name %j and says why',
    async (name) => {
      await expect(tokens.create({ ...alice, name }, 'operator')).rejects.toMatchObject({ code: 'usage' });
      expect(tokens.list()).toEqual([]);
    },
  );

  it('two that are made at once are both there', async () => {
    const elsewhere = storeOn(createMemoryMachine({ disk: machine.disk }));
    const [one, other] = await Promise.all([
      tokens.create(alice, 'operator'),
      elsewhere.create({ ...alice, name: 'bob' }, 'operator'),
    ]);
    expect([one, other].map((token) => tokens.find(token)?.name)).toEqual(['alice', 'bob']);
  });

  it('S2: what cannot be recorded is not given; what cannot be recorded is taken away all the same', async () => {
    const token = await tokens.create(alice, 'operator');
    machine.files.intercept((operation, path) => {
      if (operation === 'append' && path.includes('action_log')) throw new Error('the disk is full');
    });
    await expect(tokens.create({ ...alice, name: 'bob' }, 'operator')).rejects.toThrow('the disk is full');
    expect(tokens.list().map(({ name }) => name)).toEqual(['alice']);
    await tokens.revoke('alice', 'lost', 'operator');
    expect(tokens.find(token)).toBeUndefined();
  });

  it.each(['', '{', '[]', '{"tokens":[{"name":"alice"}]}'])(
    'a file that cannot be read lets nobody in, and is not written over: %j',
    async (text) => {
      const token = await tokens.create(alice, 'operator');
      machine.files.replace(layout.tokens, text);
      expect(() => tokens.find(token)).toThrow('no token works');
      await expect(tokens.create({ ...alice, name: 'bob' }, 'operator')).rejects.toThrow('no token works');
      expect(machine.files.readText(layout.tokens)).toBe(text);
    },
  );
});
