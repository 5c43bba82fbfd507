/**
 * `audit export`: a copy of the record that a third party can check: the logs, the archives the seals speak of, the newest head, and verify.mjs, which needs
 * Node.js and nothing else. What is not sealed yet is sealed first. Makes a new directory and writes nowhere else.
 */
import { join, resolve } from 'node:path';
import { LOGS } from '@vivarium/contracts';
import { VivariumError } from '@vivarium/core';
import { signedHead } from '@vivarium/home';
import { openHome, type CommandDeps, type ExitCode, type OpenHome } from '../deps.ts';
import { counted } from '../report/counted.ts';
import { keyringOf, sealerOf } from '../sealing.ts';

export interface ExportInput {
  readonly home: string | undefined;
  readonly directory: string;
  readonly results: boolean;
  readonly json: boolean;
}

const CHECKER = 'apps/orchestrator/audit/verify.mjs';

export async function auditExport(input: ExportInput, deps: CommandDeps): Promise<ExitCode> {
  const { terminal, machine } = deps;
  const { files } = machine;
  const home = openHome(input.home, deps, 'prepare');
  const target = resolve(deps.cwd, input.directory);
  if (files.stat(target) !== undefined)
    throw new VivariumError('usage', `${target} is there already`, {
      remedy: { kind: 'stop' },
      hint: 'Name a directory that is still to be made.',
    });
  const checker = files.readText(join(deps.repository, CHECKER));
  if (checker === undefined)
    throw new VivariumError('internal', `${CHECKER} is missing from the checkout`, {
      remedy: { kind: 'stop' },
    });
  const keyring = keyringOf(home, deps, (text) => terminal.complain(text));
  await sealerOf(home, deps, keyring).pass();
  const head = await signedHead(home.layout, machine, home.id, keyring);

  files.makeDirectory(join(target, 'logs'));
  // The seals first: what the others gain meanwhile is beyond what they speak of.
  const copied = [LOGS.seals, ...recordFiles(home, deps, input.results)].filter((file) => copy(file));
  files.replace(join(target, 'head.json'), `${JSON.stringify(head, null, 2)}\n`);
  files.replace(join(target, 'verify.mjs'), checker);
  if (input.json) terminal.line(JSON.stringify({ directory: target, files: copied.length, head }));
  else {
    terminal.line(`Exported ${counted(copied.length, 'file')} to ${target}`);
    terminal.line(
      `  To check it anywhere: node verify.mjs   (in that directory; verify.mjs says what it proves)`,
    );
    terminal.line(
      '  It holds the first 200 characters of prompts and summaries of outputs; look before you give it away.',
    );
  }
  return 0;

  function copy(file: string): boolean {
    files.makeDirectory(join(target, 'logs', file, '..'));
    return files.copy(join(home.layout.logs, file), join(target, 'logs', file));
  }
}

/** Names in logs/, beside the seals. */
function* recordFiles({ layout }: OpenHome, { machine }: CommandDeps, results: boolean): Generator<string> {
  for (const [log, file] of Object.entries(LOGS)) if (log !== 'seals') yield file;
  yield 'simulator_bill.jsonl';
  for (const name of machine.files.list(layout.archive))
    for (const file of Object.values(LOGS)) yield `archive/${name}/${file}`;
  if (!results) return;
  for (const name of machine.files.list(layout.results))
    if (name.endsWith('.jsonl')) yield `results/${name}`;
    else
      for (const older of machine.files.list(`${layout.results}/${name}`)) yield `results/${name}/${older}`;
}
