import { describe, expect, it } from 'vitest';
import { memoryHome, type MemoryHome } from '../testing/memory-home.ts';
import { deferred, ended, task } from '../testing/views.ts';
import { showBudget } from './budget.ts';
import { setBudget, type SetInput } from './budget-set.ts';
import { createToken } from './token.ts';

const shown = async (home: MemoryHome) => {
  const deps = home.deps();
  expect(await showBudget({ home: undefined, json: false }, deps)).toBe(0);
  return deps.terminal.out;
};
const set = async (home: MemoryHome, more: Partial<SetInput>, env: Readonly<Record<string, string>> = {}) => {
  const deps = home.deps(env);
  const code = await setBudget({ home: undefined, json: false, cap: 'day', usd: 25, name: undefined, ...more }, deps); // prettier-ignore
  return { code, out: deps.terminal.out.join('\n'), err: deps.terminal.err.join('\n') };
};

describe('budget set', () => {
  it('writes the cap into .env and leaves every other line of it as it was; the record says so', async () => {
    const home = memoryHome([]);
    home.machine.files.replace(home.layout.env, '# mine\nGROQ_API_KEY=abc\nVIVARIUM_DAY_CAP_USD=3\n');
    expect(await set(home, {})).toMatchObject({ code: 0, err: '' });
    expect(home.machine.files.readText(home.layout.env)).toBe(
      '# mine\nGROQ_API_KEY=abc\nVIVARIUM_DAY_CAP_USD=25.00\n',
    );
    expect((await shown(home)).join('\n')).toMatch(/day .* of \$25\.00 left/);
    await set(home, { cap: 'run', usd: 0.5 });
    expect(home.machine.files.readText(home.layout.env)).toContain('VIVARIUM_RUN_CAP_USD=0.50\n');
    expect(home.lines(home.layout.log('action'))).toMatchObject([
      { action_type: 'BUDGET', action: 'CAP_SET', event: 'budget.set', metadata: { scope: 'day', cap_nano_usd: 25_000_000_000 } },
      { metadata: { scope: 'run', cap_nano_usd: 500_000_000 } },
    ]); // prettier-ignore
  });

  it('M1: nothing is changed when the record cannot be written', async () => {
    const home = memoryHome([]);
    home.machine.files.failNext('append', new Error('disk full'));
    await expect(set(home, {})).rejects.toThrow(/cannot write/);
    expect(home.machine.files.readText(home.layout.env)).toBeUndefined();
  });

  it('says when the environment goes before it', async () => {
    const { code, err } = await set(memoryHome([]), {}, { VIVARIUM_DAY_CAP_USD: '1' });
    expect(code).toBe(0);
    expect(err).toMatch(
      /not in force: VIVARIUM_DAY_CAP_USD is set in the environment, which goes before \.env/,
    );
  });

  it('changes what a principal may spend; one that is not there, or was revoked, is refused by name', async () => {
    const home = memoryHome([]);
    await createToken({ home: undefined, json: true, name: 'alice', budget: 3, rate: 60 }, home.deps());
    expect(await set(home, { cap: 'principal', usd: 5, name: 'alice' })).toMatchObject({
      out: 'alice may spend $5.00 in all, from its next request on.',
    });
    expect((await shown(home)).join('\n')).toMatch(/principal alice +\$5\.00 of \$5\.00/);
    await expect(set(home, { cap: 'principal', name: 'bob' })).rejects.toThrow(/no token has the name "bob"/);
    await expect(set(home, { cap: 'principal' })).rejects.toThrow(/--name is missing/);
    await expect(set(home, { cap: 'day', name: 'alice' })).rejects.toThrow(/--name is for/);
  });

  it('Q11: opens what the cap of the day deferred, and nothing else; once more, for a command that was killed half way', async () => {
    const home = memoryHome(
      ['for-the-day', 'until-midnight', 'for-the-task', 'waits', 'done'].map((id) => task(id)),
      [
        ...deferred('for-the-day', 'day_budget', null),
        ...deferred('until-midnight', 'day_budget', '2026-11-24T00:00:00.000Z'),
        ...deferred('for-the-task', 'task_budget', null),
        ...deferred('waits', 'rate_limit', '2026-11-24T00:00:00.000Z'),
        ...ended('done', 'completed'),
      ],
    );
    const stop = home.machine.files.intercept((operation, path) => {
      if (operation === 'append' && path === home.layout.log('execution')) throw new Error('killed');
    });
    await expect(set(home, { json: true })).rejects.toThrow(/killed/);
    stop();
    const opened = ['for-the-day', 'until-midnight'];
    const cap = { cap: 'day', cap_nano_usd: 25_000_000_000, in_force: true };
    expect(JSON.parse((await set(home, { json: true })).out)).toEqual({ ...cap, opened });
    const reopened = home
      .lines(home.layout.log('execution'))
      .filter(({ event }) => event === 'task.reopened')
      .map(({ task_id, round, reason }) => [task_id, round, reason]);
    expect(reopened).toEqual(opened.map((id) => [id, 1, 'the cap of the day was set anew']));
    expect(JSON.parse((await set(home, { json: true })).out)).toMatchObject({ opened: [] });
  });

  it('two that change different caps at the same moment both count', async () => {
    const home = memoryHome([]);
    await Promise.all([set(home, { cap: 'day', usd: 7 }), set(home, { cap: 'run', usd: 1 })]);
    const text = home.machine.files.readText(home.layout.env);
    expect(text).toContain('VIVARIUM_DAY_CAP_USD=7.00');
    expect(text).toContain('VIVARIUM_RUN_CAP_USD=1.00');
  });
});
