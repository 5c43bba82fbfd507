/**
 * Says whether the record is what it was when it was sealed (S5). Owns how far it has come; reads only. `check` goes through what is new since the last time, a
 * piece at a step, so that a server can go on serving: the first time that is everything.
 *
 * Four things are checked, and each names the first record that is not what it was: the chain of seals.jsonl; the bytes of every sealed range, archives
 * included; the inline chains, also of what is not sealed yet; every answer that a recorded reply names. A head that is held elsewhere must be in the chain.
 */
import { createHash } from 'node:crypto';
import {
  LOGS,
  SealLine,
  sha256,
  type HomeLayout,
  type LogArchived,
  type RangeSealed,
  type SealHead,
} from '@vivarium/contracts';
import type { Files } from '@vivarium/core';
import { isSigned, type Signature } from './keyring.ts';
import { createLineReader, type LineAt, type LineReader } from './line-reader.ts';
import { createLinkCheck, type LinkCheck, type LineFault } from './link-check.ts';
import { firstDifference } from './marks.ts';
import { createResultIndex } from '../result-files.ts';
import { parseJson } from '../salvage.ts';
import { createSealedState, SEALED_FILES } from './sealed-state.ts';

/** The first record of a file that is not what it was. */
export interface RecordFault extends LineFault {
  /** Seen from the home. */
  readonly file: string;
  readonly why: string;
}

export const faultText = ({ file, record, byte, kind, why }: RecordFault): string =>
  `${file}, record ${record}, byte ${byte}: ${kind} (${why})`;

export interface Verified {
  readonly faults: readonly RecordFault[];
  /** Lines and bytes of sealed ranges that were looked at and are what they were. */
  readonly lines: number;
  readonly bytes: number;
  /** Outputs that are what their names say. */
  readonly results: number;
  /** Bytes of the logs that no seal speaks of yet. */
  readonly unsealed: number;
  /** The newest seal; undefined when nothing is sealed. */
  readonly sealedAt: string | undefined;
  readonly head: SealHead;
  /** `none`: heads are not signed. `foreign`: signed well, by a key that is not the one asked for. */
  readonly signature: 'none' | 'good' | 'foreign' | 'bad';
}

export interface VerifierOptions {
  readonly layout: HomeLayout;
  readonly files: Files;
  readonly home: string;
  /** Heads that were kept elsewhere. */
  readonly heldHeads?: readonly SealHead[];
  /** The key that heads must be signed with, in base64 (SPKI, DER). */
  readonly publicKey?: string | undefined;
  /** Which sealed ranges are looked into, by their time; all without it. The chain of the seals is followed whole in any case. */
  readonly range?: { readonly from: string; readonly to: string } | undefined;
}

export interface Progress {
  readonly doneBytes: number;
  readonly allBytes: number;
}

export interface Verifier {
  /** Yields after each piece. Call again for what came since. Once a file is found to be broken, the rest of it is not looked at. */
  check(): Generator<Progress, Verified>;
}

/** Of a log as it stands: a part that was set aside is sealed to its last byte, and needs no other proof. */
interface Chain {
  readonly reader: LineReader;
  readonly check: LinkCheck;
}

const CHAINED = [LOGS.apiAudit, LOGS.safetyAudit] as const;
const RESULT = /"result_sha256":"([0-9a-f]{64})"/;

