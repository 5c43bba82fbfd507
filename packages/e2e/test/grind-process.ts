/** The built grind as a process of its own on a home of its own, and what stands in that home. */
import { fork, spawn, type ChildProcess } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  ApiAuditLine,
  createMoneyFold,
  EMPTY_QUEUE,
  GrindRefusal,
  GrindReply,
  ServiceMessage,
} from '@vivarium/contracts';
import { root } from './repository.ts';

export const grindMain = join(root, 'apps/grind/bundle/main.js');

/** An empty home in a directory that goes away with `remove`. */
export interface TestHome {
  readonly path: string;
  readonly log: (name: string) => string;
  /** Text of a file of the home; empty when it is not there. */
  readonly read: (name: string) => string;
  readonly audit: () => readonly ApiAuditLine[];
  /** Sums of the log: settled, unknown and held. */
  readonly money: () => { readonly settled: number; readonly unknown: number; readonly held: number };
  /** Everything that stands in any file of the home. */
  readonly everything: () => string;
  readonly remove: () => void;
}

export function createTestHome(): TestHome {
  const path = mkdtempSync(join(tmpdir(), 'vivarium-grind-'));
  mkdirSync(join(path, 'logs'));
  writeFileSync(join(path, 'queue.json'), JSON.stringify(EMPTY_QUEUE));
  const read = (name: string): string =>
    existsSync(join(path, name)) ? readFileSync(join(path, name), 'utf8') : '';
  const audit = (): readonly ApiAuditLine[] =>
    read('logs/api_audit.log')
      .split('\n')
      .flatMap((line) => parsed(line));
  return {
    path,
    log: (name) => join(path, 'logs', name),
    read,
    audit,
    money() {
      const fold = createMoneyFold();
      for (const line of audit()) fold.apply(line);
      const { settled, unknown, held } = fold.book(true).total;
      return { settled, unknown, held };
    },
    everything: () =>
      readdirSync(path, { recursive: true, encoding: 'utf8' })
        .map((name) => join(path, name))
        .filter((file) => statSync(file).isFile())
        .map((file) => readFileSync(file, 'utf8'))
        .join('\n'),
    remove: () => rmSync(path, { recursive: true, force: true }),
  };
}

/** A fragment that a crash or a full disk left is no line. */
function parsed(line: string): readonly ApiAuditLine[] {
  try {
    const { data } = ApiAuditLine.safeParse(JSON.parse(line));
    return data === undefined ? [] : [data];
  } catch {
    return [];
  }
}

/** What the simulator billed, from its own file. */
export const billOf = (path: string): { readonly calls: number; readonly cost: number } => {
  const lines = existsSync(path)
    ? readFileSync(path, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
    : [];
  const costs = lines.map((line) =>
    Number((JSON.parse(line) as { readonly cost_nano_usd: number }).cost_nano_usd),
  ); // `as`: the simulator's own tests hold the shape
  return { calls: costs.length, cost: costs.reduce((sum, cost) => sum + cost, 0) };
};

export interface GrindProcess {
  readonly url: string;
  readonly child: ChildProcess;
  readonly ended: Promise<number | NodeJS.Signals>;
  /** Everything it wrote to standard output and standard error. */
  readonly said: () => string;
  kill(signal: NodeJS.Signals): void;
}

/** What became of a grind that did not come up. */
export interface FailedGrind {
  readonly code: number | NodeJS.Signals;
  readonly said: string;
  readonly message: ServiceMessage | undefined;
}

export interface GrindOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Limit on the size of any file it writes, in blocks of 512 bytes: a disk that is full at some point. Not forked then. */
  readonly fileBlocks?: number;
}

/** Only what a process needs to run: nothing of the environment of the test reaches it by chance. */
const environment = (more: Readonly<Record<string, string>> = {}): Record<string, string> => ({
  PATH: process.env['PATH'] ?? '',
  ...more,
});

function launch(args: readonly string[], { env, fileBlocks }: GrindOptions): ChildProcess {
  if (fileBlocks === undefined)
    return fork(grindMain, args, {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      execArgv: [],
      env: environment(env),
    });
  const script = `ulimit -f ${fileBlocks}; exec "$0" "$@"`;
  return spawn('sh', ['-c', script, process.execPath, grindMain, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: environment(env),
  });
}

export async function launchGrind(
  args: readonly string[],
  options: GrindOptions = {},
): Promise<GrindProcess | FailedGrind> {
  const child = launch(args, options);
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (text: string) => (said += text));
  // `close` does not come any more once the channel was disconnected from this side; the end of both streams says the same.
  const heard = [child.stdout, child.stderr].map(
    (stream) => new Promise((resolve) => stream?.once('close', resolve)),
  );
  const exited = new Promise<number | NodeJS.Signals>((resolve) => {
    child.once('exit', (code, signal) => resolve(code ?? signal ?? 'SIGKILL'));
  });
  const ended = Promise.all([exited, ...heard]).then(([code]) => code);
  let message: ServiceMessage | undefined;
  const url = new Promise<string>((resolve) => {
    child.on('message', (raw) => {
      message = ServiceMessage.parse(raw);
      if (message.kind === 'ready') resolve(message.url);
    });
    child.stdout?.on('data', () => {
      const found = /at (http:\/\/127\.0\.0\.1:\d+) /.exec(said)?.[1];
      if (found !== undefined) resolve(found);
    });
  });
  const first = await Promise.race([url, ended.then((code) => ({ code }))]);
  if (typeof first === 'object') return { code: first.code, said, message };
  return { url: first, child, ended, said: () => said, kill: (signal) => void child.kill(signal) };
}

export const isUp = (grind: GrindProcess | FailedGrind): grind is GrindProcess => 'url' in grind;

export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** Over node:http, because fetch does not let Host and Origin be chosen. */
export function ask(
  url: string,
  body: object | undefined,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { hostname, port, pathname } = new URL(url);
    const outgoing = httpRequest(
      {
        hostname,
        port,
        path: pathname,
        method: body === undefined ? 'GET' : 'POST',
        headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      },
      (incoming) => {
        let text = '';
        incoming.setEncoding('utf8').on('data', (piece: string) => (text += piece));
        incoming.on('end', () => resolve({ status: incoming.statusCode ?? 0, body: text }));
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

export async function grindReply(grind: GrindProcess, body: object): Promise<GrindReply> {
  const answer = await ask(`${grind.url}/grind`, body);
  if (answer.status !== 200) throw new Error(`refused: ${answer.body}`);
  return GrindReply.parse(JSON.parse(answer.body));
}

export async function grindRefusal(grind: GrindProcess, body: object): Promise<GrindRefusal['error']> {
  return GrindRefusal.parse(JSON.parse((await ask(`${grind.url}/grind`, body)).body)).error;
}
