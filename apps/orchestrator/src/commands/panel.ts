/** `panel`: the control panel alone, until Ctrl-C. */
import { ServiceMessage } from '@vivarium/contracts';
import { openHome, type CommandDeps, type ExitCode } from '../deps.ts';
import { livePanelLink } from '../panel-link.ts';
import { createChildren, howItEnded } from '../supervisor/children.ts';

export interface PanelInput {
  readonly home: string | undefined;
  readonly port: number | undefined;
}

const KILL_AFTER_MS = 3_000;

export async function panel(input: PanelInput, deps: CommandDeps): Promise<ExitCode> {
  const { terminal } = deps;
  const home = openHome(input.home, deps, 'prepare');
  const link = livePanelLink(home.runs);
  if (link !== undefined) {
    terminal.line(`The control panel of this home is up already: ${link}`);
    return 0;
  }
  const children = createChildren({
    repository: deps.repository,
    env: deps.env,
    diagnostics: home.layout.diagnostics,
    cwd: home.layout.root,
  });
  const child = children.fork('control-panel', [
    '--home',
    home.layout.root,
    ...(input.port === undefined ? [] : ['--port', String(input.port)]),
  ]);
  children.close();

  return new Promise<ExitCode>((resolve) => {
    let code: ExitCode | undefined;
    const stop = (): void => {
      code ??= 0;
      child.kill('SIGTERM');
      setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS).unref();
    };
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
    for (const signal of signals) process.on(signal, stop);
    child.on('message', (raw) => {
      const message = ServiceMessage.safeParse(raw).data;
      if (message?.kind === 'ready')
        terminal.line(`control panel: ${terminal.colours.cyan(message.url)}\n  Ctrl-C stops it.`);
      if (message?.kind === 'failed') {
        code = 4;
        terminal.complain(
          `ERROR: ${message.message}${message.hint === undefined ? '' : `\n  → ${message.hint}`}`,
        );
      }
    });
    child.on('exit', (exitCode, signal) => {
      for (const each of signals) process.off(each, stop);
      if (code === undefined)
        terminal.complain(
          `ERROR: the control panel ended (${howItEnded(exitCode, signal)}); ${home.layout.diagnostics} may say why.`,
        );
      resolve(code ?? 1);
    });
  });
}
