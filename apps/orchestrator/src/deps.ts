/** What every command gets, and the home it works on. Wiring only: engines are built here and handed to who decides. */
import { homeVariable, loadConfig, type Config, type ConfigFlags, type Environment } from '@vivarium/config';
import {
  homeIdOf,
  homeLayout,
  type ControlStore,
  type HomeLayout,
  type RecordStore,
  type TaskQueue,
} from '@vivarium/contracts';
import { runId, type HomeId, type Machine, type RunId, type VivariumError } from '@vivarium/core';
import {
  chooseHome,
  createControlStore,
  createRecordStore,
  initHome,
  readModelsFile,
  runFiles,
  type RunFiles,
} from '@vivarium/home';
import { createModels, type Models } from '@vivarium/budget';
import { createFileTaskQueue } from '@vivarium/queue';
import type { Terminal } from './terminal.ts';

/** 0 all completed · 1 some failed, refused or skipped, or nothing was done · 2 usage · 3 halted or paused · 4 configuration · 5 work deferred. */
export type ExitCode = 0 | 1 | 2 | 3 | 4 | 5;
/** Of a run that was interrupted: 128 and the number of the signal, as shells have it. */
export type RunExitCode = ExitCode | 129 | 130 | 143;

export interface CommandDeps {
  readonly machine: Machine;
  readonly terminal: Terminal;
  readonly env: Environment;
  readonly cwd: string;
  /** The checkout this program is part of: the home of last resort, and where the other programs are. */
  readonly repository: string;
}

export interface OpenHome {
  readonly layout: HomeLayout;
  readonly id: HomeId;
  readonly record: RecordStore;
  readonly control: ControlStore;
  readonly runs: RunFiles;
}

/** `prepare` makes missing directories: commands that only look leave a home as it is. */
export function openHome(flag: string | undefined, deps: CommandDeps, prepare: 'prepare' | 'look'): OpenHome {
  const { machine } = deps;
  const choice = { flag, env: homeVariable(deps.env), cwd: deps.cwd, fallback: deps.repository };
  const { root, isFallback } = chooseHome(choice, machine.files);
  if (isFallback)
    deps.terminal.complain(
      `home: ${root} (the repository: no queue.json above ${deps.cwd}; name another with --home)`,
    );
  const layout = homeLayout(root);
  const id = homeIdOf(layout.root);
  if (prepare === 'prepare') initHome(layout, machine.files);
  const record = createRecordStore({ layout, home: id, machine });
  return {
    layout,
    id,
    record,
    control: createControlStore({ layout, machine, record }),
    runs: runFiles(layout, machine),
  };
}

export const openQueue = (
  home: OpenHome,
  deps: CommandDeps,
  run: RunId = runId(deps.machine.ids.next('run')),
  onProblem: (problem: VivariumError) => void = () => undefined,
): TaskQueue =>
  createFileTaskQueue({
    layout: home.layout,
    home: home.id,
    machine: deps.machine,
    record: home.record,
    runId: run,
    onProblem,
  });

export const modelsOf = (layout: HomeLayout, { machine }: CommandDeps): Models =>
  createModels(readModelsFile(layout, machine.files));

export const readConfig = (home: OpenHome, deps: CommandDeps, flags: ConfigFlags = {}): Config =>
  configFrom(deps.machine.files.readText(home.layout.env), home, deps, flags);

/** As it would be with that in `.env`. */
export const configFrom = (
  envFile: string | undefined,
  home: OpenHome,
  deps: CommandDeps,
  flags: ConfigFlags = {},
): Config => loadConfig({ env: deps.env, envFile, flags, knownModels: modelsOf(home.layout, deps).ids });
