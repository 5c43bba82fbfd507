/** The built control panel as a process of its own on a home of its own, and what the tests write into that home. */
import { fork, type ChildProcess } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  homeIdOf,
  homeLayout,
  ServiceMessage,
  type HomeLayout,
  type NewTask,
  type RecordStore,
} from '@vivarium/contracts';
import type { Machine } from '@vivarium/core';
import { createRecordStore, initHome } from '@vivarium/home';
import { createNodeMachine } from '@vivarium/platform';
import { root } from './repository.ts';

const mainOf = (app: string): string => join(root, 'apps', app, 'bundle/main.js');
export const panelMain = mainOf('control-panel');

export interface PanelHome {
  readonly layout: HomeLayout;
  readonly home: string;
  readonly machine: Machine;
  readonly record: RecordStore;
  setQueue(tasks: readonly NewTask[]): void;
  /** Appends bytes as they are: half a line, or what is no JSON. */
  appendRaw(log: 'execution' | 'apiAudit' | 'action', text: string): void;
  exists(name: string): boolean;
  read(name: string): string;
  remove(): void;
}

export function createPanelHome(tasks: readonly NewTask[] = []): PanelHome {
  const layout = homeLayout(realpathSync(mkdtempSync(join(tmpdir(), 'vivarium-panel-'))));
  const machine = createNodeMachine();
  initHome(layout, machine.files);
  const home = homeIdOf(layout.root);
  const setQueue = (wanted: readonly NewTask[]): void =>
    machine.files.replace(layout.queue, JSON.stringify({ version: '1.0', tasks: wanted }, null, 2));
  setQueue(tasks);
  return {
    layout,
    home,
    machine,
    record: createRecordStore({ layout, home, machine }),
    setQueue,
    appendRaw: (log, text) => appendFileSync(layout.log(log), text),
    exists: (name) => existsSync(join(layout.root, name)),
    read: (name) => readFileSync(join(layout.root, name), 'utf8'),
    remove: () => rmSync(layout.root, { recursive: true, force: true }),
  };
}

export interface Service {
  /** What it said it can be reached at; of the panel, its launch link. */
  readonly url: string;
  readonly child: ChildProcess;
  readonly ended: Promise<number | NodeJS.Signals>;
  /** Everything it wrote to standard output and standard error. */
  said(): string;
  stop(signal?: NodeJS.Signals): Promise<void>;
}

/** Forks one of the services as the orchestrator does, and waits until it is ready. */
export async function startService(app: string, args: readonly string[]): Promise<Service> {
  const child = fork(mainOf(app), args, {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    execArgv: [],
    env: { PATH: process.env['PATH'] ?? '' },
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (text: string) => (said += text));
  const ended = new Promise<number | NodeJS.Signals>((resolve) => {
    child.once('exit', (code, signal) => resolve(code ?? signal ?? 'SIGKILL'));
  });
  const url = await new Promise<string>((resolve, reject) => {
    void ended.then((code) => reject(new Error(`${app} ended with ${code}: ${said}`)));
    child.on('message', (raw) => {
      // Workers speak another language, and say `ready` in it too.
      const message = ServiceMessage.safeParse(raw).data;
      if (message?.kind === 'ready') resolve(message.url);
      else if (isReady(raw)) resolve('');
    });
  });
  return {
    url,
    child,
    ended,
    said: () => said,
    async stop(signal = 'SIGTERM') {
      child.kill(signal);
      await ended;
    },
  };
}

const isReady = (raw: unknown): boolean =>
  typeof raw === 'object' && raw !== null && 'kind' in raw && raw.kind === 'ready';

export const startPanel = (home: PanelHome, port = 0): Promise<Service> =>
  startService('control-panel', ['--home', home.layout.root, '--port', String(port)]);

/** A simulator, a grind and workers that really work on the home. */
export async function startWork(
  home: PanelHome,
  { workers = 2, concurrency = 2, latencyMs = 300 } = {},
): Promise<{ readonly runId: string; stop(): Promise<void> }> {
  const simulator = await startService('groq-simulator', ['--latency-ms', String(latencyMs)]);
  const grind = await startService('grind', [
    '--home',
    home.layout.root,
    '--port',
    '0',
    '--simulator',
    simulator.url,
  ]);
  const runId = home.machine.ids.next('run');
  writeFileSync(
    join(ensured(home.layout.orchestrators), `${runId}.json`),
    JSON.stringify({
      run_id: runId,
      ...home.machine.processes.self,
      workers,
      concurrency,
      watch: true,
      started_at: new Date().toISOString(),
      run_cap_nano_usd: 2_000_000_000,
      simulated: true,
    }),
  );
  const forked = await Promise.all(
    Array.from({ length: workers }, () =>
      startService('worker', [
        '--home',
        home.layout.root,
        '--run',
        runId,
        '--concurrency',
        String(concurrency),
        '--grind',
        grind.url,
      ]),
    ),
  );
  return {
    runId,
    async stop() {
      for (const worker of forked) worker.child.kill('SIGTERM');
      await Promise.all(forked.map((worker) => worker.stop()));
      await grind.stop();
      await simulator.stop();
      rmSync(join(home.layout.orchestrators, `${runId}.json`), { force: true });
    },
  };
}

function ensured(directory: string): string {
  mkdirSync(directory, { recursive: true });
  return directory;
}
