/**
 * `replay`: derives the state again from the record alone and holds it against what the system believes. Exit codes: 0 equal · 1 the first divergence is named · 2 no such
 * event or time. Reads only.
 */
import { createTaskFold, isFinal } from '@vivarium/contracts';
import { formatUsd, VivariumError } from '@vivarium/core';
import { askGrind } from '../ask-grind.ts';
import { openHome, type CommandDeps, type ExitCode, type OpenHome } from '../deps.ts';
import { momentOf } from '../moment.ts';
import {
  checkCheckpoints,
  checkCosts,
  checkGrind,
  checkSnapshot,
  type Belief,
  type Divergence,
} from '../replay/beliefs.ts';
import { cutAtEvent, type Cut } from '../replay/cut.ts';
import { canonicalState, replay, type ReplayedState } from '../replay/state.ts';
import { counted } from '../report/counted.ts';
import { createSnapshotFile } from '../snapshot.ts';
import { printable } from '../terminal.ts';

export interface ReplayInput {
  readonly home: string | undefined;
  readonly at: string | undefined;
  readonly json: boolean;
}

export async function replayRecord(input: ReplayInput, deps: CommandDeps): Promise<ExitCode> {
  const { terminal } = deps;
  const home = openHome(input.home, deps, 'look');
  if (input.at !== undefined) {
    const state = replay(home.record, cutOf(input.at, home));
    if (input.json) terminal.line(canonicalState(state));
    else for (const line of stateLines(state)) terminal.line(line);
    return 0;
  }
  const grind = home.runs.liveGrind();
  const beliefs = [
    checkGrind(home.record, grind === undefined ? undefined : await booksAt(grind.url)),
    checkSnapshot(home.record, createSnapshotFile(home.layout, deps.machine.files)),
    checkCheckpoints(home.record),
    checkCosts(home.record),
  ];
  const state = replay(home.record, { kind: 'end' });
  if (input.json) terminal.line(canonicalState(state));
  else for (const line of [...stateLines(state), ...beliefs.flatMap(beliefLines)]) terminal.line(line);
  const [divergence] = beliefs.flatMap(({ checked }) => (typeof checked === 'object' ? [checked] : []));
  if (divergence === undefined) return 0;
  // Of a program the state is what it asked for; that it is not what is believed is said beside it.
  if (input.json) terminal.complain(JSON.stringify({ divergence }));
  return 1;
}

function cutOf(at: string, home: OpenHome): Cut {
  const time = momentOf(at, undefined);
  if (time !== undefined) return { kind: 'time', at: time };
  const cut = cutAtEvent(home.record, at);
  if (cut !== undefined) return cut;
  throw new VivariumError(
    'usage',
    `--at ${printable(at)} is neither a time nor the id of an event in this record`,
    {
      remedy: { kind: 'stop' },
      hint: 'Give a time such as 2026-11-27T08:00 (UTC), or an event_id of any line in logs/.',
    },
  );
}

function stateLines({ tasks, money, bytes, lines }: ReplayedState): readonly string[] {
  const fold = createTaskFold(tasks);
  const ended = [...fold.entries()].filter(([, { status }]) => isFinal(status));
  const counts = new Map<string, number>();
  for (const [, { status }] of fold.entries()) counts.set(status, (counts.get(status) ?? 0) + 1);
  const sums = (['real', 'simulated'] as const).map((book) => {
    const { settled, unknown, held, calls } = money[book].total;
    return `  ${book}: ${formatUsd(settled)} settled, ${formatUsd(unknown)} unknown, ${formatUsd(held)} held, ${counted(calls, 'call')}`;
  });
  return [
    `Replayed ${counted(lines.execution, 'line')} of the execution log (to byte ${bytes.execution}) and ${counted(lines.apiAudit, 'line')} of api_audit (to byte ${bytes.apiAudit}).`,
    `  tasks named: ${tasks.size}, ended: ${ended.length}${[...counts]
      .toSorted(([one], [other]) => (one < other ? -1 : 1))
      .map(([status, count]) => `; ${count} ${status}`)
      .join('')}`,
    ...sums,
  ];
}

const MEANINGS: Readonly<Record<string, string>> = {
  grind: 'sums and holds of the grind that is up',
  snapshot: 'run/snapshot.json, from which status goes on',
  checkpoint: 'sums in the checkpoints of api_audit.log, from which grind goes on',
  costs: 'costs and outputs of completed tasks, against api_audit and results',
};

function beliefLines({ who, checked }: Belief): readonly string[] {
  const what = MEANINGS[who] ?? who;
  if (checked === undefined) return [`  – ${what}: there is none`];
  return checked === 'equal' ? [`  = ${what}: equal`] : divergenceLines(checked);
}

function divergenceLines({ who, what, believed, replayed, line }: Divergence): readonly string[] {
  return [
    `  ≠ DIVERGES ${who}: ${printable(what)}`,
    `      believed: ${printable(JSON.stringify(believed) ?? 'nothing')}`,
    `      replayed: ${printable(JSON.stringify(replayed) ?? 'nothing')}`,
    ...(line === undefined
      ? []
      : [`      last line about it: ${line.file}, record ${line.record}, byte ${line.byte}`]),
  ];
}

const PATIENCE_MS = 10_000;

/** Undefined when it does not answer: then it believes nothing that could be asked. */
const booksAt = async (url: string): Promise<unknown> => {
  try {
    return JSON.parse(await askGrind(new URL('/books', url), PATIENCE_MS));
  } catch {
    return undefined;
  }
};
