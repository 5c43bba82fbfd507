/**
 * The sealer: writes down what the logs of a home hold (S5). Owns its place in seals.jsonl and nothing else; runs beside the work, and no line of work waits
 * for it. One at a time: a pass is made under a lock, and begins by reading what another may have sealed meanwhile.
 *
 * - S5: whole lines only, each once, in order. A log that is shorter than what was sealed of it is left alone: the verifier names the cut.
 * - A pass that dies on any line leaves seals that are true; what it did not come to is sealed by the next.
 * - With a key, each pass that sealed something ends in a signed head, and the newest is kept outside the home.
 */
import { createHash } from 'node:crypto';
import {
  SealLine,
  readOn,
  type HomeLayout,
  type RangeSealed,
  type RecordStore,
  type SealHead,
} from '@vivarium/contracts';
import { timestamp, VivariumError, type Machine } from '@vivarium/core';
import { endOfChain } from '../chain.ts';
import type { Keyring } from './keyring.ts';
import { linesOf, marksOf } from './marks.ts';
import { createSealedState, SEALED_FILES } from './sealed-state.ts';

export interface SealerOptions {
  readonly layout: HomeLayout;
  readonly machine: Pick<Machine, 'clock' | 'ids' | 'files' | 'fileLock'>;
  readonly record: RecordStore;
  /** Undefined: heads are not signed. */
  readonly keyring: Keyring | undefined;
  /** The logs are synced before they are sealed: a power loss cannot take what a seal speaks of. */
  readonly durability?: 'os' | 'fsync' | undefined;
}

export interface SealPass {
  readonly lines: number;
  readonly bytes: number;
  /** Logs that are shorter than what was sealed of them. */
  readonly cut: readonly string[];
}

export interface Sealer {
  /** Seals what is there. Throws when the lock cannot be had in time, or the seals cannot be written. */
  pass(): Promise<SealPass>;
  /**
   * Seals a log to its end, copies it to `archive` (seen from logs/), says so in the seals, and lets `begin` put the next part in its place before anybody seals again. The caller keeps
   * others from writing to it; throws, with nothing said in the seals and no copy left, when somebody does all the same. `known`: bytes of the log that the next part takes account
   * of; one that is longer by now has changed. A death before `begin` loses nothing: the log goes on as the next part.
   */
  setAside(file: string, archive: string, begin: () => void, known?: number): Promise<void>;
}

/** The head of what stands in the seals now, signed when there is a key. */
export async function signedHead(
  layout: HomeLayout,
  { clock, files }: Pick<Machine, 'clock' | 'files'>,
  home: string,
  keyring: Keyring | undefined,
): Promise<SealHead> {
  const { seq, own, to } = endOfChain(files, layout.log('seals'));
  const head = { home, at: timestamp(clock), seq, offset: to, hash: own };
  return keyring === undefined ? head : { ...head, ...(await keyring.sign(home, head.hash)) };
}

/** Bytes of one range, unless a single line is longer: small enough that its marks are a line among others. */
const RANGE_BYTES = 131_072;
/** A line longer than this is nobody's; it is sealed when it has an end. */
const LONGEST_LINE = 67_108_864;
const RANGES_AT_ONCE = 16;
const LOCK_WAIT_MS = 10_000;
const NEWLINE = 10;

