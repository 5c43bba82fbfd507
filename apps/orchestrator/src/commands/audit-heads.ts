/** `audit heads`: what to keep elsewhere. One JSON document, for `audit verify --head` and for the program that `audit export` brings. */
import { signedHead } from '@vivarium/home';
import { openHome, type CommandDeps, type ExitCode } from '../deps.ts';
import { keyringOf } from '../sealing.ts';

export async function auditHeads(
  input: { readonly home: string | undefined },
  deps: CommandDeps,
): Promise<ExitCode> {
  const home = openHome(input.home, deps, 'look');
  const keyring = keyringOf(home, deps, (text) => deps.terminal.complain(text));
  const head = await signedHead(home.layout, deps.machine, home.id, keyring);
  deps.terminal.line(JSON.stringify(head, null, 2));
  if (head.seq === 0)
    deps.terminal.complain(
      'Nothing is sealed yet, so this head vouches for nothing: orchestrator audit seal',
    );
  return 0;
}
