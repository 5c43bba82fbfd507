/**
 * The process of the control panel. Owns its wiring and its end; reads no key and needs none.
 *
 * By hand it prints its launch link and obeys SIGINT, SIGTERM and SIGHUP. Forked, it tells its parent the link, leaves signals of the terminal
 * to it, and leaves when it is gone, also after kill -9. Nothing waits for a panel, so it always leaves at once.
 * Exit codes: 0 left as told · 1 something impossible · 2 usage · 4 cannot work here: home, port, another panel, a page that was not built.
 */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { homeVariable, processEnvironment, sealDirectory } from '@vivarium/config';
import type { ServiceMessage } from '@vivarium/contracts';
import { isVivariumError, messageOf, VivariumError } from '@vivarium/core';
import { resolveHome } from '@vivarium/home';
import { createNodeMachine } from '@vivarium/platform';
import { createPanel } from './create-panel.ts';
import { readFlags, usage, type Flags } from './flags.ts';

const checkout = fileURLToPath(new URL('../../../', import.meta.url));
/** Beside the compiled server; the sources find it there too. */
const page = fileURLToPath(new URL('../dist/web', import.meta.url));
const machine = createNodeMachine();
const forked = process.send !== undefined;

const say = async (message: ServiceMessage, line: string): Promise<void> =>
  new Promise((resolve) => {
    if (forked) process.send?.(message, undefined, undefined, () => resolve());
    else process.stdout.write(`${line}\n`, () => resolve());
  });

async function serve(flags: Flags): Promise<void> {
  if (!existsSync(`${page}/index.html`)) {
    throw new VivariumError('internal', `the page was not built: there is no ${page}/index.html`, {
      remedy: { kind: 'stop' },
      hint: 'Run `npm run build` in the checkout.',
    });
  }
  const env = processEnvironment();
  const root = resolveHome(
    { flag: flags.home, env: homeVariable(env), cwd: process.cwd(), fallback: checkout },
    machine.files,
  );
  const panel = await createPanel({
    machine,
    root,
    port: flags.port,
    page,
    keys: sealDirectory(env),
    onFault: (message) => void process.stderr.write(`control-panel: ${message}\n`),
  });
  const leave = (): void =>
    void panel.stop().then(
      () => process.exit(0),
      (error: unknown) => fail(error),
    );
  process.on('SIGTERM', leave);
  // A terminal sends these to every process in it: the parent decides what they mean.
  for (const signal of ['SIGINT', 'SIGHUP'] as const)
    process.on(signal, () => (forked ? undefined : leave()));
  process.on('disconnect', leave);
  // The parent may have gone while this process was starting.
  if (forked && !process.connected) leave();
  await say({ kind: 'ready', url: panel.link, pid: process.pid }, `control panel for ${root}: ${panel.link}`);
}

/** The last word of a panel that cannot start, or that something impossible happened to. */
async function fail(error: unknown): Promise<never> {
  const known = isVivariumError(error) ? error : undefined;
  const code = known?.code ?? 'internal';
  const hint = known?.hint;
  process.stderr.write(
    `control-panel: ${code}: ${messageOf(error)}\n${hint === undefined ? '' : `control-panel: ${hint}\n`}`,
  );
  if (known === undefined && error instanceof Error) process.stderr.write(`${error.stack ?? ''}\n`);
  if (forked)
    await say(
      {
        kind: 'failed',
        code,
        message: messageOf(error),
        ...(hint === undefined ? {} : { hint }),
        ...(known === undefined ? {} : { remedy: known.remedy.kind }),
      },
      '',
    );
  process.exit(known === undefined ? 1 : 4);
}

const command = readFlags(process.argv.slice(2));
switch (command.kind) {
  case 'help':
    process.stdout.write(`${usage}\n`);
    process.disconnect?.();
    break;
  case 'faulty':
    process.stderr.write(
      `${command.problems.map((problem) => `control-panel: ${problem}\n`).join('')}control-panel: --help lists the flags\n`,
    );
    process.exitCode = 2;
    process.disconnect?.();
    break;
  case 'flags':
    await serve(command.flags).catch(fail);
}