export function createSealer({ layout, machine, record, keyring, durability }: SealerOptions): Sealer {
  const { clock, ids, files, fileLock } = machine;
  const tail = record.tail('seals');
  let state = createSealedState();
  /** Length of each log at the last pass. */
  let seen: ReadonlyMap<string, number> = new Map();

  const catchUp = (): void => {
    record.mend('seals');
    readOn(tail, ({ entries, restarted }) => {
      if (restarted) state = createSealedState();
      for (const entry of entries) {
        const line = entry.kind === 'line' ? SealLine.safeParse(entry.value).data : undefined;
        if (line !== undefined) state.apply(line);
      }
    });
  };
  const head = <Event extends string>(event: Event) => ({ timestamp: timestamp(clock), event });
  const foot = () => ({ event_id: ids.next('seal'), home: record.home });

  /** The next range of a log; undefined when no whole line is left. */
  const rangeAfter = (file: string, from: number): Omit<RangeSealed, 'seq' | 'prev'> | undefined => {
    const path = `${layout.logs}/${file}`;
    const bytes = wholeLines(path, from);
    if (bytes === undefined) return undefined;
    const lines = [...linesOf(bytes)];
    return {
      ...head('range.sealed'),
      file,
      part: state.file(file).part,
      from,
      to: from + bytes.length,
      sha256: createHash('sha256').update(bytes).digest('hex'),
      lines: lines.length,
      marks: marksOf(lines).toString('base64'),
      ...foot(),
    };
  };
  const wholeLines = (path: string, from: number): Buffer | undefined => {
    for (let length = RANGE_BYTES; ; length = Math.min(length * 4, LONGEST_LINE)) {
      const found = files.readBytes(path, from, length);
      if (found === undefined) return undefined;
      const bytes = Buffer.from(found.buffer, found.byteOffset, found.byteLength);
      const end = bytes.lastIndexOf(NEWLINE) + 1;
      if (end > 0) return bytes.subarray(0, end);
      if (bytes.length < length || length === LONGEST_LINE) return undefined;
    }
  };

  const sealFile = async (
    file: string,
    assertHeld: () => void,
  ): Promise<{ readonly lines: number; readonly bytes: number }> => {
    let waiting: Omit<RangeSealed, 'seq' | 'prev'>[] = [];
    let lines = 0;
    const start = state.file(file).to;
    let to = start;
    const write = async (): Promise<void> => {
      if (waiting.length === 0) return;
      assertHeld();
      record.appendAll('seals', waiting);
      waiting = [];
      // A long log that was never sealed takes a while: what else this process does goes on, its hold on the lease included.
      await new Promise((resolve) => setImmediate(resolve));
    };
    for (let range = rangeAfter(file, to); range !== undefined; range = rangeAfter(file, to)) {
      waiting.push(range);
      ({ to } = range);
      lines += range.lines;
      if (waiting.length === RANGES_AT_ONCE) await write();
    }
    await write();
    return { lines, bytes: to - start };
  };

  const signHead = async (assertHeld: () => void): Promise<void> => {
    if (keyring === undefined) return;
    const hash = endOfChain(files, layout.log('seals')).hash.digest('hex');
    const signature = await keyring.sign(record.home, hash);
    assertHeld();
    record.append('seals', { ...head('head.signed'), ...signature, ...foot() });
    // What is kept outside vouches for the line that was just written, too.
    keyring.hold(await signedHead(layout, machine, record.home, keyring));
  };

  const passHeld = async (assertHeld: () => void): Promise<SealPass> => {
    catchUp();
    let lines = 0;
    let bytes = 0;
    const cut: string[] = [];
    const sizes = new Map<string, number>();
    for (const file of SEALED_FILES) {
      const size = sizeOf(file);
      sizes.set(file, size);
      const { to } = state.file(file);
      if (size < to) cut.push(file);
      if (size <= to) continue;
      if (durability === 'fsync') files.sync(`${layout.logs}/${file}`);
      const sealed = await sealFile(file, assertHeld);
      lines += sealed.lines;
      bytes += sealed.bytes;
    }
    if (lines > 0) await signHead(assertHeld);
    seen = sizes;
    return { lines, bytes, cut };
  };

  /** Nothing was appended since the last pass; what others sealed meanwhile does not matter then. */
  const hasNothing = (): boolean => SEALED_FILES.every((file) => sizeOf(file) === (seen.get(file) ?? 0));
  const sizeOf = (file: string): number => files.stat(`${layout.logs}/${file}`)?.size ?? 0;

  return {
    async pass() {
      if (seen.size > 0 && hasNothing()) return { lines: 0, bytes: 0, cut: [] };
      return fileLock.withLock(layout.sealer, LOCK_WAIT_MS, passHeld);
    },
    setAside: async (file, archive, begin, known) =>
      fileLock.withLock(layout.sealer, LOCK_WAIT_MS, async (assertHeld) => {
        const { cut } = await passHeld(assertHeld);
        if (cut.includes(file))
          throw new VivariumError('record_unwritable', `${file} is shorter than what was sealed of it`, {
            remedy: { kind: 'stop' },
            hint: 'Lines of it were cut off: orchestrator audit verify says where. It cannot be set aside as if it were whole.',
          });
        catchUp();
        const { part, to } = state.file(file);
        const copy = `${layout.logs}/${archive}`;
        files.copy(`${layout.logs}/${file}`, copy);
        if (files.stat(copy)?.size !== to || (known ?? to) !== to) {
          files.remove(copy);
          throw new VivariumError('record_unwritable', `${file} changed while it was set aside`, {
            remedy: { kind: 'retry' },
            hint: 'Something still writes to it. Stop that, and try again; the log is as it was.',
          });
        }
        try {
          assertHeld();
          record.append('seals', { ...head('log.archived'), file, part, to, archive, ...foot() });
        } catch (error) {
          files.remove(copy);
          throw error;
        }
        begin();
        seen = new Map();
        await signHead(assertHeld);
      }),
  };
}
