/**
 * `archive`: sets aside what the record has of work that is over, when nothing runs. To logs/archive/<time>/ go action_log.jsonl with its twin and safety_audit.log, whole, and
 * execution_log.jsonl, of which the new one keeps the round that each task is in. The state of every task is the same afterwards, and `show`, `logs` and `replay --at` read
 * what was set aside too. api_audit.log stays: it is the authority on money, and its checkpoints keep a start as fast as ever (docs/decisions/2026-11-27-archive.md).
 *
 * - Q1, Q7: the new execution log folds to what the old one did (carry-over.ts).
 * - S5: each log is sealed to its end, and the seals say where it is, before the next part begins.
 * - A death on any line loses nothing: a log whose next part was never put in place goes on as it is.
 * - S2: no grind can begin meanwhile, and no order that writes to the execution log (Q7) comes between its reading and its next part.
 */
import {
  archiveName,
  createTaskFold,
  LOGS,
  readExecutionLine,
  readOn,
  type LogName,
  type RecordEntry,
} from '@vivarium/contracts';
import { timestamp } from '@vivarium/core';
import { whoIsUp } from '../at-work.ts';
import { createRoundKeeper } from '../carry-over.ts';
import { openHome, type CommandDeps, type ExitCode, type OpenHome } from '../deps.ts';
import { inPlaceOfGrind } from '../in-place-of-grind.ts';
import { counted } from '../report/counted.ts';
import { keyringOf, sealerOf } from '../sealing.ts';

export interface ArchiveInput {
  readonly home: string | undefined;
  readonly json: boolean;
}

interface SetAside {
  readonly file: string;
  readonly bytes: number;
  /** Bytes the new file begins with. */
  readonly kept: number;
}

const ARCHIVED = ['execution', 'safetyAudit', 'action'] as const;
const LOCK_WAIT_MS = 30_000;

export async function archive(input: ArchiveInput, deps: CommandDeps): Promise<ExitCode> {
  const { terminal, machine } = deps;
  const home = openHome(input.home, deps, 'prepare');
  const answer = await machine.fileLock.withLock(home.layout.queue, LOCK_WAIT_MS, async (assertHeld) => {
    // Runs announce themselves under this lock, and orders that write to the execution log are given under it.
    const busy = whoIsUp(home, deps);
    return busy === undefined
      ? {
          kind: 'done' as const,
          ...(await inPlaceOfGrind(home, deps, () => archiveHome(home, deps, assertHeld))),
        }
      : { kind: 'busy' as const, busy };
  });
  if (answer.kind === 'busy') {
    terminal.complain(`ERROR: ${answer.busy} is at work on this home. Stop it first; nothing was archived.`);
    return 1;
  }
  const { directory, logs } = answer;
  if (input.json) terminal.line(JSON.stringify({ archive: logs.length === 0 ? null : directory, logs }));
  else if (logs.length === 0) terminal.line('There is nothing to archive.');
  else {
    terminal.line(`Archived in ${directory}`);
    for (const { file, bytes, kept } of logs)
      terminal.line(
        `  ${file}: ${counted(bytes, 'byte')}${kept === 0 ? '' : `; the new one keeps ${counted(kept, 'byte')}`}`,
      );
    terminal.line('  Every task is in the state it was in. What was spent stays in logs/api_audit.log.');
  }
  return 0;
}

