/** Money as a user looks at it and bounds it: what is said before it is spent, what was spent, and the prices it is counted by. */
import { statSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { createHome, taskNamed, until, type Home } from './orchestrator-process.ts';

const homes: Home[] = [];
afterEach(async () => {
  for (const home of homes.splice(0)) await home.remove();
});
function homeWith(...names: readonly string[]): Home {
  const home = createHome(names.map((name) => taskNamed(name)));
  homes.push(home);
  return home;
}
interface Spend {
  readonly rows: readonly {
    readonly name: string;
    readonly simulated: boolean;
    readonly calls: number;
    readonly settled_nano_usd: number;
  }[];
  readonly totals: Readonly<
    Record<'real' | 'simulated', { readonly calls: number; readonly settled_nano_usd: number }>
  >;
}
const spendOf = async (home: Home, ...words: readonly string[]): Promise<Spend> => {
  const { code, out, err } = await home.cli(['spend', '--json', ...words]);
  expect([code, err]).toEqual([0, '']);
  return JSON.parse(out) as Spend;
};

describe('money', () => {
  it('is bounded before it is spent: add and start say the worst case, and the day’s cap when it is the tightest', async () => {
    const home = homeWith();
    const added = await home.cli([
      'add',
      'a',
      'grind',
      '--prompt',
      '0123456789',
      '--max-tokens',
      '100',
      '--max',
      '0.05',
    ]);
    // 10 bytes and 256 tokens of template at 50, 100 tokens of reply at 80 nano-dollars each.
    expect(added.out).toContain('Worst case: $0.0000213 a call, $0.05 in all');
    const env = { VIVARIUM_DAY_CAP_USD: '0.00001' };
    const held = await home.cli(['start', '1'], { env });
    expect(held.out).toContain(
      'worst case: $0.0000213 with every call at its longest, once; whatever is tried again or added, this run can cost $0.00001 at most',
    );
    expect(held.out).toContain("The day's cap of $0.00001 leaves $0.00001");
    expect(held.code).toBe(5);
    expect(await home.status()).toMatchObject({ deferred: 1, simulated_cost_nano_usd: 0 });
    const bounded = await home.cli(['start', '1', '--json']);
    expect(JSON.parse(bounded.out.split('\n')[0] ?? '')).toMatchObject({
      event: 'run.started',
      worst_case_nano_usd: 21_300,
      run_cap_nano_usd: 2_000_000_000,
      day_cap_nano_usd: 10_000_000_000,
      day_left_nano_usd: 10_000_000_000,
    });
    expect(bounded.code).toBe(0);
  });

  it('M2, M5: spend comes to the bill to the nano-dollar, whatever it is summed by, and to what status says', async () => {
    const home = homeWith('a', 'b', 'c');
    expect((await home.cli(['start', '2'])).code).toBe(0);
    const { bill } = home.books();
    for (const by of ['model', 'task', 'day', 'principal', 'provider', 'run'])
      expect((await spendOf(home, '--by', by)).totals).toMatchObject({
        real: { calls: 0, settled_nano_usd: 0 },
        simulated: { calls: 3, settled_nano_usd: bill },
      });
    const { rows } = await spendOf(home, '--by', 'task');
    expect(rows.map(({ name }) => name).toSorted()).toEqual(['a', 'b', 'c']);
    expect((await home.status()).simulated_cost_nano_usd).toBe(bill);
    expect((await spendOf(home, '--until', '2026-01-01')).rows).toEqual([]);
    const csv = (await home.cli(['spend', '--by', 'task', '--csv'])).out.trim().split('\n');
    expect(csv[0]).toBe(
      'task,book,calls,settled_usd,unknown_usd,held_usd,settled_nano_usd,unknown_nano_usd,held_nano_usd,refused,replayed,cached,saved_nano_usd,input_tokens,output_tokens',
    );
    expect(csv.slice(1).reduce((sum, line) => sum + Number(line.split(',')[6]), 0)).toBe(bill);
    expect((await home.cli(['spend'])).out).toMatch(
      /^Simulated, no real money moved; by model:\n {2}llama-3\.1-8b-instant {2}\$[\d.]+ settled, 3 calls, \d+ \+ \d+ tokens\n$/,
    );
    expect((await home.cli(['spend', '--since', 'yesterday'])).code).toBe(2);
    expect((await home.cli(['spend', '--by', 'mood'])).code).toBe(2);
  });

  it('is counted by the prices of the home: an entry of models.json is held and settled by, a removed model is refused', async () => {
    const home = homeWith();
    home.write(
      'models.json',
      JSON.stringify({
        models: [
          { id: 'llama-3.1-8b-instant', context_tokens: 8_192, max_completion_tokens: 1_024, input_usd_per_million: 1, output_usd_per_million: 2, price_date: '2026-11-27', price_source: 'a contract of our own' },
          { id: 'openai/gpt-oss-20b', remove: true },
        ],
      }),
    ); // prettier-ignore
    const listed = await home.cli(['models']);
    expect(listed.out).toMatch(
      /llama-3\.1-8b-instant {2}\(default\)\n {2}\$1\.000 in, \$2\.000 out, per million tokens; reads 8192, answers 1024 tokens\n {2}price of 2026-11-27: a contract of our own \(models\.json\)/,
    );
    expect(listed.out).not.toContain('gpt-oss-20b');
    expect(
      (await home.cli(['add', 'no', 'grind', '--prompt', 'x', '--model', 'openai/gpt-oss-20b'])).code,
    ).toBe(2);
    await home.cli(['add', 'a', 'grind', '--prompt', 'Say it.', '--max-tokens', '50']);
    expect((await home.cli(['start', '1'])).code).toBe(0);
    const lines = home
      .read('logs', 'api_audit.log')
      .split('\n')
      .filter((text) => text !== '')
      .map((text) => JSON.parse(text) as Record<string, number | string>);
    const held = lines.find(({ event }) => event === 'call.held');
    const settled = lines.find(({ event }) => event === 'API_CALL_SUCCESS');
    expect(held?.['held_nano_usd']).toBe(Number(held?.['input_token_bound']) * 1_000 + 50 * 2_000);
    expect(settled?.['cost_nano_usd']).toBe(
      Number(settled?.['input_tokens']) * 1_000 + Number(settled?.['output_tokens']) * 2_000,
    );
  });

  it('the reply cache answers the same question once paid for; `spend` says what that saved, and replay finds everything equal', async () => {
    const home = homeWith();
    home.queue(['a', 'b', 'c'].map((id) => ({ ...taskNamed(id), prompt: 'Say the same.' })));
    expect(
      (await home.cli(['start', '1', '--concurrency', '1'], { env: { VIVARIUM_REPLY_CACHE: 'on' } })).code,
    ).toBe(0);
    const { settled, calls } = home.books();
    expect(calls).toBe(1);
    const { rows } = JSON.parse((await home.cli(['spend', '--json'])).out) as { rows: readonly object[] };
    expect(rows).toMatchObject([
      { calls: 1, cached: 2, saved_nano_usd: 2 * settled, settled_nano_usd: settled },
    ]);
    expect((await home.cli(['spend'])).out).toContain('2 answered by the reply cache ($');
    expect(await home.cli(['replay'])).toMatchObject({ code: 0 });
    expect(await home.status()).toMatchObject({ completed: 3, simulated_cost_nano_usd: settled });
  });

  it('Q11: what the cap of the day defers is done on the next day by a run that stays, and by another run else', async () => {
    const env = { VIVARIUM_DAY_CAP_USD: '0.000001' };
    const home = homeWith('a');
    expect((await home.cli(['start', '1'], { env })).code).toBe(5);
    expect((await home.status()).tasks[0]).toMatchObject({
      status: 'deferred',
      reason: 'day_budget',
      not_before: null,
    });
    const run = home.launch(['start', '1', '--watch'], { env });
    await until(
      async () => (await home.status()).tasks[0]?.not_before !== null,
      20_000,
      'the next day to be named',
    );
    const { not_before: nextDay = '' } = (await home.status()).tasks[0] ?? {};
    const midnight = new Date(new Date().toISOString().slice(0, 10)).getTime() + 86_400_000;
    expect(Math.abs(Date.parse(String(nextDay)) - midnight)).toBeLessThan(5_000);
    run.child.kill('SIGINT');
    await run.ended;
  });

  it('Q9, Q11: two runs at once that can both not begin the same tasks try each once, and both end', async () => {
    const home = homeWith('a', 'b', 'c', 'd');
    const runs = ['0.005', '0.006'].map((cap) => home.launch(['start', '1', '--run-cap', cap]));
    for (const { ended } of runs) expect((await ended).code).toBe(5);
    // Not its claims: one that finds the other's grind just gone is taken back, and tried when there is one again.
    const left = [...home.read('logs/execution_log.jsonl').matchAll(/^.*"status":"deferred".*$/gm)].map(
      ([line]) =>
        ['task_id', 'run_id'].map((key) => new RegExp(`"${key}":"([^"]*)"`).exec(line)?.[1]).join(' of '),
    );
    expect(new Set(left).size).toBe(left.length);
    expect(left.length).toBeGreaterThanOrEqual(4);
    expect(left.length).toBeLessThanOrEqual(8);
  });

  it('Q11: what the cap of the day deferred is taken up by the run that stays as soon as the cap is raised', async () => {
    const home = homeWith('a', 'b');
    home.write('.env', 'VIVARIUM_DAY_CAP_USD=0.000001\n');
    const run = home.launch(['start', '1', '--watch']);
    const deferred = async () => (await home.status()).deferred;
    await until(async () => (await deferred()) === 2, 20_000, 'both to be deferred to midnight');
    expect(await home.cli(['budget', 'set', 'day', '3'])).toMatchObject({
      code: 0,
      out: expect.stringContaining('What the cap of the day had deferred is open again: 2 tasks.') as unknown,
    });
    await until(() => home.completions().size === 2, 20_000, 'both to be done');
    run.child.kill('SIGINT');
    await run.ended;
  });

  it('M1: `budget set` bounds a grind that is up from its next call on, and what it raises is spent again; each cap is a line before it counts', async () => {
    const home = homeWith();
    const run = home.launch(['start', '1', '--watch']);
    await until(() => home.read('run', 'grind.json') !== '', 20_000, 'grind');
    expect(await home.cli(['budget', 'set', 'day', '0.000001'])).toMatchObject({
      code: 0,
      out: expect.stringContaining('Everything of a UTC day together may cost $0.000001') as unknown,
      err: '',
    });
    expect(statSync(home.at('.env')).mode & 0o777).toBe(0o600);
    const { url } = JSON.parse(home.read('run', 'grind.json')) as { url: string };
    const ask = async (prompt: string): Promise<{ error?: { code: string; reason?: string } }> => {
      const response = await fetch(`${url}/grind`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ prompt, max_tokens: 16 }) }); // prettier-ignore
      return (await response.json()) as { error?: { code: string; reason?: string } };
    };
    expect((await ask('One.')).error).toMatchObject({ code: 'deferred', reason: 'day_budget' });
    expect((await home.cli(['budget'])).out).toMatch(/day \S+ +\$0\.000001 of \$0\.000001 left/);
    expect(await home.cli(['budget', 'set', 'day', '4'])).toMatchObject({ code: 0, err: '' });
    expect((await ask('Two.')).error).toBeUndefined();
    const { out } = await home.cli(['budget', 'show', '--json']);
    const { caps } = JSON.parse(out) as { caps: readonly { scope: string; simulated: boolean; cap_nano_usd: number; left_nano_usd: number }[] }; // prettier-ignore
    const day = caps.find(({ scope, simulated }) => scope === 'day' && simulated);
    expect(day?.cap_nano_usd).toBe(4_000_000_000);
    expect(day?.left_nano_usd).toBe(4_000_000_000 - home.books().settled);
    const set = home
      .read('logs', 'api_audit.log')
      .split('\n')
      .flatMap((text) =>
        text.includes('"cap.set"') ? [(JSON.parse(text) as { cap_nano_usd: number }).cap_nano_usd] : [],
      );
    expect(set).toEqual([1_000, 4_000_000_000]);
    expect((await home.cli(['budget', 'set', 'day', 'much'])).code).toBe(2);
    run.child.kill('SIGINT');
    await run.ended;
  });

  it.each([
    ['no JSON', '{', 'it is not JSON'],
    ['a price that is none', '{"models":[{"id":"m","context_tokens":1,"max_completion_tokens":1,"input_usd_per_million":"cheap","output_usd_per_million":1,"price_date":"2026-11-27","price_source":"s"}]}', 'models.0.input_usd_per_million'],
    ['a model given twice', '{"models":[{"id":"m","remove":true},{"id":"m","remove":true}]}', 'stands in it twice'],
  ])('a models.json that cannot be understood starts nothing and says where: %s', async (_what, text, said) => {
    const home = homeWith('a');
    home.write('models.json', text);
    for (const command of [['start', '1'], ['models']])
      expect(await home.cli(command)).toMatchObject({ code: 4, err: expect.stringContaining(said) as unknown });
    expect(home.read('logs', 'api_audit.log')).toBe('');
  }); // prettier-ignore
});
