import { homeLayout, type BeatFile, type OrchestratorFile } from '@vivarium/contracts';
import { createMemoryDisk, createMemoryMachine, type MemoryMachine } from '@vivarium/platform/testing';
import { expect, it } from 'vitest';
import { initHome } from './home.ts';
import { runFiles } from './run-files.ts';
import { sweepHome } from './sweep.ts';

const layout = homeLayout('/home');
const beatOf = ({ processes }: MemoryMachine, worker: string): BeatFile => ({
  worker_id: worker,
  ...processes.self,
  run_id: 'run_1',
  counter: 1,
  slots: 1,
  busy: 0,
});
const runOf = ({ processes }: MemoryMachine, id: string): OrchestratorFile => ({
  run_id: id,
  ...processes.self,
  workers: 1,
  concurrency: 1,
  watch: false,
  started_at: '2026-01-01T00:00:00.000Z',
  run_cap_nano_usd: 1,
  simulated: true,
});

it('Q5: beats and run files of processes that are gone are taken away, those of the living and what cannot be read are not', () => {
  const disk = createMemoryDisk();
  const [us, alive, dead] = [
    createMemoryMachine({ disk }),
    createMemoryMachine({ disk }),
    createMemoryMachine({ disk }),
  ] as const;
  initHome(layout, us.files);
  us.files.makeDirectory(layout.workers);
  us.files.makeDirectory(layout.orchestrators);
  for (const [machine, name] of [
    [alive, 'alive'],
    [dead, 'dead'],
  ] as const) {
    us.files.replace(layout.beat(name), JSON.stringify(beatOf(machine, name)));
    runFiles(layout, machine).announceRun(runOf(machine, name));
  }
  us.files.replace(layout.beat('odd'), '{');
  us.processes.end(dead.processes.self);
  sweepHome(layout, us);
  expect(us.files.list(layout.workers).map((name) => `${layout.workers}/${name}`)).toEqual(
    [layout.beat('alive'), layout.beat('odd')].toSorted(),
  );
  expect(us.files.list(layout.orchestrators)).toEqual(['alive.json']);
});

it('a home that cannot be swept is worked on all the same', () => {
  const machine = createMemoryMachine();
  initHome(layout, machine.files);
  machine.files.makeDirectory(layout.workers);
  machine.files.replace(layout.beat('x'), JSON.stringify(beatOf(createMemoryMachine(), 'x')));
  machine.files.failNext('list');
  expect(() => sweepHome(layout, machine)).not.toThrow();
});