async function archiveHome(
  home: OpenHome,
  deps: CommandDeps,
  assertHeld: () => void,
): Promise<{ readonly directory: string; readonly logs: readonly SetAside[] }> {
  const { files, clock } = deps.machine;
  const { layout, record } = home;
  const at = timestamp(clock);
  const name = archiveName(at);
  const directory = `${layout.archive}/${name}`;
  const sealer = sealerOf(
    home,
    deps,
    keyringOf(home, deps, (text) => deps.terminal.complain(text)),
  );
  const logs: SetAside[] = [];
  const setAside = async (log: LogName, begin: () => void, known?: number): Promise<void> => {
    const bytes = record.size(log);
    await sealer.setAside(
      LOGS[log],
      `archive/${name}/${LOGS[log]}`,
      () => {
        assertHeld();
        begin();
      },
      known,
    );
    logs.push({ file: `logs/${LOGS[log]}`, bytes, kept: record.size(log) });
  };

  for (const log of ARCHIVED) record.mend(log);
  for (const earlier of files.list(layout.archive)) takeOver(home, deps, `${layout.archive}/${earlier}`);
  if (ARCHIVED.every((log) => record.size(log) === 0)) return { directory, logs };
  files.makeDirectory(directory);

  const next = `${directory}/execution_log.next`;
  try {
    const known = record.size('execution');
    if (writeNext(home, deps, at, next) === 'shorter')
      await setAside('execution', () => files.rename(next, layout.log('execution')), known);
    if (record.size('safetyAudit') > 0)
      await setAside('safetyAudit', () => files.remove(layout.log('safetyAudit')));
    if (record.size('action') > 0) {
      await setAside('action', () => putAway(home, deps, directory));
      if (files.stat(layout.actionTwin) !== undefined)
        files.rename(layout.actionTwin, `${directory}/${layout.actionTwin.slice(layout.logs.length + 1)}`);
    }
  } finally {
    files.remove(next);
    // Also of an archive that came no further: each log is set aside or as it was.
    if (logs.length > 0)
      record.act({
        actor: 'operator',
        action_type: 'SYSTEM',
        action: 'archived',
        detail: `${logs.map(({ file }) => file).join(', ')} set aside in ${directory}`,
        event: 'log.archived',
        metadata: { archive: directory },
      });
  }
  return { directory, logs };
}

/** The log that every task's state stands in when the rounds that are over are left out. `no shorter`: there are none. */
function writeNext(
  { layout, id, record }: OpenHome,
  { machine: { files, ids } }: CommandDeps,
  at: string,
  path: string,
): 'shorter' | 'no shorter' {
  const last = createTaskFold();
  readOn(record.tail('execution'), ({ entries }) => {
    for (const entry of entries) {
      const line = lineOf(entry, id);
      if (line !== undefined) last.apply(line);
    }
  });
  const keep = createRoundKeeper(last, { home: id, at, ids });
  let left = 0;
  files.remove(path);
  readOn(record.tail('execution'), ({ entries }) => {
    let text = '';
    for (const entry of entries) {
      const line = lineOf(entry, id);
      const kept = line === undefined ? ({ kind: 'left' } as const) : keep(line);
      if (kept.kind === 'left') left += 1;
      else {
        if (kept.before !== undefined) text += `${JSON.stringify(kept.before)}\n`;
        text += asItStands(entry);
      }
    }
    if (text !== '') files.append(path, text);
  });
  if (left === 0) return 'no shorter';
  if (files.stat(path) === undefined) files.replace(path, '');
  files.sync(path);
  return 'shorter';

  function asItStands({ from, to }: RecordEntry): string {
    const text = Buffer.from(files.readBytes(layout.log('execution'), from, to - from) ?? []).toString(
      'utf8',
    );
    return text.endsWith('\n') ? text : `${text}\n`;
  }
}

const lineOf = (entry: RecordEntry, home: string) =>
  entry.kind === 'line' ? readExecutionLine(entry.value, home) : undefined;

/** A command given at this moment may tell an action between the copy and here, and nothing keeps it from that: it goes over into the new log. */
function putAway(home: OpenHome, deps: CommandDeps, directory: string): void {
  deps.machine.files.rename(home.layout.log('action'), restOf(directory));
  takeOver(home, deps, directory);
}

/** What a log had beyond its copy goes into the one that is there; also of an archive that died on the line before. */
function takeOver({ layout }: OpenHome, { machine: { files } }: CommandDeps, directory: string): void {
  const rest = restOf(directory);
  if (files.stat(rest) === undefined) return;
  const copied = files.stat(`${directory}/${LOGS.action}`)?.size ?? 0;
  const late = files.readBytes(rest, copied, LONGEST_REST) ?? new Uint8Array(0);
  if (late.length > 0) files.append(layout.log('action'), Buffer.from(late).toString('utf8'));
  files.remove(rest);
}
const restOf = (directory: string): string => `${directory}/action_log.rest`;
/** Nobody tells this much in the millisecond it is about. */
const LONGEST_REST = 1_048_576;
