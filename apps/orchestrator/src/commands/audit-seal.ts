/** `audit seal`: one pass of the sealer, now. */
import { openHome, type CommandDeps, type ExitCode } from '../deps.ts';
import { counted } from '../report/counted.ts';
import { keyringOf, sealerOf } from '../sealing.ts';

export async function sealAudit(
  input: { readonly home: string | undefined; readonly json: boolean },
  deps: CommandDeps,
): Promise<ExitCode> {
  const { terminal } = deps;
  const home = openHome(input.home, deps, 'prepare');
  const keyring = keyringOf(home, deps, (text) => terminal.complain(text));
  const { lines, bytes, cut } = await sealerOf(home, deps, keyring).pass();
  if (input.json) terminal.line(JSON.stringify({ lines, bytes, cut }));
  else if (lines > 0) terminal.line(`Sealed ${counted(lines, 'line')}, ${bytes} bytes.`);
  else terminal.line('Nothing new: everything is sealed.');
  for (const file of cut)
    terminal.complain(
      `ERROR: logs/${file} is shorter than what was sealed of it. orchestrator audit verify says where it was cut.`,
    );
  return cut.length === 0 ? 0 : 1;
}
