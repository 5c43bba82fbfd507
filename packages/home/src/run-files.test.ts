import { homeLayout, type GrindFile, type OrchestratorFile, type PanelFile } from '@vivarium/contracts';
import { VivariumError } from '@vivarium/core';
import { createMemoryDisk, createMemoryMachine, type MemoryMachine } from '@vivarium/platform/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { initHome } from './home.ts';
import { runFiles } from './run-files.ts';

const layout = homeLayout('/home');
const grindOf = ({ processes }: MemoryMachine, port = 8420): GrindFile => ({
  home: 'home_1',
  ...processes.self,
  port,
  url: `http://127.0.0.1:${port}`,
  version: '0.1.0',
  provider: 'simulator',
  simulated: true,
});
const panelOf = ({ processes }: MemoryMachine): PanelFile => ({
  home: 'home_1',
  ...processes.self,
  url: 'http://127.0.0.1:8421',
});
const runOf = ({ processes }: MemoryMachine, id: string): OrchestratorFile => ({
  run_id: id,
  ...processes.self,
  workers: 4,
  concurrency: 2,
  watch: false,
  started_at: '2026-01-01T00:00:00.000Z',
  run_cap_nano_usd: 2_000_000_000,
  simulated: true,
});

describe('the files of run/', () => {
  let machines: readonly [MemoryMachine, MemoryMachine, MemoryMachine];
  beforeEach(() => {
    const disk = createMemoryDisk();
    machines = [createMemoryMachine({ disk }), createMemoryMachine({ disk }), createMemoryMachine({ disk })];
    initHome(layout, machines[0].files);
  });

  it('there is no grind before one claims, and one after', async () => {
    const [a, b] = machines;
    expect(runFiles(layout, a).readGrind()).toBeUndefined();
    expect(await runFiles(layout, a).claimGrind(grindOf(a))).toEqual({ kind: 'claimed' });
    expect(runFiles(layout, b).readGrind()).toEqual(grindOf(a));
    expect(runFiles(layout, b).liveGrind()).toEqual(grindOf(a));
  });
  it('a second grind is told of the first, and changes nothing', async () => {
    const [a, b] = machines;
    await runFiles(layout, a).claimGrind(grindOf(a));
    expect(await runFiles(layout, b).claimGrind(grindOf(b))).toEqual({ kind: 'held', by: grindOf(a) });
    expect(runFiles(layout, b).readGrind()).toEqual(grindOf(a));
  });
  it('of many that claim at once, one has it', async () => {
    const answers = await Promise.all(
      machines.map(async (machine) => runFiles(layout, machine).claimGrind(grindOf(machine))),
    );
    expect(answers.filter(({ kind }) => kind === 'claimed')).toHaveLength(1);
  });
  it('a dead grind is taken over, by one of many', async () => {
    const [a, b, c] = machines;
    await runFiles(layout, a).claimGrind(grindOf(a));
    a.processes.end(a.processes.self);
    expect(runFiles(layout, b).readGrind()).toEqual(grindOf(a));
    expect(runFiles(layout, b).liveGrind()).toBeUndefined();
    const answers = await Promise.all(
      [b, c].map(async (machine) => runFiles(layout, machine).claimGrind(grindOf(machine))),
    );
    expect(answers.filter(({ kind }) => kind === 'claimed')).toHaveLength(1);
  });
  it('the same process may claim again, on another port', async () => {
    const [a, b] = machines;
    await runFiles(layout, a).claimGrind(grindOf(a));
    expect(await runFiles(layout, a).claimGrind(grindOf(a, 9000))).toEqual({ kind: 'claimed' });
    expect(runFiles(layout, b).readGrind()?.port).toBe(9000);
  });
  it('a claimer that lost the lock in a stall does not write', async () => {
    const [a, b] = machines;
    const stop = a.files.intercept((operation, path) => {
      if (operation === 'readText' && path === layout.grind) b.fileLock.compromise(layout.grind);
    });
    await expect(runFiles(layout, a).claimGrind(grindOf(a))).rejects.toMatchObject({
      code: 'lock_compromised',
    });
    stop();
    expect(runFiles(layout, b).readGrind()).toBeUndefined();
  });
  it('a claimer that was overwritten believes the file, not itself', async () => {
    const [a, b] = machines;
    let claimed = false;
    const stop = a.files.intercept((operation, path) => {
      if (operation === 'replace' && path === layout.grind) claimed = true;
      else if (operation === 'readText' && path === layout.grind && claimed)
        b.files.replace(layout.grind, JSON.stringify(grindOf(b)));
    });
    expect(await runFiles(layout, a).claimGrind(grindOf(a))).toEqual({ kind: 'held', by: grindOf(b) });
    stop();
  });
  it('only its owner releases it', async () => {
    const [a, b] = machines;
    await runFiles(layout, a).claimGrind(grindOf(a));
    runFiles(layout, b).releaseGrind();
    expect(runFiles(layout, b).readGrind()).toBeDefined();
    runFiles(layout, a).releaseGrind();
    expect(runFiles(layout, b).readGrind()).toBeUndefined();
    runFiles(layout, a).releaseGrind();
  });
  it('a file that is not what its schema says is as good as none', async () => {
    const [a, b] = machines;
    for (const content of ['', '{"pid":1', '{"pid":"1"}', '[]']) {
      a.files.replace(layout.grind, content);
      expect(runFiles(layout, b).readGrind()).toBeUndefined();
    }
    expect(await runFiles(layout, b).claimGrind(grindOf(b))).toEqual({ kind: 'claimed' });
  });

  it('a panel has its token while it is up, and takes it along', async () => {
    const [a, b] = machines;
    const token = 'made up for this test';
    expect(await runFiles(layout, a).claimPanel(panelOf(a), token)).toEqual({ kind: 'claimed' });
    expect(await runFiles(layout, b).claimPanel(panelOf(b), 'another')).toEqual({
      kind: 'held',
      by: panelOf(a),
    });
    expect(runFiles(layout, b).readPanelToken()).toBe(token);
    expect(runFiles(layout, b).livePanel()).toEqual(panelOf(a));
    runFiles(layout, b).releasePanel();
    expect(runFiles(layout, b).readPanelToken()).toBe(token);
    runFiles(layout, a).releasePanel();
    expect(runFiles(layout, b).readPanel()).toBeUndefined();
    expect(runFiles(layout, b).readPanelToken()).toBeUndefined();
  });

  it('runs are listed while their process lives', () => {
    const [a, b] = machines;
    runFiles(layout, a).announceRun(runOf(a, 'run_a'));
    runFiles(layout, b).announceRun(runOf(b, 'run_B/../x'));
    const idsSeen = (): readonly string[] =>
      runFiles(layout, a)
        .liveRuns()
        .map(({ run_id }) => run_id);
    expect(idsSeen().toSorted()).toEqual(['run_B/../x', 'run_a']);
    b.processes.end(b.processes.self);
    expect(idsSeen()).toEqual(['run_a']);
    runFiles(layout, a).endRun('run_a');
    runFiles(layout, a).endRun('run_a');
    expect(idsSeen()).toEqual([]);
  });
  it('a run file that cannot be read or parsed hides no other', () => {
    const [a] = machines;
    a.files.replace(`${layout.orchestrators}/0.json`, 'garbage');
    a.files.replace(`${layout.orchestrators}/1.json.swp`, 'x');
    runFiles(layout, a).announceRun(runOf(a, 'run_a'));
    expect(runFiles(layout, a).liveRuns()).toHaveLength(1);
  });
  it('what may not be read is as good as absent: nothing is known to be up', () => {
    const [a] = machines;
    const denied = new VivariumError('record_unreadable', 'permission denied', { remedy: { kind: 'stop' } });
    const refuse = (): never => {
      throw denied;
    };
    const seen = runFiles(layout, { ...a, files: { ...a.files, readText: refuse, list: refuse } });
    expect([seen.liveGrind(), seen.livePanel(), seen.readPanelToken(), seen.liveRuns()]).toEqual([
      undefined,
      undefined,
      undefined,
      [],
    ]);
  });
});
