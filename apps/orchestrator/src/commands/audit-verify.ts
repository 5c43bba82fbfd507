/** `audit verify`: names the first record that is not what it was when it was sealed. Reads only. Exit code 0 whole, 1 broken. */
import { resolve } from 'node:path';
import { issueText, SealHead } from '@vivarium/contracts';
import { VivariumError } from '@vivarium/core';
import { createVerifier, faultText, type Verified } from '@vivarium/home';
import type { TimeRange } from '../cli/audit.ts';
import { openHome, type CommandDeps, type ExitCode } from '../deps.ts';
import { counted } from '../report/counted.ts';
import { keyringOf } from '../sealing.ts';

export interface VerifyInput {
  readonly home: string | undefined;
  readonly range: TimeRange | undefined;
  readonly heads: readonly string[];
  readonly json: boolean;
}

export async function verifyAudit(input: VerifyInput, deps: CommandDeps): Promise<ExitCode> {
  const { terminal } = deps;
  const home = openHome(input.home, deps, 'look');
  const keyring = keyringOf(home, deps, () => undefined);
  const held = keyring?.heldHead(home.id);
  const given = input.heads.map((file) => readHead(file, home.id, deps));
  const steps = createVerifier({
    layout: home.layout,
    files: deps.machine.files,
    home: home.id,
    heldHeads: held === undefined ? given : [held, ...given],
    publicKey: keyring?.publicKey(),
    range: input.range,
  }).check();
  let step = steps.next();
  while (step.done !== true) step = steps.next();
  const verified = step.value;
  if (input.json) terminal.line(JSON.stringify({ whole: verified.faults.length === 0, ...verified }));
  else
    for (const line of verifiedLines(verified, held !== undefined || given.length > 0)) terminal.line(line);
  return verified.faults.length === 0 ? 0 : 1;
}

function readHead(file: string, home: string, deps: CommandDeps): SealHead {
  const text = deps.machine.files.readText(resolve(deps.cwd, file));
  const usage = (why: string): VivariumError =>
    new VivariumError('usage', `--head ${file}: ${why}`, {
      remedy: { kind: 'stop' },
      hint: 'Give a file that holds what `orchestrator audit heads` printed.',
    });
  if (text === undefined) throw usage('there is no such file');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw usage('it is not JSON');
  }
  const head = SealHead.safeParse(value);
  if (!head.success) throw usage(head.error.issues.map(issueText).join('; '));
  if (head.data.home !== home) throw usage(`it is of another home (${head.data.home}, not ${home})`);
  return head.data;
}

function verifiedLines(verified: Verified, hasHead: boolean): readonly string[] {
  const { faults, lines, bytes, results, unsealed, sealedAt, signature, head } = verified;
  const [first, ...others] = faults;
  const seen = [
    `  ${counted(lines, 'line')} and ${bytes} bytes under seal, ${counted(results, 'output')}; sealed up to ${sealedAt ?? 'nothing yet'}`,
    `  not sealed yet: ${unsealed} bytes`,
    `  ${SIGNATURES[signature]}`,
    hasHead
      ? `  checked against a head that is kept outside of the home; newest seal: no. ${head.seq}`
      : `  no head is kept outside of the home: a cut at the end of the seals could not be seen (orchestrator audit heads)`,
  ];
  if (first !== undefined)
    return [`BROKEN: ${faultText(first)}`, ...others.map((fault) => `BROKEN: ${faultText(fault)}`), ...seen];
  return [
    sealedAt === undefined
      ? 'Nothing is sealed yet; the chains of what is written hold. A run seals as it goes; orchestrator audit seal does it now.'
      : 'The record is what it was when it was sealed.',
    ...seen,
  ];
}

const SIGNATURES: Readonly<Record<Verified['signature'], string>> = {
  none: 'heads are not signed',
  good: 'the newest head is signed by the key of this user',
  foreign: 'the newest head is signed, by a key that is not the one of this user',
  bad: 'the signature of the newest head is false',
};
