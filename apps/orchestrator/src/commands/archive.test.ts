/** `archive`: what is set aside, that no task's state changes by it, and that nothing is lost whatever happens meanwhile. */
import { createTaskFold, ExecutionLogLine, homeIdOf, TaskReport } from '@vivarium/contracts';
import { createRecordStore, createSealer, createVerifier, runFiles } from '@vivarium/home';
import { createMemoryMachine } from '@vivarium/platform/testing';
import { describe, expect, it } from 'vitest';
import { createRunWatch } from '../run-watch.ts';
import { memoryHome, type MemoryHome } from '../testing/memory-home.ts';
import { claimed, ended, task, type Line } from '../testing/views.ts';
import { archive } from './archive.ts';
import { cancel } from './cancel.ts';
import { logs } from './logs.ts';
import { replayRecord } from './replay.ts';
import { retry } from './retry.ts';
import { show } from './show.ts';

const HOME = homeIdOf('/home');
const reopened = (id: string, round: number): Line => ({
  task_id: id, worker_id: 'orchestrator', status: 'queued', timestamp: '2026-11-23T11:00:00.000Z', reason: 'again', event: 'task.reopened', event_id: `re-${id}-${round}`, round, attempt: 0,
}); // prettier-ignore
/** `a` in its third round, `b` in its first, `c` at the beginning of its second, a line of the seed, and one that is none. */
const EXECUTION: readonly Line[] = [
  ...ended('a', 'failed', { cost_nano_usd: 5 }),
  { task_id: 'old', worker_id: 'worker_9', status: 'in_progress', timestamp: '2026-01-31T10:00:00.123456', started_at: '2026-01-31T10:00:00.123456' },
  reopened('a', 2),
  claimed('a', { round: 2, event_id: 'claim-a-2' }),
  ...ended('b', 'completed', { cost_nano_usd: 7 }),
  { task_id: 'a', worker_id: 'worker_1', status: 'failed', timestamp: '2026-11-23T12:00:00.000Z', completed_at: '2026-11-23T12:00:00.000Z', errors: 'no', round: 2, attempt: 1, event_id: 'end-a-2' },
  reopened('a', 3),
  claimed('a', { round: 3, event_id: 'claim-a-3' }),
  { neither: 'here nor there' },
  ...ended('c', 'failed'),
  reopened('c', 2),
]; // prettier-ignore

function homeWithWork(): MemoryHome {
  const home = memoryHome([task('a'), task('b'), task('c')], EXECUTION);
  const record = recordOf(home);
  for (let n = 0; n < 6; n += 1) {
    record.append('safetyAudit', { timestamp: `2026-11-23T10:00:0${n}.000Z`, task: 'do b', checks: {}, passed: true, blocked_reason: null, event: 'gate.decided', event_id: `gate-${n}`, task_id: 'b', round: 1, attempt: 1 }); // prettier-ignore
    record.act({ actor: 'worker_1', action_type: 'API', action: 'asked', detail: `no. ${n}` });
  }
  return home;
}
const recordOf = ({ layout, machine }: MemoryHome) => createRecordStore({ layout, home: HOME, machine });
const statesOf = (home: MemoryHome) => {
  const watch = createRunWatch(recordOf(home));
  watch.read();
  return new Map(watch.tasks.entries());
};
const faultsOf = ({ layout, machine }: MemoryHome) => {
  const steps = createVerifier({ layout, files: machine.files, home: HOME }).check();
  for (let step = steps.next(); ; step = steps.next()) if (step.done === true) return step.value.faults;
};
const archiveOf = async (home: MemoryHome) => {
  const deps = home.deps({ VIVARIUM_SEAL_DIR: '/keys' });
  const code = await archive({ home: undefined, json: true }, deps);
  const said = JSON.parse(deps.terminal.out[0] ?? '{}') as { archive: string; logs: readonly { file: string; bytes: number; kept: number }[] };
  return { code, err: deps.terminal.err.join('\n'), ...said };
}; // prettier-ignore
const readText = (home: MemoryHome, path: string): string => home.machine.files.readText(path) ?? '';