export function createVerifier(options: VerifierOptions): Verifier {
  const { layout, files, home } = options;
  const faults: RecordFault[] = [];
  const broken = new Set<string>();
  const sealsFile = LOGS.seals;
  const path = (file: string): string => `${layout.logs}/${file}`;
  const follow = { reader: createLineReader(files, path(sealsFile)), check: createLinkCheck() };
  const sealLines = createLineReader(files, path(sealsFile));
  const chainOf = (file: string): Chain => ({
    reader: createLineReader(files, path(file)),
    check: createLinkCheck(),
  });
  const chains = new Map<string, Chain>(CHAINED.map((file) => [file, chainOf(file)]));
  const state = createSealedState();
  const archived = createLineReader(files, path(sealsFile));
  const answers = createResultIndex(layout, files);
  /** Where parts are that were archived, by file and part. */
  const archives = new Map<string, string>();
  const heldHeads = [...(options.heldHeads ?? [])].sort((one, other) => one.seq - other.seq);
  let lines = 0;
  let bytes = 0;
  let results = 0;
  let done = 0;
  let sealedAt: string | undefined;
  let signature: Verified['signature'] = 'none';
  let lastSigned:
    | (Signature & { readonly home: string; readonly hash: string; readonly fault: LineFault })
    | undefined;

  const tell = (file: string, fault: LineFault, why: string): void => {
    if (broken.has(file)) return;
    broken.add(file);
    faults.push({ ...fault, file: `logs/${file}`, why });
  };
  const progress = (): Progress => ({
    doneBytes: done,
    allBytes: [sealsFile, ...SEALED_FILES].reduce(
      (sum, file) => sum + (files.stat(path(file))?.size ?? 0),
      0,
    ),
  });

  /** Follows the chain of seals.jsonl to its end, or to the first line that is not what it was. Heads whose line was seen are looked at and done with. */
  const followSeals = (): void => {
    const { reader, check } = follow;
    for (let found = reader.next(); found.length > 0; found = reader.next()) {
      for (const at of found) {
        if (broken.has(sealsFile)) return;
        const fault = check.see(at.line, at) ?? checkHeld();
        if (fault !== undefined) tell(sealsFile, fault, 'the chain of the seals does not hold');
      }
    }
    const [missing] = heldHeads;
    if (missing !== undefined)
      tell(
        sealsFile,
        {
          ...(check.other ?? { record: reader.lines + 1, byte: reader.read - reader.rest().length }),
          kind: 'cut',
        },
        `the line is not there that a head of ${missing.at} vouches for`,
      );
    const end = check.end();
    if (end !== undefined) tell(sealsFile, end, 'the chain of the seals does not hold');
  };
  const checkHeld = (): LineFault | undefined => {
    const seq = follow.check.last?.seq ?? 0;
    for (let next = heldHeads[0]; next !== undefined && next.seq <= seq; next = heldHeads[0]) {
      heldHeads.shift();
      const fault = next.seq === seq ? follow.check.confirm(next.hash) : undefined;
      if (fault !== undefined) return fault;
    }
    return undefined;
  };
  /** The seals up to there. */
  function* freshSeals(): Generator<SealLine> {
    const bad = faults.find(({ file }) => file === `logs/${sealsFile}`)?.record ?? Number.POSITIVE_INFINITY;
    for (let found = sealLines.next(); found.length > 0; found = sealLines.next()) {
      for (const { line, record, byte } of found) {
        if (record >= bad) return;
        done += line.length;
        const seal = SealLine.safeParse(parseJson(line.toString('utf8'))).data;
        if (seal?.event === 'head.signed')
          lastSigned = { ...seal, hash: seal.prev, fault: { record, byte, kind: 'forged' } };
        if (seal !== undefined) yield seal;
      }
    }
  }
  const bytesOf = (file: string, { from, to }: RangeSealed): Buffer =>
    Buffer.from(files.readBytes(path(file), from, to - from) ?? []);
  const checkRange = (seal: RangeSealed): void => {
    const key = partKey(seal.file, seal.part);
    const sealed = state.file(seal.file);
    const known = archives.get(key);
    const { range } = options;
    if (broken.has(known ?? seal.file)) return;
    if (range !== undefined && (seal.timestamp < range.from || seal.timestamp > range.to)) return;
    const found = bytesOf(known ?? seal.file, seal);
    done += found.length;
    if (hashOf(found) === seal.sha256) {
      lines += seal.lines;
      bytes += found.length;
      return;
    }
    // It may have been archived while this was going on.
    noteArchives();
    const shown = archives.get(key) ?? seal.file;
    if (shown !== known && shown !== seal.file) return checkRange(seal);
    const marks = Buffer.from(seal.marks, 'base64');
    const difference = firstDifference(found, marks) ?? { index: 0, byte: 0, kind: 'edited' as const };
    const isGone = files.stat(path(shown)) === undefined;
    tell(
      shown,
      {
        record: sealed.lines + difference.index + 1,
        byte: seal.from + difference.byte,
        kind: isGone ? 'gone' : difference.kind,
      },
      `not what was sealed at ${seal.timestamp}`,
    );
  };

  const checkChain = function* (file: string, chain: Chain): Generator<Progress, void> {
    const tellOf = function* (fault: LineFault): Generator<Progress, void> {
      // It may have been archived while this was going on: then the chain of the new one is the one to follow.
      noteArchives();
      const now = chains.get(file) ?? chain;
      if (now !== chain) yield* checkChain(file, now);
      else tell(file, fault, 'its chain does not hold');
    };
    for (let found = chain.reader.next(); found.length > 0; found = chain.reader.next()) {
      for (const at of found) {
        if (broken.has(file)) return;
        const fault = chain.check.see(at.line, at);
        if (fault !== undefined) return yield* tellOf(fault);
        if (file === LOGS.apiAudit) yield* checkResult(at);
      }
      yield progress();
    }
    const fault = chain.check.end();
    if (fault !== undefined) yield* tellOf(fault);
  };
  const checkResult = function* ({ line }: LineAt): Generator<Progress, void> {
    const [, name] = RESULT.exec(line.toString('utf8')) ?? [];
    if (name === undefined) return;
    const finding = answers.find(name);
    for (let step = finding.next(); ; step = finding.next()) {
      if (step.done !== true) yield progress();
      else if (step.value === undefined) results += 1;
      else tell(step.value.file, step.value, `a recorded reply names ${name}`);
      if (step.done === true) return;
    }
  };

  return {
    *check() {
      followSeals();
      noteArchives();
      for (const seal of freshSeals()) {
        sealedAt = seal.timestamp;
        if (seal.event === 'log.archived') checkLength(seal);
        if (seal.event === 'range.sealed') {
          checkRange(seal);
          yield progress();
        }
        state.apply(seal);
      }
      checkSignature();
      let unsealed = 0;
      for (const file of SEALED_FILES) {
        const size = files.stat(path(file))?.size ?? 0;
        unsealed += Math.max(0, size - state.file(file).to);
      }
      if (options.range === undefined)
        for (const [file, chain] of chains) if (!broken.has(file)) yield* checkChain(file, chain);
      return {
        faults: [...faults],
        lines,
        bytes,
        results,
        unsealed,
        sealedAt,
        signature,
        head: {
          home,
          at: sealedAt ?? '1970-01-01T00:00:00.000Z',
          seq: follow.check.last?.seq ?? 0,
          offset: follow.check.last?.to ?? 0,
          hash: follow.check.last?.own ?? sha256(''),
        },
      };
    },
  };

  /** An archive is named after its ranges, so the seals are looked through for them first. */
  function noteArchives(): void {
    for (let found = archived.next(); found.length > 0; found = archived.next()) {
      for (const { line } of found) {
        if (!line.includes('"log.archived"')) continue;
        const seal = SealLine.safeParse(parseJson(line.toString('utf8'))).data;
        if (seal?.event !== 'log.archived') continue;
        archives.set(partKey(seal.file, seal.part), seal.archive);
        if (chains.has(seal.file)) chains.set(seal.file, chainOf(seal.file));
      }
    }
  }
  function checkLength({ file, archive, to }: LogArchived): void {
    const size = files.stat(path(archive))?.size;
    if (size === to || broken.has(archive)) return;
    const place = { record: state.file(file).lines + 1, byte: to };
    tell(
      archive,
      { ...place, kind: size === undefined ? 'gone' : size < to ? 'cut' : 'inserted' },
      `it was ${to} bytes long when it was archived`,
    );
  }
  function checkSignature(): void {
    if (lastSigned === undefined) return;
    // By the home it names: a home that was moved or copied has another id, and the same record. Heads that are kept outside are of this home alone.
    if (!isSigned(lastSigned.home, lastSigned.hash, lastSigned)) {
      signature = 'bad';
      tell(sealsFile, lastSigned.fault, 'the signature of a head is not good');
    } else
      signature =
        options.publicKey === undefined || options.publicKey === lastSigned.public_key ? 'good' : 'foreign';
  }
}

const partKey = (file: string, part: number): string => `${part}#${file}`;
const hashOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
