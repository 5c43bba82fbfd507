/** The built simulator as a process of its own, forked as the orchestrator forks it. */
import { fork, spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { root } from './repository.ts';

export const simulatorMain = join(root, 'apps/groq-simulator/bundle/main.js');

export interface SimulatorProcess {
  readonly url: string;
  readonly child: ChildProcess;
  /** Of the process: its code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>;
  /** What it told the process that forked it. */
  readonly messages: readonly unknown[];
  /** Everything it wrote to stdout. */
  readonly output: () => string;
  /** Asks it to end and waits for it. */
  stop(): Promise<void>;
}

/** Starts it and waits until it says that it is ready. Rejects with all it said when it ends before that. */
export async function startSimulator(...flags: readonly string[]): Promise<SimulatorProcess> {
  const child = fork(simulatorMain, flags, { stdio: ['ignore', 'pipe', 'pipe', 'ipc'], execArgv: [] });
  return watch(child);
}

/** The same under a limit on the size of the files it writes, which stands for a full disk. */
export async function startSimulatorWithFileLimit(
  blocks: number,
  ...flags: readonly string[]
): Promise<SimulatorProcess> {
  const script = `ulimit -f ${blocks}; exec "$0" "$@"`;
  return watch(
    spawn('sh', ['-c', script, process.execPath, simulatorMain, ...flags], {
      stdio: ['ignore', 'pipe', 'pipe'],
    }),
  );
}

async function watch(child: ChildProcess): Promise<SimulatorProcess> {
  let output = '';
  let errors = '';
  const messages: unknown[] = [];
  child.on('message', (message) => messages.push(message));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (errors += text));
  const ended = new Promise<number | NodeJS.Signals>((resolve) => {
    child.once('exit', (code, signal) => resolve(code ?? signal ?? 'SIGKILL'));
  });
  const url = await new Promise<string>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the simulator ended with ${code}: ${errors}`)));
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      const [line, rest] = output.split('\n', 2);
      if (line !== undefined && rest !== undefined) resolve(readUrl(line));
    });
  });
  return {
    url,
    child,
    ended,
    messages,
    output: () => output,
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

function readUrl(line: string): string {
  const ready: unknown = JSON.parse(line);
  if (typeof ready === 'object' && ready !== null && 'url' in ready && typeof ready.url === 'string')
    return ready.url;
  throw new Error(`not a ready line: ${line}`);
}