describe('archive', () => {
  it('Q1, Q7, S5: sets three logs aside under seal; every task is in the state it was in, to the last field', async () => {
    const home = homeWithWork();
    const before = statesOf(home);
    const log = readText(home, home.layout.log('execution'));
    const { code, archive: directory, logs: told } = await archiveOf(home);
    expect(code).toBe(0);
    expect(told.map(({ file }) => file)).toEqual([
      'logs/execution_log.jsonl',
      'logs/safety_audit.log',
      'logs/action_log.jsonl',
    ]);
    expect(statesOf(home)).toEqual(before);
    expect(readText(home, `${directory}/execution_log.jsonl`)).toBe(log);
    expect(readText(home, `${directory}/action_log.log`)).toContain('no. 5');
    const now = readText(home, home.layout.log('execution'));
    expect(now.length).toBeLessThan(log.length);
    expect(now).not.toContain('end-a-2');
    // As they stood, to the byte: also a line of the seed.
    for (const line of log.split('\n').filter((each) => /claim-a-3|"old"|"b"/.test(each)))
      expect(now).toContain(`${line}\n`);
    expect(faultsOf(home)).toEqual([]);
    expect(readText(home, home.layout.log('action'))).toMatch(/"event":"log\.archived"/);
  });

  it('`show`, `logs` and `replay --at` look into what was set aside', async () => {
    const home = homeWithWork();
    const reports = async (id: string) => {
      const deps = home.deps();
      await show({ home: undefined, id, output: false, json: true }, deps);
      return TaskReport.parse(JSON.parse(deps.terminal.out[0] ?? ''));
    };
    const replayed = async (at: string) => {
      const deps = home.deps();
      expect(await replayRecord({ home: undefined, at, json: true }, deps)).toBe(0);
      return deps.terminal.out[0];
    };
    const last = async (lines: number) => {
      const deps = home.deps();
      await logs(
        { home: undefined, follow: false, task: undefined, types: ['API'], lines, json: true },
        deps,
      );
      return deps.terminal.out.map((line) => (JSON.parse(line) as { detail: string }).detail);
    };
    const before = { a: await reports('a'), b: await reports('b'), past: await replayed('end-a-2'), noon: await replayed('2026-11-23T12:00') }; // prettier-ignore
    await archiveOf(home);
    home.machine.clock.advance(60_000);
    recordOf(home).act({ actor: 'worker_1', action_type: 'API', action: 'asked', detail: 'no. 6' });
    await archiveOf(home);

    const after = await reports('a');
    const attemptsOf = ({ rounds }: TaskReport) =>
      rounds.map(({ round, attempts }) => ({ round, attempts: attempts.map(({ status, history }) => ({ status, events: history.map(({ event }) => event) })) })); // prettier-ignore
    expect(attemptsOf(after)).toEqual(attemptsOf(before.a));
    expect(after.rounds[2]?.history.map(({ text }) => text)).toContain(
      'carried over from an archived log: archived',
    );
    expect(await reports('b')).toEqual({ ...before.b, unreadable_lines: expect.any(Number) as number });
    expect(await replayed('end-a-2')).toBe(before.past);
    expect(await replayed('2026-11-23T12:00')).toBe(before.noon);
    expect(await last(3)).toEqual(['no. 4', 'no. 5', 'no. 6']);
    expect(await last(0)).toEqual([]);
  });

  it('a second one sets aside only what is new, and an empty home has nothing to set aside', async () => {
    const home = homeWithWork();
    await archiveOf(home);
    const states = statesOf(home);
    home.machine.clock.advance(60_000);
    expect((await archiveOf(home)).logs.map(({ file }) => file)).toEqual(['logs/action_log.jsonl']);
    expect(statesOf(home)).toEqual(states);
    expect(faultsOf(home)).toEqual([]);
    expect(await archiveOf(memoryHome([]))).toMatchObject({ code: 0, archive: null, logs: [] });
  });

  it('refuses while grind is up, and while a worker is', async () => {
    const home = homeWithWork();
    const other = createMemoryMachine({ disk: home.machine.disk, clock: home.machine.clock });
    const beat = { worker_id: 'worker_1', ...other.processes.self, run_id: 'run_1', counter: 3, slots: 1, busy: 1 }; // prettier-ignore
    const grind = { home: HOME, ...other.processes.self, port: 1, url: 'http://127.0.0.1:1', version: '1', provider: 'x', simulated: true, started_at: '2026-11-23T10:00:00.000Z' }; // prettier-ignore
    for (const [path, content, who] of [
      [home.layout.beat('worker_1'), beat, /a worker \(worker_1, pid \d+\)/],
      [home.layout.grind, grind, /grind \(pid \d+\)/],
    ] as const) {
      home.machine.files.replace(path, JSON.stringify(content));
      const { code, err } = await archiveOf(home);
      expect({ code, err }).toMatchObject({ code: 1, err: expect.stringMatching(who) as string });
      expect(home.machine.files.list(home.layout.archive)).toEqual([]);
      home.machine.files.remove(path);
    }
    home.machine.processes.end(other.processes.self);
    expect((await archiveOf(home)).code).toBe(0);
  });

  it('Q8, S5: whichever step it dies at, no line is lost, no state changes, and the record is whole', async () => {
    const dry = homeWithWork();
    let operations = 0;
    dry.machine.files.intercept(() => void (operations += 1));
    await archiveOf(dry);
    expect(operations).toBeGreaterThan(100);
    for (let at = 0; at < operations; at += 1) {
      const home = homeWithWork();
      const states = statesOf(home);
      const lines = ['execution', 'safetyAudit', 'action'].flatMap((log) => readText(home, home.layout.log(log as 'action')).trimEnd().split('\n')); // prettier-ignore
      let count = 0;
      const stop = home.machine.files.intercept(() => {
        count += 1;
        if (count > at) throw new Error('this process is dead');
      });
      await archiveOf(home).catch(() => undefined);
      stop();
      const files = [home.layout.logs, ...home.machine.files.list(home.layout.archive).map((name) => `${home.layout.archive}/${name}`)]; // prettier-ignore
      const text = files.flatMap((directory) => home.machine.files.list(directory).map((name) => readText(home, `${directory}/${name}`))).join('\n'); // prettier-ignore
      for (const line of lines) if (!text.includes(line)) expect.fail(`dead at ${at}: lost ${line}`);
      expect(statesOf(home), `dead at ${at}`).toEqual(states);
      expect(faultsOf(home), `dead at ${at}`).toEqual([]);
    }
  });

  it('what a command tells between the copy and the new log is not lost', async () => {
    const home = homeWithWork();
    const theirs = recordOf(home);
    let told = false;
    home.machine.files.intercept((operation, path) => {
      if (told || operation !== 'rename' || path !== home.layout.log('action')) return;
      told = true;
      theirs.act({ actor: 'operator', action_type: 'SYSTEM', action: 'said', detail: 'in between' });
    });
    await archiveOf(home);
    expect(told).toBe(true);
    expect(readText(home, home.layout.log('action'))).toContain('in between');
    expect(faultsOf(home)).toEqual([]);
  });

  it('Q7: a task that is cancelled or opened meanwhile stays so: the order waits until the archive is done', async () => {
    const home = homeWithWork();
    const orders: Promise<unknown>[] = [];
    home.machine.files.intercept((operation, path) => {
      if (orders.length > 0 || operation !== 'copy' || path !== home.layout.log('execution')) return;
      const choice = (id: string) => ({ kind: 'ids', ids: [id] }) as const;
      const rest = { home: undefined, reason: undefined, json: true };
      orders.push(cancel({ ...rest, choice: choice('c') }, home.deps()), retry({ ...rest, choice: choice('b') }, home.deps())); // prettier-ignore
    });
    expect((await archiveOf(home)).code).toBe(0);
    expect(await Promise.all(orders)).toEqual([0, 0]);
    expect(statesOf(home).get('c')).toMatchObject({ status: 'cancelled' });
    expect(statesOf(home).get('b')).toMatchObject({ status: 'queued', round: 2 });
    expect(faultsOf(home)).toEqual([]);
  });

  it('what somebody writes to the log all the same, between its reading and its sealing, is not left behind: nothing is set aside', async () => {
    const home = homeWithWork();
    let written = false;
    home.machine.files.intercept((operation, path) => {
      if (written || operation !== 'sync' || !path.endsWith('execution_log.next')) return;
      written = true;
      recordOf(home).append('execution', { ...ended('c', 'cancelled', { round: 2, attempt: 0 })[1] });
    });
    await expect(archiveOf(home)).rejects.toThrow(/execution_log\.jsonl changed while it was set aside/);
    expect(statesOf(home).get('c')).toMatchObject({ status: 'cancelled' });
    const [directory = ''] = home.machine.files.list(home.layout.archive);
    expect(home.machine.files.list(`${home.layout.archive}/${directory}`)).toEqual([]);
    expect((await archiveOf(home)).code).toBe(0);
    expect(statesOf(home).get('c')).toMatchObject({ status: 'cancelled' });
  });

  it('S2: no grind begins meanwhile', async () => {
    const home = homeWithWork();
    const other = createMemoryMachine({ disk: home.machine.disk, clock: home.machine.clock });
    const runs = runFiles(home.layout, other);
    const claims: Promise<{ kind: string }>[] = [];
    home.machine.files.intercept((operation) => {
      if (claims.length > 0 || operation !== 'copy') return;
      claims.push(runs.claimGrind({ home: HOME, ...other.processes.self, port: 1, url: 'http://127.0.0.1:1', version: '1', provider: 'x', simulated: true })); // prettier-ignore
    });
    await archiveOf(home);
    expect(await claims[0]).toMatchObject({ kind: 'held' });
    expect(home.machine.files.stat(home.layout.grind)).toBeUndefined();
  });

  it('S5: a log that was cut is named as one, and is not set aside as if it were whole', async () => {
    const home = homeWithWork();
    await archiveOf(home);
    home.machine.clock.advance(60_000);
    for (let n = 0; n < 5; n += 1) recordOf(home).act({ actor: 'w', action_type: 'API', action: 'asked', detail: `later ${n}` }); // prettier-ignore
    await createSealer({ layout: home.layout, machine: home.machine, record: recordOf(home), keyring: undefined }).pass(); // prettier-ignore
    home.machine.files.replace(home.layout.log('action'), `${readText(home, home.layout.log('action')).split('\n')[0]}\n`); // prettier-ignore
    await expect(archiveOf(home)).rejects.toThrow(/action_log\.jsonl is shorter than what was sealed of it/);
  });

  it('what an archive that died put beside the copy comes back into the log', async () => {
    const home = homeWithWork();
    const stop = home.machine.files.intercept((operation, path) => {
      if (operation === 'rename' && path === home.layout.log('action'))
        recordOf(home).act({ actor: 'operator', action_type: 'SYSTEM', action: 'said', detail: 'in between' });
      if (operation === 'readBytes' && path.endsWith('action_log.rest')) throw new Error('this process is dead');
    }); // prettier-ignore
    await archiveOf(home).catch(() => undefined);
    stop();
    expect(readText(home, home.layout.log('action'))).not.toContain('in between');
    home.machine.clock.advance(60_000);
    await archiveOf(home);
    const deps = home.deps();
    await logs({ home: undefined, follow: false, task: undefined, types: [], lines: 100, json: true }, deps);
    const details = deps.terminal.out.map((line) => (JSON.parse(line) as { detail: string }).detail);
    expect(details.filter((detail) => detail === 'in between')).toHaveLength(1);
    expect(details.filter((detail) => detail === 'no. 5')).toHaveLength(1);
  });

  it('Q4: a late end of a round that was set aside changes nothing', async () => {
    const home = homeWithWork();
    await archiveOf(home);
    const fold = createTaskFold(statesOf(home));
    const late = EXECUTION.find(({ event_id }) => event_id === 'end-a-2');
    expect(fold.apply(ExecutionLogLine.parse(late))).toBe('ignored');
  });
});
