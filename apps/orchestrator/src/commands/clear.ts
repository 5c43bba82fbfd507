/**
 * `clear`: an empty queue and a fresh execution log. Nothing is lost: queue.json, queue.d/ and the log go to logs/archive/<time>/, and what was spent stays in
 * api_audit.log.
 *
 * The order is chosen for a crash on any line: first the queue is emptied, so that no task can run again for want of its record, then the log is
 * replaced. The new log carries on the round of every task that was: an id that is added anew begins its next round, with a cap and keys of
 * its own, and never meets a reply or a sum of the work that was cleared (M3, Q7).
 *
 * S5: the old log is sealed to its end, and the seals say where it is, before the new one takes its place.
 */
import { archiveName, EMPTY_QUEUE, LOGS, type TaskFold } from '@vivarium/contracts';
import { isVivariumError, timestamp } from '@vivarium/core';
import { loadQueueFile } from '@vivarium/queue';
import { whoRuns } from '../at-work.ts';
import { nextRounds } from '../carry-over.ts';
import { openHome, type CommandDeps, type ExitCode, type OpenHome } from '../deps.ts';
import { createRunWatch } from '../run-watch.ts';
import { keyringOf, sealerOf } from '../sealing.ts';

export interface ClearInput {
  readonly home: string | undefined;
  readonly yes: boolean;
  readonly json: boolean;
}

const LOCK_WAIT_MS = 30_000;

export async function clear(input: ClearInput, deps: CommandDeps): Promise<ExitCode> {
  const { terminal, machine } = deps;
  const home = openHome(input.home, deps, 'prepare');
  const busy = whoRuns(home, deps);
  if (busy !== undefined) return refuse(busy, deps);
  if (!input.yes) {
    const said = await terminal.ask(`Clear the queue and archive the record of ${home.layout.root}? [y/N] `);
    if (said === undefined) {
      terminal.complain('ERROR: nobody is there to ask. Say --yes to clear; nothing was cleared.');
      return 2;
    }
    if (!/^y(es)?$/i.test(said.trim())) {
      terminal.line('Nothing was cleared.');
      return 1;
    }
  }
  const answer = await machine.fileLock.withLock(home.layout.queue, LOCK_WAIT_MS, async (assertHeld) => {
    // Asked again: a run may have begun while a person thought about the question. Runs announce themselves under this lock too.
    const begun = whoRuns(home, deps);
    return begun === undefined
      ? { kind: 'cleared' as const, ...(await clearHome(home, deps, assertHeld)) }
      : { kind: 'busy' as const, begun };
  });
  if (answer.kind === 'busy') return refuse(answer.begun, deps);
  const { archive } = answer;
  if (input.json) terminal.line(JSON.stringify({ cleared: true, archive, queue_fault: answer.queueFault }));
  else {
    terminal.line(`Cleared all tasks, logs, and locks. Queue and execution log as they were: ${archive}`);
    terminal.line(
      '  Kept: what was spent (logs/api_audit.log), the answers it bought (logs/results), and the other logs.',
    );
    if (answer.queueFault !== null)
      terminal.line(
        `  The queue could not be read; it stands in the archive as it was: ${answer.queueFault}`,
      );
  }
  return 0;
}

function refuse(busy: string, { terminal }: CommandDeps): 1 {
  terminal.complain(`ERROR: ${busy} is at work on this home. Stop it first; nothing was cleared.`);
  return 1;
}

interface Cleared {
  readonly archive: string;
  /** What was wrong with queue.json; null when nothing was. */
  readonly queueFault: string | null;
}

async function clearHome(home: OpenHome, deps: CommandDeps, assertHeld: () => void): Promise<Cleared> {
  const { files, clock, ids } = deps.machine;
  const { layout, record } = home;
  record.mend('execution');
  const known = record.size('execution');
  const watch = createRunWatch(record);
  watch.read();

  const at = timestamp(clock);
  const name = archiveName(at);
  const archive = `${layout.archive}/${name}`;
  files.makeDirectory(archive);
  const queue = files.readText(layout.queue);
  if (queue !== undefined) files.replace(`${archive}/queue.json`, queue);

  assertHeld();
  files.replace(layout.queue, `${JSON.stringify(EMPTY_QUEUE, null, 2)}\n`);
  const segments = files.list(layout.segments);
  if (segments.length > 0) files.makeDirectory(`${archive}/queue.d`);
  for (const name of segments) files.rename(`${layout.segments}/${name}`, `${archive}/queue.d/${name}`);
  if (files.stat(layout.log('execution')) !== undefined) {
    const keyring = keyringOf(home, deps, (text) => deps.terminal.complain(text));
    const lines = nextRounds(watch.tasks, { home: home.id, at, ids });
    await sealerOf(home, deps, keyring).setAside(
      LOGS.execution,
      `archive/${name}/${LOGS.execution}`,
      () => {
        assertHeld();
        files.replace(layout.log('execution'), lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
      },
      known,
    );
  }
  for (const directory of [layout.locks, layout.workers]) {
    for (const name of files.list(directory))
      if (/\.(lock|json)$/.test(name)) files.remove(`${directory}/${name}`);
  }
  record.act({
    actor: 'operator',
    action_type: 'SYSTEM',
    action: 'cleared',
    detail: `queue and execution log archived in ${archive}`,
    event: 'log.cleared',
    metadata: { archive },
  });
  return { archive, queueFault: queue === undefined ? null : faultOf(queue, layout.queue, watch.tasks) };
}

/** A file that is broken is cleared like any other, but not without a word: half of somebody's work may be in it. */
function faultOf(queue: string, path: string, tasks: TaskFold): string | null {
  try {
    loadQueueFile(queue, path, (id) => tasks.get(id).since !== undefined);
    return null;
  } catch (error) {
    if (isVivariumError(error)) return error.message;
    throw error;
  }
}
