/** `replay` on real runs: equal while nobody lied, and each kind of planted divergence is found and named. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createHome, taskNamed, until, type Home } from './orchestrator-process.ts';

const homes: Home[] = [];
afterEach(async () => {
  for (const home of homes.splice(0)) await home.remove();
});
const homeWith = (count: number): Home => {
  const home = createHome(Array.from({ length: count }, (_, n) => taskNamed(`task-${n}`)));
  homes.push(home);
  return home;
};

describe('replay', () => {
  it('M1, Q1: equals what a working grind believes, at any moment of a run, and what is left after it', async () => {
    const home = homeWith(60);
    const run = home.launch(['start', '2', '--watch']);
    await until(() => home.completions().size > 3, 30_000, 'a few completions');
    for (let look = 0; look < 6; look += 1) {
      const { code, out } = await home.cli(['replay']);
      expect({ code, out }).toEqual({
        code: 0,
        out: expect.stringContaining('= sums and holds of the grind that is up: equal') as string,
      });
    }
    await until(() => home.completions().size === 60, 60_000, 'all');
    run.child.kill('SIGINT');
    await run.ended;
    const after = await home.cli(['replay', '--json']);
    expect(after).toMatchObject({ code: 0, err: '' });
    expect((await home.cli(['replay', '--json'])).out).toBe(after.out);
    const state = JSON.parse(after.out) as {
      tasks: Record<string, { status: string }>;
      money: { simulated: { total: { settled: number } } };
    };
    expect(Object.values(state.tasks).every(({ status }) => status === 'completed')).toBe(true);
    expect(state.money.simulated.total.settled).toBe(home.books().settled);
  });

  it('--at goes back to an event or a moment; what is neither is refused', async () => {
    const home = homeWith(4);
    await home.cli(['start', '1']);
    const lines = home
      .read('logs/execution_log.jsonl')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { event_id: string; timestamp: string; status: string });
    const first = lines.find(({ status }) => status === 'completed');
    const back = await home.cli(['replay', '--json', '--at', first?.event_id ?? '']);
    const state = JSON.parse(back.out) as { tasks: Record<string, { status: string }> };
    expect(Object.values(state.tasks).filter(({ status }) => status === 'completed')).toHaveLength(1);
    expect((await home.cli(['replay', '--at', '2026-01-01'])).out).toContain('tasks named: 0');
    expect((await home.cli(['replay', '--json', '--at', '2999-01-01'])).out).toBe(
      (await home.cli(['replay', '--json'])).out,
    );
    for (const at of ['yesterday', 'evt_nobody', ''])
      expect(await home.cli(['replay', '--at', at])).toMatchObject({
        code: 2,
        err: expect.stringContaining('neither a time nor the id of an event') as unknown,
      });
  });

  it('a planted divergence is found and named: a cost, a missing settlement, an output, what grind believes', async () => {
    const home = homeWith(3);
    await home.cli(['start', '1']);
    expect(await home.cli(['replay'])).toMatchObject({ code: 0 });

    const plants: readonly (readonly [() => () => void, RegExp])[] = [
      [
        () => home.edit('logs/execution_log.jsonl', /"cost_nano_usd":(\d+)/, '"cost_nano_usd":1$1'),
        /DIVERGES costs: cost of task-\d[\s\S]*execution_log\.jsonl, record \d+, byte \d+/,
      ],
      [
        () => home.edit('logs/api_audit.log', /API_CALL_SUCCESS/, 'API_CALL_SUCCES'),
        /DIVERGES costs: cost of task-\d[\s\S]*no settled call in api_audit\.log/,
      ],
      [
        () => {
          const [file = ''] = readdirSync(home.at('logs/results'));
          return home.edit(join('logs/results', file), /"result":"./, '"result":"#');
        },
        /DIVERGES costs: output of task-\d[\s\S]*not in logs\/results as it was written/,
      ],
    ];
    for (const [lie, named] of plants) {
      const mend = lie();
      const told = await home.cli(['replay']);
      expect(told.code).toBe(1);
      expect(told.out).toMatch(named);
      expect((await home.cli(['replay', '--json'])).err).toContain('"divergence"');
      mend();
      expect(await home.cli(['replay'])).toMatchObject({ code: 0 });
    }

    // A grind that is up and a log that was changed behind its back: they no longer agree.
    home.queue([taskNamed('task-0'), taskNamed('task-1'), taskNamed('task-2'), taskNamed('more')]);
    const run = home.launch(['start', '1', '--watch']);
    await until(() => home.completions().size === 4, 30_000, 'the last');
    home.edit('logs/api_audit.log', /"cost_nano_usd":\d/, '"cost_nano_usd":9');
    const told = await home.cli(['replay']);
    expect(told.code).toBe(1);
    expect(told.out).toMatch(
      /DIVERGES grind: money\.simulated\.sums\.day\.[\d-]+\.settled[\s\S]*last line about it: logs\/api_audit\.log, record \d+/,
    );
    run.child.kill('SIGINT');
    await run.ended;
  });
});
