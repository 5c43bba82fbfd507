import { describe, expect, it } from 'vitest';
import { memoryHome, type MemoryHome } from '../testing/memory-home.ts';
import type { Line } from '../testing/views.ts';
import { showBudget } from './budget.ts';
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
