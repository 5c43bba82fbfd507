/** `pause`, `resume`, `halt`: the same control state the panel's buttons write. */
import type { ControlReceipt, ControlState, ControlVerb } from '@vivarium/contracts';
import { openHome, type CommandDeps, type ExitCode } from '../deps.ts';
import { printable } from '../terminal.ts';

export interface ControlInput {
  readonly verb: ControlVerb;
  readonly reason: string | undefined;
  readonly home: string | undefined;
  readonly json: boolean;
}

export async function changeControl(input: ControlInput, deps: CommandDeps): Promise<ExitCode> {
  const home = openHome(input.home, deps, 'prepare');
  const receipt = home.control.change({ verb: input.verb, actor: 'operator', reason: input.reason });
  if (input.json) deps.terminal.line(JSON.stringify(receipt));
  else if (receipt.kind === 'needs_reason')
    deps.terminal.complain('ERROR: HALT is left only with a reason: orchestrator resume --reason "…"');
  else deps.terminal.line(receiptText(input.verb, receipt));
  return receipt.kind === 'needs_reason' ? 2 : 0;
}

function receiptText(verb: ControlVerb, receipt: Exclude<ControlReceipt, { kind: 'needs_reason' }>): string {
  if (receipt.kind === 'unchanged') return `Nothing changed: ${stateText(receipt.state)}`;
  switch (verb) {
    case 'halt':
      return `${stateText(receipt.after)}\n  Calls in flight are aborted and their tasks given back. To go on: orchestrator resume --reason "…"`;
    case 'pause':
      return `${stateText(receipt.after)}\n  What runs is finished, nothing new is begun. To go on: orchestrator resume`;
    case 'resume':
      return `${receipt.before.kind === 'halted' ? 'HALT' : 'PAUSE'} is lifted: ${stateText(receipt.after)}`;
  }
}

/** What somebody who watches a run is told when the control state changed; nothing when it did not. */
export function controlNote(before: ControlState, now: ControlState): string | undefined {
  if (stateText(before) === stateText(now)) return undefined;
  switch (now.kind) {
    case 'running':
      return 'running again';
    case 'paused':
      return `${stateText(now)} (orchestrator resume)`;
    case 'halted':
      return `${stateText(now)} (orchestrator resume --reason "…")`;
  }
}

export function stateText(state: ControlState): string {
  switch (state.kind) {
    case 'running':
      return 'running';
    case 'paused':
      return `PAUSED: ${printable(state.reason)}`;
    case 'halted':
      return `HALTED: ${printable(state.reason)}`;
  }
}
