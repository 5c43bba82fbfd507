/**
 * HALT and PAUSE as files in the home (the seed's: presence counts, what stands in them is for people). Owns no state of its own: every read
 * looks at the disk, so an operator may also `touch HALT`. Talks to the ports `Files`, `Clock`, `IdSource` and to the record.
 *
 * - S3: only a reason leads out of HALT, and it is in the record before HALT is gone: when it cannot be recorded, HALT stays (S2).
 * - Stopping comes the other way round: first the file, then the record. A full disk must not keep anybody from stopping: when the content
 *   cannot be written, an empty file still can, and counts.
 * - S3: a resume ends the HALT or PAUSE it was decided on. A HALT that comes while it is being recorded stays.
 * - HALT goes before PAUSE. Halting ends a pause, and leaving HALT leaves nothing behind that pauses.
 * - What cannot be read is `halted` (fail closed).
 */
import {
  homeIdOf,
  type ControlReceipt,
  type ControlRequest,
  type ControlState,
  type ControlStore,
  type HomeLayout,
  type RecordStore,
} from '@vivarium/contracts';
import { messageOf, timestamp, type FileStat, type Machine } from '@vivarium/core';
import { actionLine } from './action-line.ts';
import { parseJson } from './salvage.ts';

export interface ControlStoreOptions {
  readonly layout: HomeLayout;
  readonly machine: Pick<Machine, 'clock' | 'ids' | 'files'>;
  readonly record: RecordStore;
}

const RUNNING: ControlState = { kind: 'running' };
const DEFAULT_REASONS = {
  halt: 'Manual halt triggered',
  pause: 'Manual pause triggered',
  resume: 'Resumed',
} as const;

export function createControlStore({ layout, machine, record }: ControlStoreOptions): ControlStore {
  const { clock, files, ids } = machine;
  const home = homeIdOf(layout.root);

  const read = (): ControlState => {
    try {
      if (files.stat(layout.halt) !== undefined)
        return { kind: 'halted', ...wordsOf(layout.halt, 'HALT file exists') };
      if (files.stat(layout.pause) !== undefined)
        return { kind: 'paused', ...wordsOf(layout.pause, 'PAUSE file exists') };
      return RUNNING;
    } catch (error) {
      return {
        kind: 'halted',
        reason: `The control state cannot be read: ${messageOf(error)}`,
        actor: undefined,
        since: undefined,
      };
    }
  };
  const wordsOf = (
    path: string,
    otherwise: string,
  ): { reason: string; actor: string | undefined; since: string | undefined } => {
    const content = contentOf(path);
    return {
      reason: textOf(content, 'reason') ?? otherwise,
      actor: textOf(content, 'actor'),
      since: textOf(content, 'timestamp'),
    };
  };
  const contentOf = (path: string): unknown => {
    try {
      return parseJson(files.readText(path) ?? '');
    } catch {
      return undefined;
    }
  };

  /** Undefined when there is none, or nothing can be said of it. */
  const haltFile = (): FileStat | undefined => {
    try {
      return files.stat(layout.halt);
    } catch {
      return undefined;
    }
  };
  /** Under HALT a pause means nothing, and resuming removes both: one that cannot be removed now is in nobody's way. */
  const endPause = (): void => {
    try {
      files.remove(layout.pause);
    } catch {
      return;
    }
  };

  /** Throws only when not even an empty file could be made. */
  const stop = (path: string, content: Readonly<Record<string, unknown>>): void => {
    try {
      files.replace(path, JSON.stringify(content, null, 2));
    } catch (error) {
      try {
        files.append(path, '');
      } catch {
        throw error;
      }
    }
  };
  const lineOf = (
    event: string,
    action: string,
    request: ControlRequest,
    reason: string,
    before: ControlState,
    after: ControlState,
  ): Parameters<RecordStore['act']>[0] => ({
    actor: request.actor,
    action_type: 'SAFETY',
    action,
    detail: reason,
    event,
    metadata: { reason, actor: request.actor, before, after },
  });

  const change = (request: ControlRequest): ControlReceipt => {
    // Looked at before it is read: what comes after this look is not what is decided on.
    const halt = haltFile();
    const before = read();
    const given = request.reason?.trim() ?? '';
    const reason = given === '' ? DEFAULT_REASONS[request.verb] : given;
    const written = { timestamp: timestamp(clock), reason, actor: request.actor };
    const changed = (after: ControlState): ControlReceipt => ({ kind: 'changed', before, after });
    switch (request.verb) {
      case 'pause': {
        if (before.kind !== 'running') return { kind: 'unchanged', state: before };
        stop(layout.pause, { paused: true, ...written });
        const after = read();
        record.act(lineOf('control.paused', 'PAUSED', request, reason, before, after));
        return changed(after);
      }
      case 'halt': {
        if (before.kind === 'halted' && halt !== undefined) return { kind: 'unchanged', state: before };
        stop(layout.halt, { halted: true, ...written });
        const after = read();
        record.act(lineOf('control.halted', 'HALTED', request, reason, before, after));
        endPause();
        return changed(after);
      }
      case 'resume': {
        if (before.kind === 'running') return { kind: 'unchanged', state: before };
        if (before.kind === 'halted' && given === '') return { kind: 'needs_reason', state: before };
        record.append(
          'action',
          actionLine(
            lineOf('control.resumed', 'RESUMED', request, reason, before, RUNNING),
            home,
            clock,
            ids,
          ),
        );
        try {
          // PAUSE first: whatever happens in between, HALT still stands.
          files.remove(layout.pause);
          if (isSame(halt, haltFile())) files.remove(layout.halt);
        } catch (error) {
          // The record says that it was resumed; it must also say that it was not.
          const failure = `Could not resume: ${messageOf(error)}`;
          record.act(lineOf('control.resume-failed', 'RESUME FAILED', request, failure, before, read()));
          throw error;
        }
        return changed(read());
      }
    }
  };

  return {
    read,
    change,
    watch(onChange) {
      // Much else happens in the directory of the home; only another state is worth a call.
      let last = JSON.stringify(read());
      return files.watch(layout.root, () => {
        const now = JSON.stringify(read());
        if (now === last) return;
        last = now;
        onChange();
      });
    },
  };
}

/** Another file, or one written over, is another order to halt. */
const isSame = (before: FileStat | undefined, now: FileStat | undefined): boolean =>
  before !== undefined && before.inode === now?.inode && before.modifiedMs === now.modifiedMs;

/** Blank is as good as absent. */
function textOf(content: unknown, key: string): string | undefined {
  if (typeof content !== 'object' || content === null) return undefined;
  const value: unknown = Object.getOwnPropertyDescriptor(content, key)?.value;
  return typeof value === 'string' && value.trim() !== '' ? value : undefined;
}
