/** The sealed record of real runs: `audit verify`, `heads`, `seal`, `export` and the program that comes with it, and `clear`. */
import { execFile } from 'node:child_process';
import { copyFileSync, existsSync, readdirSync, rmSync, statSync } from 'node:fs';
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
interface Told {
  readonly whole: boolean;
  readonly lines: number;
  readonly unsealed: number;
  readonly results: number;
  readonly signature: string;
  readonly faults: readonly { readonly file: string; readonly record: number; readonly kind: string }[];
}
const verify = async (home: Home, ...flags: readonly string[]): Promise<Told & { code: unknown }> => {
  const { code, out, err } = await home.cli(['audit', 'verify', '--json', ...flags]);
  if (err !== '') throw new Error(err);
  return { code, ...(JSON.parse(out) as Told) };
};
const checkExport = async (
  directory: string,
  ...more: readonly string[]
): Promise<{ code: number; out: string }> =>
  new Promise((resolve) => {
    // As a third party has it: nothing but the directory, and no environment.
    execFile(process.execPath, ['verify.mjs', '.', ...more], { cwd: directory, env: {} }, (error, out) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, out }),
    );
  });

describe('audit', () => {
  it('S5: a run leaves every line sealed and signed; one changed character in any log is named by file and record', async () => {
    const home = homeWith(6);
    expect(await home.cli(['start', '2'])).toMatchObject({ code: 0 });
    const whole = await verify(home);
    expect(whole).toMatchObject({
      code: 0,
      whole: true,
      unsealed: 0,
      results: 6,
      signature: 'good',
      faults: [],
    });
    const logs = readdirSync(home.at('logs')).filter(
      (name) => /\.(jsonl|log)$/.test(name) && name !== 'action_log.log',
    );
    expect(logs).toHaveLength(6);
    for (const name of logs) {
      const lines = home.read('logs', name).split('\n');
      const middle = Math.floor(lines.length / 2);
      const bad = lines[middle]?.replace('2026-', '2025-') ?? '';
      home.write(`logs/${name}`, lines.with(middle, bad).join('\n'));
      expect(await verify(home)).toMatchObject({
        code: 1,
        whole: false,
        faults: [{ file: `logs/${name}`, record: middle + 1, kind: 'edited' }],
      });
      home.write(`logs/${name}`, lines.join('\n'));
    }
    expect(await verify(home)).toMatchObject({ code: 0 });
    const { code, out } = await home.cli(['audit', 'verify']);
    expect(code).toBe(0);
    expect(out).toContain('The record is what it was when it was sealed.');
    // What the keyring holds finds a cut of everything at once; without it, nothing could.
    const seals = home.read('logs/seals.jsonl');
    home.write('logs/seals.jsonl', '');
    expect(await verify(home)).toMatchObject({
      code: 1,
      faults: [{ file: 'logs/seals.jsonl', kind: 'cut' }],
    });
    expect(
      (await home.cli(['audit', 'verify'], { env: { VIVARIUM_SEAL_DIR: `${home.path}-none` } })).out,
    ).toContain('no head is kept outside of the home');
    home.write('logs/seals.jsonl', seals);
  });

  it('S5: a killed run is sealed by the next one, and by `audit seal`', async () => {
    const home = homeWith(40);
    const run = home.launch(['start', '2']);
    await until(() => home.completions().size > 5, 30_000, 'a few completions');
    for (const pid of [run.pid, home.grindPid(), ...home.workerPids()]) process.kill(pid, 'SIGKILL');
    await until(() => home.processes().length === 0, 20_000, 'everybody to leave');
    expect(await verify(home)).toMatchObject({ code: 0, faults: [] });
    const sealed = await home.cli(['audit', 'seal', '--json']);
    expect(sealed.code).toBe(0);
    expect(await verify(home)).toMatchObject({ code: 0, unsealed: 0 });
    expect(await home.cli(['audit', 'seal'])).toMatchObject({ out: 'Nothing new: everything is sealed.\n' });
    expect(await home.cli(['start', '2'])).toMatchObject({ code: 0 });
    expect(await verify(home)).toMatchObject({ code: 0, unsealed: 0, faults: [] });
  });

  it('S5: `clear` keeps the chain: the archived log stays under seal and the new one begins', async () => {
    const home = homeWith(3);
    await home.cli(['start', '1']);
    const before = await verify(home);
    expect(await home.cli(['clear', '--yes'])).toMatchObject({ code: 0 });
    home.queue([taskNamed('task-0'), taskNamed('other')]);
    expect(await home.cli(['start', '1'])).toMatchObject({ code: 0 });
    const after = await verify(home);
    expect(after).toMatchObject({ code: 0, faults: [], unsealed: 0 });
    expect(after.lines).toBeGreaterThan(before.lines);
    const [archive = ''] = readdirSync(home.at('logs/archive'));
    home.edit(`logs/archive/${archive}/execution_log.jsonl`, 'completed', 'cancelled');
    expect(await verify(home)).toMatchObject({
      code: 1,
      faults: [{ file: `logs/archive/${archive}/execution_log.jsonl`, kind: 'edited' }],
    });
  });

  it('S5, Q1: `archive` keeps the chain and every state: what was set aside is under seal, exported, replayed, and nothing is done twice', async () => {
    const home = homeWith(3);
    await home.cli(['start', '1']);
    await home.cli(['retry', 'task-0']);
    expect(await home.cli(['start', '1'])).toMatchObject({ code: 0 });
    const state = (await home.cli(['replay', '--json'])).out;
    expect(await home.cli(['archive'])).toMatchObject({
      code: 0,
      out: expect.stringMatching(
        /execution_log\.jsonl: \d+ bytes; the new one keeps \d+ bytes\n.*safety_audit\.log: \d+ bytes\n.*action_log\.jsonl: \d+ bytes/,
      ) as string,
    });
    expect((await home.cli(['replay', '--json'])).out).toBe(state);
    expect(await home.cli(['replay'])).toMatchObject({ code: 0 });
    expect(await home.cli(['start', '1'])).toMatchObject({ code: 0 });
    expect(home.completions().size).toBe(3);
    expect(
      Object.keys((JSON.parse((await home.cli(['replay', '--json'])).out) as { tasks: object }).tasks),
    ).toHaveLength(3);
    expect(home.books()).toMatchObject({ calls: 4 });
    await home.cli(['add', 'more', 'code_review', '--prompt', 'Say more.']);
    expect(await home.cli(['start', '1'])).toMatchObject({ code: 0 });
    expect(await verify(home)).toMatchObject({ code: 0, faults: [], unsealed: 0 });
    const bundle = home.at('bundle');
    await home.cli(['audit', 'export', bundle]);
    expect(await checkExport(bundle)).toMatchObject({ code: 0 });

    const [archive = ''] = readdirSync(home.at('logs/archive'));
    home.edit(`logs/archive/${archive}/safety_audit.log`, 'gate.decided', 'gate.divided');
    expect(await verify(home)).toMatchObject({
      code: 1,
      faults: [{ file: `logs/archive/${archive}/safety_audit.log`, kind: 'edited' }],
    });
  });

  it('S5: a head that was kept elsewhere finds a record that was written anew, keys and all', async () => {
    const home = homeWith(2);
    await home.cli(['start', '1']);
    const { out } = await home.cli(['audit', 'heads']);
    home.write('head.json', out);
    expect(await verify(home, '--head', home.at('head.json'))).toMatchObject({ code: 0 });
    for (const directory of [home.at('logs'), `${home.path}-keys`]) rmSync(directory, { recursive: true });
    await home.cli(['start', '1']);
    expect(await verify(home)).toMatchObject({ code: 0 });
    expect(await verify(home, '--head', home.at('head.json'))).toMatchObject({
      code: 1,
      faults: [{ file: 'logs/seals.jsonl' }],
    });
  });

  it('S5: an export is checked by its own program, which needs nothing of ours and names what was changed', async () => {
    const home = homeWith(4);
    await home.cli(['start', '2']);
    const bundle = home.at('bundle');
    expect(await home.cli(['audit', 'export', bundle, '--results'])).toMatchObject({ code: 0 });
    const good = await checkExport(bundle);
    expect(good).toMatchObject({ code: 0 });
    expect(good.out).toContain('4 outputs looked at');
    expect(good.out).toContain('The head is signed by the key ');
    for (const name of [
      'execution_log.jsonl',
      'api_audit.log',
      'safety_audit.log',
      'seals.jsonl',
      'action_log.jsonl',
    ]) {
      const file = `bundle/logs/${name}`;
      const mend = home.edit(file, /2026-(?=[^\n]*\n$)/, '2025-');
      const bad = await checkExport(bundle);
      expect(bad).toMatchObject({ code: 1 });
      const count = home.read(file).trimEnd().split('\n').length;
      expect(bad.out).toContain(`BROKEN ${name}: record ${count}, byte `);
      mend();
    }
    const mend = home.edit('bundle/head.json', /"signature": "..../, '"signature": "AAAA');
    expect(await checkExport(bundle)).toMatchObject({ code: 1 });
    mend();
    const [output = ''] = readdirSync(join(bundle, 'logs/results'));
    home.edit(join('bundle/logs/results', output), /"result":"./, '"result":"#');
    expect((await checkExport(bundle)).out).toContain(`BROKEN results/${output}: the output `);
    expect(await home.cli(['audit', 'export', bundle])).toMatchObject({
      code: 2,
      err: expect.stringContaining('is there already') as unknown,
    });
  });

  it('`--range` looks into what was sealed in that time and nothing else', async () => {
    const home = homeWith(2);
    await home.cli(['start', '1']);
    home.edit('logs/action_log.jsonl', '2026-', '2025-');
    expect(await verify(home, '--range', '2026-01-01..')).toMatchObject({ code: 1 });
    expect(await verify(home, '--range', '..2026-01-01')).toMatchObject({ code: 0, lines: 0 });
    for (const range of ['yesterday', '2026-02-30..', '2026-02-02..2026-02-01', 'a..b..c'])
      expect(await home.cli(['audit', 'verify', '--range', range])).toMatchObject({ code: 2 });
  });

  it('bad heads and keys are refused with what is wrong with them', async () => {
    const home = homeWith(1);
    await home.cli(['start', '1']);
    home.write('no.json', '{');
    home.write(
      'other.json',
      JSON.stringify({ home: 'home_0', at: '2026-01-01T00:00:00Z', seq: 1, offset: 1, hash: '0'.repeat(64) }),
    );
    for (const [file, why] of [
      ['missing.json', 'there is no such file'],
      ['no.json', 'it is not JSON'],
      ['queue.json', 'home'],
      ['other.json', 'it is of another home'],
    ] as const)
      expect(await home.cli(['audit', 'verify', '--head', home.at(file)])).toMatchObject({
        code: 2,
        err: expect.stringContaining(why) as unknown,
      });
    const inside = await home.cli(['audit', 'seal'], { env: { VIVARIUM_SEAL_DIR: home.at('keys') } });
    expect(inside).toMatchObject({ code: 4, err: expect.stringContaining('is inside the home') as unknown });
  });

  it('the key and what is held are for their owner alone, and the key is nowhere in the home', async () => {
    const home = homeWith(1);
    await home.cli(['start', '1']);
    const keys = `${home.path}-keys`;
    expect(statSync(keys).mode & 0o077).toBe(0);
    expect(statSync(join(keys, 'seal.key')).mode & 0o077).toBe(0);
    copyFileSync(join(keys, 'seal.key'), home.at('copy'));
    const [, secret = ''] = home.read('copy').split('\n');
    rmSync(home.at('copy'));
    for (const name of readdirSync(home.path, { recursive: true, encoding: 'utf8' }))
      if (statSync(home.at(name)).isFile()) expect(home.read(name)).not.toContain(secret);
  });

  it('`VIVARIUM_SEALING=off` leaves the sealing to you', async () => {
    const home = homeWith(1);
    await home.cli(['start', '1'], { env: { VIVARIUM_SEALING: 'off' } });
    expect(existsSync(home.at('logs/seals.jsonl'))).toBe(false);
    const told = await home.cli(['audit', 'verify']);
    expect(told).toMatchObject({ code: 0, out: expect.stringContaining('Nothing is sealed yet') as unknown });
    expect(await home.cli(['start'], { env: { VIVARIUM_SEALING: 'perhaps' } })).toMatchObject({
      code: 4,
      err: expect.stringContaining('neither on nor off') as unknown,
    });
  });
});
