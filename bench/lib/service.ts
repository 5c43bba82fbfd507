/** Processes a bench runs beside itself: forked from what was built, up when they say so, ended by their id when the bench is done. */
import { fork } from 'node:child_process';
import { ServiceMessage } from '@vivarium/contracts';
import { bareEnvironment, inCheckout } from './checkout.ts';

export interface Service {
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}

/** Between asking a process to leave and making it. */
const PATIENCE_MS = 15_000;

/** Starts `path` (within the checkout) and waits until it is up; what it says meanwhile goes to standard error. */
export async function startService(path: string, args: readonly string[]): Promise<Service> {
  const child = fork(inCheckout(path), args, {
    env: bareEnvironment(),
    execArgv: [],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const url = await new Promise<string>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`${path} ended with ${code} before it was up`)));
    child.on('message', (message) => {
      const parsed = ServiceMessage.safeParse(message);
      if (!parsed.success) return;
      if (parsed.data.kind === 'ready') resolve(parsed.data.url);
      else reject(new Error(`${path}: ${parsed.data.message}`));
    });
  });
  const { pid } = child;
  if (pid === undefined) throw new Error(`${path} has no process id`);
  return {
    url,
    pid,
    stop: () =>
      new Promise((resolve) => {
        if (child.exitCode !== null || child.signalCode !== null) return resolve();
        const last = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
        child.once('exit', () => {
          clearTimeout(last);
          resolve();
        });
        child.kill('SIGTERM');
      }),
  };
}
