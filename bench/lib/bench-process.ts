/** Processes that begin at one word and report once: both ends of that talk. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export interface WorkReport {
  readonly tasks: number;
  /** User and system. */
  readonly cpuMs: number;
  readonly elapsedMs: number;
}

// ------------------------------------------------------------------------------------------------------------- in the process

/** Says that everything is prepared and waits for the word. */
export async function whenTold(): Promise<void> {
  process.once('disconnect', () => process.exit(1));
  process.send?.('ready');
  await once(process, 'message');
}

export function report(work: WorkReport): void {
  process.send?.(work, undefined, undefined, () => process.exit(0));
}

export function cpuMsSince(start: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1_000;
}

// ------------------------------------------------------------------------------------------------------------- in the bench

/**
 * Forks `script` (in this directory) once per list of arguments, lets all begin at the same time and collects their reports, which are
 * what that script says they are. `onReady`: when all are prepared and none has begun.
 */
export async function workTogether<Report extends WorkReport = WorkReport>(
  script: string,
  argsOfEach: readonly (readonly string[])[],
  onReady: () => void = () => undefined,
): Promise<readonly Report[]> {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const children = argsOfEach.map((args) =>
    fork(path, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] }),
  );
  const next = (child: (typeof children)[number]): Promise<unknown> =>
    new Promise((resolve, reject) => {
      child.once('message', resolve);
      child.once('exit', (code) => reject(new Error(`${script} ended with ${code} without a report`)));
    });
  const end = (): void => {
    for (const child of children) if (child.exitCode === null) child.kill();
  };
  // One that works without a pause would not notice that the bench is gone.
  process.on('exit', end);
  try {
    await Promise.all(children.map(next));
    const reports = children.map(next);
    onReady();
    for (const child of children) child.send('go');
    // Only this bench's own processes speak here.
    return (await Promise.all(reports)) as readonly Report[];
  } finally {
    process.off('exit', end);
    end();
  }
}
