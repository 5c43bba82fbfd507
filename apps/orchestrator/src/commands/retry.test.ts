import { describe, expect, it } from 'vitest';
import { memoryHome, type MemoryHome } from '../testing/memory-home.ts';
import { ended, skipped, task, viewsOf, claimed } from '../testing/views.ts';
import { hopelessOf, retry, type RetryInput } from './retry.ts';

const homeOn = (): MemoryHome =>
  memoryHome(
    [
      task('done'),
      task('toy'),
      task('bad'),
      task('after', { depends_on: ['bad'] }),
      task('last', { depends_on: ['after'] }),
      task('busy'),
      task('no'),
    ],
    [
      ...ended('done', 'completed'),
      ...ended('toy', 'completed', { simulated: true }),
      ...ended('bad', 'failed', {
        errors: 'the provider fell over',
        error_code: 'provider_failed',
        fingerprint: '1a2b3c4d',
      }),
      skipped('after', 'bad failed'),
      skipped('last', 'after was skipped'),
      claimed('busy'),
      ...ended('no', 'refused', { errors: 'rule no-shell' }),
    ],
  );

async function run(home: MemoryHome, choice: RetryInput['choice'], reason?: string) {
  const deps = home.deps();
  const code = await retry({ home: undefined, choice, reason, json: true }, deps);
  const told = JSON.parse(deps.terminal.out[0] ?? '') as {
    opened: readonly string[];
    came_along: readonly string[];
    rejected: readonly { id: string; reason: string }[];
  };
  return { code, ...told };
}
const matching = (text: string) => ({ kind: 'matching', text }) as const;
const ids = (...named: readonly string[]) => ({ kind: 'ids', ids: named }) as const;

describe('retry', () => {
  it('Q7: opens what is named in its next round, and with it what was skipped for its sake, with the reason', async () => {
    const home = homeOn();
    expect(await run(home, ids('bad'), 'mended')).toEqual({
      code: 0,
      opened: ['bad'],
      came_along: ['after', 'last'],
      rejected: [],
    });
    const lines = home.lines(home.layout.log('execution')).slice(-3);
    expect(lines.map(({ task_id, event, round, reason }) => [task_id, event, round, reason])).toEqual(
      ['bad', 'after', 'last'].map((id) => [id, 'task.reopened', 2, 'mended']),
    );
    expect(home.lines(home.layout.log('action'))).toMatchObject(
      ['bad', 'after', 'last'].map((id) => ({
        actor: 'operator',
        event: 'task.reopened',
        task_id: id,
        detail: `${id} (mended)`,
      })),
    );
  });

  it('--all is everything that ended otherwise than completed', async () => {
    expect(await run(homeOn(), { kind: 'all' })).toMatchObject({
      code: 0,
      opened: ['bad', 'after', 'last', 'no'],
      came_along: [],
    });
  });

  it('--simulated is what completed with a simulated result, and nothing else', async () => {
    expect(await run(homeOn(), { kind: 'simulated' })).toMatchObject({ code: 0, opened: ['toy'] });
  });

  it.each([
    ['an id', 'no', ['no']],
    ['an error code', 'provider_failed', ['bad']],
    ['a reason', 'fell over', ['bad']],
    ['a fingerprint', '1a2b3c4d', ['bad']],
  ])('--matching looks at %s', async (_what, text, opened) => {
    expect(await run(homeOn(), matching(text))).toMatchObject({ code: 0, opened });
  });

  it('--matching leaves alone what completed or is open, and answers 1 when nothing matched', async () => {
    for (const text of ['done', 'busy', 'DONE', 'nowhere'])
      expect(await run(homeOn(), matching(text)), text).toMatchObject({ code: 1, opened: [], rejected: [] });
    const deps = homeOn().deps();
    await retry({ home: undefined, choice: matching('no where'), reason: undefined, json: false }, deps);
    expect(deps.terminal.err.join()).toMatch(/^Nothing was opened: no task .* has 'no where' in its id/);
  });

  it('refuses what is unknown or being worked on, says why, opens the rest, and answers 1', async () => {
    const answer = await run(homeOn(), ids('bad', 'busy', 'lost', 'bad'));
    expect(answer).toMatchObject({ code: 1, opened: ['bad'] });
    expect(answer.rejected).toEqual([
      { id: 'busy', reason: expect.stringMatching(/being worked on by worker_1/) as unknown },
      { id: 'lost', reason: expect.stringMatching(/there is no task "lost"/) as unknown },
    ]);
  });

  it('Q10: refuses what would only be skipped again, and names what to retry instead', async () => {
    const answer = await run(homeOn(), ids('last'));
    expect(answer).toMatchObject({ code: 1, opened: [] });
    expect(answer.rejected[0]?.reason).toMatch(/waits for "after", which was skipped; retry that/);
  });

  it('tells people what is open, what came along, and what to do now', async () => {
    const deps = homeOn().deps();
    await retry({ home: undefined, choice: ids('bad'), reason: undefined, json: false }, deps);
    expect(deps.terminal.out).toEqual([
      '✓ Opened again: 1 task: bad',
      '  skipped for their sake, and open with them: after, last',
      '  → orchestrator start',
    ]);
    const simulated = homeOn().deps();
    await retry(
      { home: undefined, choice: { kind: 'simulated' }, reason: undefined, json: false },
      simulated,
    );
    expect(simulated.terminal.out.join('\n')).toContain('no GROQ_API_KEY: the simulator would answer');
    const real = homeOn().deps({ GROQ_API_KEY: 'gsk_test' });
    await retry({ home: undefined, choice: { kind: 'simulated' }, reason: undefined, json: false }, real);
    expect(real.terminal.out.join('\n')).not.toContain('GROQ_API_KEY');
  });
});

describe('what would be skipped again', () => {
  const views = viewsOf(
    [task('a'), task('b', { depends_on: ['a'] }), task('c', { depends_on: ['b'] }), task('x'), task('d', { depends_on: ['a', 'x'] })],
    [
      ...ended('a', 'failed'),
      skipped('b', 'a failed'),
      skipped('c', 'b was skipped'),
      ...ended('x', 'failed'),
      skipped('d', 'a failed'),
    ],
  ); // prettier-ignore
  const hopeless = (...chosen: readonly string[]) => [...hopelessOf(views, chosen).keys()];

  it('is what waits for a bad end that is not opened too, however far down', () => {
    expect(hopeless('c')).toEqual(['c']);
    expect(hopeless('c', 'b')).toEqual(['c', 'b']);
    expect(hopeless('c', 'a')).toEqual([]);
    expect(hopeless('a', 'b', 'c')).toEqual([]);
    expect(hopeless('a', 'd')).toEqual(['d']);
  });
});
