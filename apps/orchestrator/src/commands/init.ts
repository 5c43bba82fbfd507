/** `init [dir]`: makes a directory a home, or completes one. Never touches what is there. */
import { resolve } from 'node:path';
import { homeLayout } from '@vivarium/contracts';
import { initHome } from '@vivarium/home';
import type { CommandDeps, ExitCode } from '../deps.ts';

export interface InitInput {
  readonly directory: string;
  readonly json: boolean;
}

export async function init(input: InitInput, deps: CommandDeps): Promise<ExitCode> {
  const { files } = deps.machine;
  const wanted = resolve(deps.cwd, input.directory);
  files.makeDirectory(wanted);
  const root = files.realPath(wanted) ?? wanted;
  const { created } = initHome(homeLayout(root), files);
  if (input.json) {
    deps.terminal.line(JSON.stringify({ home: root, created }));
    return 0;
  }
  if (created.length === 0) deps.terminal.line(`${root} is a home already; nothing was changed.`);
  else deps.terminal.line(`${root} is a home now.`);
  deps.terminal.line(`  orchestrator --home ${root} add task-1 grind --prompt "…"`);
  deps.terminal.line(`  orchestrator --home ${root} start 4`);
  return 0;
}
