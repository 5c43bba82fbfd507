/** The built command line on a home of its own: one call, or one that goes on; and what stands in that home afterwards. */
import { spawn, type ChildProcess } from 'node:child_process';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  ApiAuditLine,
  createMoneyFold,
  createTaskFold,
  EMPTY_QUEUE,
  ExecutionLogLine,
  GrindFile,
  parseBeat,
  StatusReport,
  type NewTask,
} from '@vivarium/contracts';
import { billOf } from './grind-process.ts';
import { root } from './repository.ts';

export const orchestratorMain = join(root, 'apps/orchestrator/bundle/main.js');

export interface Ended {
  readonly code: number | NodeJS.Signals;
  readonly out: string;
  readonly err: string;
}

export interface CliOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly input?: string;
}

export interface RunningCli {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly ended: Promise<Ended>;
  readonly said: () => string;
  /** Resolves when standard output has it; rejects when the process ends before. */
  says(pattern: RegExp): Promise<void>;
}

/** A home in a directory that goes away with `remove`, and the commands on it. */
export interface Home {
  readonly path: string;
  at(...names: readonly string[]): string;
  /** Text of a file of the home; empty when it is not there. */
  read(...names: readonly string[]): string;
  write(name: string, text: string): void;
  /** Changes the first place that fits; throws when none does. Answers how to undo it. */
  edit(name: string, from: string | RegExp, to: string): () => void;
  cli(args: readonly string[], options?: CliOptions): Promise<Ended>;
  launch(args: readonly string[], options?: CliOptions): RunningCli;
  status(): Promise<StatusReport>;
  queue(tasks: readonly NewTask[]): void;
  /** What the simulator billed and what the audit log settled, in nano-dollars. */
  books(): {
    readonly bill: number;
    readonly calls: number;
    readonly settled: number;
    readonly unknown: number;
    readonly held: number;
  };
  /** How often each task was completed, by the rules of the fold. */
  completions(): ReadonlyMap<string, number>;
  grindPid(): number;
  workerPids(): readonly number[];
  /** Processes of this checkout that work on this home. */
  processes(): readonly string[];
  remove(): Promise<void>;
}

const environment = (more: Readonly<Record<string, string>> = {}): Record<string, string> => ({
  PATH: process.env['PATH'] ?? '',
  HOME: tmpdir(),
  ...more,
});

export function createHome(tasks: readonly NewTask[] = []): Home {
  // Real path: on some machines the directory for temporary files is a link, and a home is its real path.
  const path = realpathSync(mkdtempSync(join(tmpdir(), 'vivarium-home-')));
  const keys = `${path}-keys`;
  const at = (...names: readonly string[]): string => join(path, ...names);
  /** Nothing of a file that is not there, and of one that goes at this moment. */
  const read = (...names: readonly string[]): string => {
    try {
      return readFileSync(at(...names), 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
      throw error;
    }
  };
  const running = new Set<RunningCli>();
  const launch = (args: readonly string[], options: CliOptions = {}): RunningCli => {
    const env = { VIVARIUM_SEAL_DIR: keys, ...options.env };
    const cli = launchCli(['--home', path, ...args], { ...options, env });
    running.add(cli);
    void cli.ended.then(() => running.delete(cli));
    return cli;
  };
  const home: Home = {
    path,
    at,
    read,
    write: (name, text) => writeFileSync(at(name), text),
    edit(name, from, to) {
      const before = read(name);
      const after = before.replace(from, to);
      if (after === before) throw new Error(`nothing in ${name} is like ${from}`);
      home.write(name, after);
      return () => home.write(name, before);
    },
    launch,
    cli: (args, options) => launch(args, options).ended,
    async status() {
      const { out, err } = await home.cli(['status', '--json']);
      if (err !== '') throw new Error(err);
      return StatusReport.parse(JSON.parse(out));
    },
    queue: (wanted) =>
      writeFileSync(at('queue.json'), JSON.stringify({ ...EMPTY_QUEUE, tasks: wanted }, null, 2)),
    books() {
      const fold = createMoneyFold();
      for (const line of linesOf(read('logs/api_audit.log'))) {
        const { data } = ApiAuditLine.safeParse(line);
        if (data !== undefined) fold.apply(data);
      }
      const { settled, unknown, held } = fold.book(true).total;
      const bill = billOf(at('logs/simulator_bill.jsonl'));
      return { bill: bill.cost, calls: bill.calls, settled, unknown, held };
    },
    completions() {
      const fold = createTaskFold();
      const counts = new Map<string, number>();
      for (const line of linesOf(read('logs/execution_log.jsonl'))) {
        const { data } = ExecutionLogLine.safeParse(line);
        if (data === undefined || fold.apply(data) !== 'applied' || data.status !== 'completed') continue;
        counts.set(data.task_id, (counts.get(data.task_id) ?? 0) + 1);
      }
      return counts;
    },
    grindPid: () => GrindFile.parse(JSON.parse(read('run/grind.json'))).pid,
    workerPids: () =>
      (existsSync(at('run/workers')) ? readdirSync(at('run/workers')) : [])
        .filter((name) => name.endsWith('.json'))
        // One that left between the list and this look has no file any more.
        .flatMap((name) => parseBeat(read('run/workers', name))?.pid ?? []),
    processes: () => processesOf(path),
    async remove() {
      for (const { child } of running) child.kill('SIGKILL');
      await until(() => processesOf(path).length === 0, 20_000, 'the processes of the home to leave');
      for (const directory of [path, keys]) rmSync(directory, { recursive: true, force: true });
    },
  };
  if (tasks.length > 0 || !existsSync(at('queue.json'))) home.queue(tasks);
  return home;
}

export function launchCli(args: readonly string[], { env, cwd, input }: CliOptions = {}): RunningCli {
  const child = spawn(process.execPath, [orchestratorMain, ...args], {
    cwd: cwd ?? tmpdir(),
    env: environment(env),
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin.on('error', () => undefined).end(input ?? '');
  let out = '';
  let err = '';
  const waiting = new Set<() => void>();
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
    for (const look of waiting) look();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  const ended = new Promise<Ended>((resolve) => {
    child.once('close', (code, signal) => resolve({ code: code ?? signal ?? 'SIGKILL', out, err }));
  });
  return {
    child,
    pid: child.pid ?? 0,
    ended,
    said: () => out,
    says: (pattern) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (!pattern.test(out)) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
        void ended.then(({ code }) =>
          reject(new Error(`ended with ${code} before it said ${pattern}: ${out}${err}`)),
        );
      }),
  };
}

export async function until(
  holds: () => boolean | Promise<boolean>,
  ms: number,
  what: string,
): Promise<void> {
  const end = performance.now() + ms;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`waited ${ms} ms for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** From /proc, which every Linux has; a machine without it shows none, and then only the runs' own ends are checked. */
function processesOf(path: string): readonly string[] {
  if (!existsSync('/proc/self/cmdline')) return [];
  return readdirSync('/proc').flatMap((pid) => {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) return [];
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
      return words.includes('/bundle/main.js') && words.includes(path) ? [`${pid} ${words}`] : [];
    } catch {
      return [];
    }
  });
}

const linesOf = (text: string): readonly unknown[] =>
  text.split('\n').flatMap((line) => {
    try {
      return [JSON.parse(line) as unknown];
    } catch {
      return [];
    }
  });

export const taskNamed = (id: string, more: Partial<NewTask> = {}): NewTask => ({
  id,
  type: 'grind',
  prompt: `Write two sentences about ${id}.`,
  min_budget: 0.01,
  max_budget: 0.05,
  ...more,
});
