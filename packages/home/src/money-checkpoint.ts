/**
 * `run/money.checkpoint`: what api_audit.log had come to at its last `checkpoint` line, so that the next grind reads from there and not from the beginning. Owns the file.
 *
 * - M1: it is believed only when the line it names stands in the log where it says, and that line, which is chained and sealed (S5), names the hash of this very file. What is
 *   anything else counts as absent: then the log is read whole.
 * - The line is written before the file. Whatever dies in between, the file before it is still named by its own line.
 */
import { isUtf8 } from 'node:buffer';
import { sha256, type ApiAuditLine, type Cursor, type MoneySnapshot } from '@vivarium/contracts';
import { isVivariumError, type Files } from '@vivarium/core';
import { createHashTable, type HashTable, type SavedTable } from './hash-table.ts';
import { parseJson } from './salvage.ts';

export interface MoneyState {
  /** The beginning of the line that names it. */
  readonly at: Cursor;
  readonly money: MoneySnapshot;
  /** Of tasks the fold has let go of: what each had come to. */
  readonly tasks: HashTable;
  /** Of recorded replies: where their lines begin. */
  readonly replies: HashTable;
  /** Lines before, for whoever else goes on from here. */
  readonly kept: readonly ApiAuditLine[];
}

/** As it stands in the file. */
interface SavedState extends Omit<MoneyState, 'tasks' | 'replies'> {
  readonly version: number;
  readonly tasks: SavedTable;
  readonly replies: SavedTable;
}

const VERSION = 1;

export function saveMoneyState({ at, money, tasks, replies, kept }: MoneyState): {
  readonly text: string;
  readonly hash: string;
} {
  const text = JSON.stringify({
    version: VERSION,
    at,
    money,
    kept,
    tasks: tasks.save(),
    replies: replies.save(),
  });
  return { text, hash: sha256(text) };
}

/** Undefined when there is none that this program wrote. Whether the log names it is for the reader of the log to see: `hash`. */
export function readMoneyState(
  path: string,
  files: Files,
): { readonly state: MoneyState; readonly hash: string } | undefined {
  try {
    const bytes = files.readBytes(path, 0, files.stat(path)?.size ?? 0);
    if (bytes === undefined || !isUtf8(bytes)) return undefined;
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
    // Written by this program, as the hash in the log will show.
    const saved = parseJson(text) as Partial<SavedState> | undefined;
    if (saved?.version !== VERSION) return undefined;
    const { at, money, kept } = saved;
    if (at === undefined || money === undefined || kept === undefined) return undefined;
    const state = {
      at,
      money,
      kept,
      tasks: createHashTable(saved.tasks),
      replies: createHashTable(saved.replies),
    };
    return { state, hash: sha256(text) };
  } catch (error) {
    if (isVivariumError(error) || error instanceof RangeError || error instanceof TypeError) return undefined;
    throw error;
  }
}
