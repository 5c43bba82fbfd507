/** Processes a bench runs beside itself: forked from what was built, up when they say so, ended by their id when the bench is done. */
import { fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ServiceMessage } from '@vivarium/contracts';

const checkout = new URL('../../../', import.meta.url);

export interface Service {
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}

/** Starts `path` (within the checkout) and waits until it is up; what it says meanwhile goes to standard error. */
export async function startService(path: string, args: readonly string[]): Promise<Service> {
  const child = fork(fileURLToPath(new URL(path, checkout)), args, {
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
        child.once('exit', () => resolve());
        child.kill('SIGTERM');
      }),
  };
}

/** CPU milliseconds (user and system) a process has used since it began. Linux only: the kernel counts in hundredths of a second. */
export function cpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}
