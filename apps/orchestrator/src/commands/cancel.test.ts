import { describe, expect, it } from 'vitest';
import { homeIdOf } from '@vivarium/contracts';
import type { CutCalls } from '../grind-cancel.ts';
import { memoryHome, type MemoryHome } from '../testing/memory-home.ts';
import { claimed, ended, task } from '../testing/views.ts';
import { cancel, type CancelInput } from './cancel.ts';

const homeOn = (): MemoryHome =>
  memoryHome(
    [
      task('done'),
      task('busy-1'),
      task('busy-2'),
      task('idle'),
      task('next', { depends_on: ['idle'] }),
      task('last', { depends_on: ['next'] }),
    ],
    [...ended('done', 'completed'), claimed('busy-1'), claimed('busy-2')],
  );
const announceGrind = ({ machine, layout }: MemoryHome): void => {
  const file = {
    home: homeIdOf('/home'), ...machine.processes.self, port: 8420, url: 'http://127.0.0.1:8420', version: '0', provider: 'simulator', simulated: true,
  }; // prettier-ignore
  machine.files.replace(layout.grind, JSON.stringify(file));
};
const ids = (...named: readonly string[]) => ({ kind: 'ids', ids: named }) as const;

async function run(home: MemoryHome, choice: CancelInput['choice'], cut?: CutCalls, reason?: string) {
  const deps = home.deps();
  const code = await cancel({ home: undefined, choice, reason, json: true }, deps, cut);
  return { code, ...(JSON.parse(deps.terminal.out[0] ?? '') as object) };
}

describe('cancel', () => {
  it('ends what is open with the reason, and names what will be skipped for it', async () => {
    const home = homeOn();
    expect(await run(home, ids('idle'), undefined, 'not wanted')).toEqual({
      code: 0,
      cancelled: ['idle'],
      in_progress: [],
      calls_cut: 0,
      grind_fault: null,
      will_be_skipped: ['next', 'last'],
      rejected: [],
    });
    expect(home.lines(home.layout.log('execution')).at(-1)).toMatchObject({
      task_id: 'idle',
      event: 'task.cancelled',
      errors: 'not wanted',
    });
  });

  it('asks grind to cut the calls of what was in progress, after the line stands, and counts them', async () => {
    const home = homeOn();
    announceGrind(home);
    const asked: string[] = [];
    const cut: CutCalls = async (url, id, round) => {
      expect(round).toBe(1);
      expect(home.lines(home.layout.log('execution')).at(-1)).toMatchObject({ status: 'cancelled' });
      asked.push(`${url} ${id}`);
      return { kind: 'cut', calls: 2 };
    };
    expect(await run(home, { kind: 'matching', text: 'busy' }, cut)).toMatchObject({
      code: 0,
      cancelled: ['busy-1', 'busy-2'],
      in_progress: ['busy-1', 'busy-2'],
      calls_cut: 4,
    });
    expect(asked).toEqual(['http://127.0.0.1:8420 busy-1', 'http://127.0.0.1:8420 busy-2']);
  });

  it('cancels all the same when no grind answers, and says so', async () => {
    const never: CutCalls = async () => ({ kind: 'none', message: 'no grind answers at x: refused' });
    const home = homeOn();
    const deps = home.deps();
    expect(await cancel({ home: undefined, choice: ids('busy-1'), reason: undefined, json: false }, deps, never)).toBe(0); // prettier-ignore
    expect(deps.terminal.out).toEqual([
      '✓ Cancelled: 1 task: busy-1',
      '  1 in progress: no grind is up here, so a call under way goes on; its answer counts for nothing',
    ]);
    announceGrind(home);
    expect(await run(home, ids('busy-2'), never)).toMatchObject({
      code: 0,
      grind_fault: 'no grind answers at x: refused',
    });
  });

  it('refuses what is over or unknown, says why, and answers 1', async () => {
    expect(await run(homeOn(), ids('done', 'lost', 'idle'))).toMatchObject({
      code: 1,
      cancelled: ['idle'],
      rejected: [{ id: 'done', reason: '"done" is over: completed' }, { id: 'lost' }],
    });
    const deps = homeOn().deps();
    const choice = { kind: 'matching', text: 'done' } as const;
    expect(await cancel({ home: undefined, choice, reason: undefined, json: false }, deps)).toBe(1);
    expect(deps.terminal.err.join()).toMatch(/^Nothing was cancelled: no open task has done in its id/);
  });
});
