import { describe, expect, it } from 'vitest';
import { memoryHome, type MemoryHome } from '../testing/memory-home.ts';
import type { Line } from '../testing/views.ts';
import { setBudget, showBudget, type SetInput } from './budget.ts';
import { createToken } from './token.ts';

const NOW = '2026-11-23T10:';
const joins = { user: 'admin', role: 'admin', model: 'llama-3.1-8b-instant', provider: 'groq', simulated: false, home: 'h' }; // prettier-ignore
const call = (n: number, minute: number, cost: number, more: Line = {}): readonly Line[] => [
  { timestamp: `${NOW}${minute}:00.000Z`, event: 'call.held', ...joins, held: 0, held_nano_usd: 2 * cost, input_token_bound: 1, max_completion_tokens: 1, call_id: `call_${n}`, run_id: 'run_1', ...more },
  { timestamp: `${NOW}${minute}:01.000Z`, event: 'API_CALL_SUCCESS', ...joins, cost: 0, cost_nano_usd: cost, input_tokens: 1, output_tokens: 1, call_id: `call_${n}`, run_id: 'run_1', ...more },
]; // prettier-ignore

function homeWith(lines: readonly Line[]): MemoryHome {
  const home = memoryHome([]);
  const until = Date.parse(`${NOW}59:00.000Z`) - home.machine.clock.now().getTime();
  home.machine.clock.advance(until);
  home.machine.files.replace(
    home.layout.log('apiAudit'),
    lines.map((line) => `${JSON.stringify(line)}\n`).join(''),
  );
  return home;
}
const shown = async (home: MemoryHome, json = false) => {
  const deps = home.deps();
  expect(await showBudget({ home: undefined, json }, deps)).toBe(0);
  return deps.terminal.out;
};
const set = async (home: MemoryHome, more: Partial<SetInput>, env: Readonly<Record<string, string>> = {}) => {
  const deps = home.deps(env);
  const code = await setBudget({ home: undefined, json: false, cap: 'day', usd: 25, name: undefined, ...more }, deps); // prettier-ignore
  return { code, out: deps.terminal.out.join('\n'), err: deps.terminal.err.join('\n') };
};

describe('budget show', () => {
  it('says of every cap what is left, and when the day is used up at the pace of the last hour', async () => {
    const home = homeWith([...call(1, 10, 500_000_000), ...call(2, 20, 1_500_000_000)]);
    await createToken({ home: undefined, json: true, name: 'alice', budget: 3, rate: 60 }, home.deps());
    const lines = (await shown(home)).join('\n');
    expect(lines).toMatch(/day 2026-11-23 +\$8\.00 of \$10\.00 left \(20% gone\)/);
    expect(lines).toMatch(/principal alice +\$3\.00 of \$3\.00 left \(0% gone\)/);
    // Two dollars an hour, eight left: four hours from 10:59.
    expect(lines).toContain('$2.00 in the last hour; at that pace the day is used up at 14:59 UTC');
    expect(lines).not.toContain('Simulated');
    const report = JSON.parse((await shown(home, true))[0] ?? '') as { caps: readonly Line[] };
    expect(report).toMatchObject({
      last_hour_nano_usd: { real: 2_000_000_000, simulated: 0 },
      day_used_up_at: { real: '2026-11-23T14:59:00.000Z', simulated: null },
      run_default_nano_usd: 2_000_000_000,
    });
    expect(report.caps[0]).toMatchObject({ scope: 'day', simulated: false, cap_nano_usd: 10_000_000_000, settled_nano_usd: 2_000_000_000, left_nano_usd: 8_000_000_000 }); // prettier-ignore
  });

  it('M5: simulated money has rows of its own, and a pace that does not reach midnight says so', async () => {
    const home = homeWith(call(1, 30, 1_000_000, { simulated: true, provider: 'simulator' }));
    const lines = await shown(home);
    const at = lines.findIndex((line) => line.startsWith('Simulated'));
    expect(lines.slice(0, at).join('\n')).toMatch(/day .*\$10\.00 of \$10\.00 left/);
    expect(lines.slice(at).join('\n')).toMatch(/\(0% gone\)[^]*at that pace the day is not used up today/);
  });
});

describe('budget set', () => {
  it('writes the cap into .env and leaves every other line of it as it was; the record says so', async () => {
    const home = homeWith([]);
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
    const home = homeWith([]);
    home.machine.files.failNext('append', new Error('disk full'));
    await expect(set(home, {})).rejects.toThrow(/cannot write/);
    expect(home.machine.files.readText(home.layout.env)).toBeUndefined();
  });

  it('says when the environment goes before it', async () => {
    const { code, err } = await set(homeWith([]), {}, { VIVARIUM_DAY_CAP_USD: '1' });
    expect(code).toBe(0);
    expect(err).toMatch(
      /not in force: VIVARIUM_DAY_CAP_USD is set in the environment, which goes before \.env/,
    );
  });

  it('changes what a principal may spend; one that is not there, or was revoked, is refused by name', async () => {
    const home = homeWith([]);
    await createToken({ home: undefined, json: true, name: 'alice', budget: 3, rate: 60 }, home.deps());
    expect(await set(home, { cap: 'principal', usd: 5, name: 'alice' })).toMatchObject({
      out: 'alice may spend $5.00 in all, from its next request on.',
    });
    expect((await shown(home)).join('\n')).toMatch(/principal alice +\$5\.00 of \$5\.00/);
    await expect(set(home, { cap: 'principal', name: 'bob' })).rejects.toThrow(/no token has the name "bob"/);
    await expect(set(home, { cap: 'principal' })).rejects.toThrow(/--name is missing/);
    await expect(set(home, { cap: 'day', name: 'alice' })).rejects.toThrow(/--name is for/);
  });
});
