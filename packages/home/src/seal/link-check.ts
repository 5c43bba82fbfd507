/**
 * Follows the chain of a log, line by line, and names the first record that is not what it was. Pure but for the hash.
 *
 * A link that does not fit says that something before it changed, or itself: which of the two, the link after it tells. Hence a fault is told one link late.
 */
import { createHash, type Hash } from 'node:crypto';
import { isLink } from '../chain.ts';
import { parseJson } from '../salvage.ts';
import type { FaultKind } from './marks.ts';

export interface LineFault {
  /** Number of the line in its file, from 1. */
  readonly record: number;
  /** Where it begins. */
  readonly byte: number;
  readonly kind: FaultKind;
}

export interface LinkCheck {
  /** The next line, with its newline. Answers the first fault, once it is certain. */
  see(line: Buffer, at: { readonly record: number; readonly byte: number }): LineFault | undefined;
  /** Somebody vouches for the hash of the last link that was seen. */
  confirm(hash: string): LineFault | undefined;
  /** After the last line. */
  end(): LineFault | undefined;
  /** The last link that was seen; `own` is the hash of its line. */
  readonly last: { readonly seq: number; readonly own: string; readonly to: number } | undefined;
  /** The first line after it that is no link. */
  readonly other: Place | undefined;
}

type Place = { readonly record: number; readonly byte: number };
interface Link extends Place {
  readonly seq: number;
  readonly prev: string;
  /** Of its line alone. */
  readonly own: string;
  readonly to: number;
}

/** From the beginning of a log. */
export function createLinkCheck(): LinkCheck {
  let last: Link | undefined;
  let since: Hash = createHash('sha256');
  /** First line after the last link that is none. */
  let other: Place | undefined;
  let doubt: { readonly before: Link; readonly itself: Link } | undefined;

  const faultAt = ({ record, byte }: Place, kind: FaultKind): LineFault => ({ record, byte, kind });
  const check = (link: Link): LineFault | undefined => {
    const fits = since.copy().digest('hex') === link.prev;
    const follows = link.seq === (last?.seq ?? 0) + 1;
    if (fits) return follows ? undefined : faultAt(link, 'edited');
    if (!follows)
      return other === undefined
        ? faultAt(link, link.seq > (last?.seq ?? 0) ? 'missing' : 'moved')
        : faultAt(other, 'edited');
    if (last === undefined) return faultAt({ record: 1, byte: 0 }, 'edited');
    if (other !== undefined && link.prev === last.own) return faultAt(other, 'inserted');
    doubt = { before: last, itself: link };
    return undefined;
  };

  return {
    see(line, at) {
      const value = parseJson(line.toString('utf8'));
      if (!isLink(value)) {
        since.update(line);
        other ??= at;
        return undefined;
      }
      const link: Link = {
        ...at,
        seq: value.seq,
        prev: value.prev,
        own: hashOf(line),
        to: at.byte + line.length,
      };
      if (doubt !== undefined)
        return faultAt(link.prev === doubt.itself.own ? doubt.before : doubt.itself, 'edited');
      const fault = check(link);
      last = link;
      since = createHash('sha256').update(line);
      other = undefined;
      return fault;
    },
    confirm(hash) {
      if (last === undefined) return undefined;
      if (last.own !== hash) return faultAt(last, 'edited');
      return doubt && faultAt(doubt.before, 'edited');
    },
    end: () => (doubt === undefined ? undefined : faultAt(doubt.before, 'edited')),
    get last() {
      return last;
    },
    get other() {
      return other;
    },
  };
}

const hashOf = (line: Buffer): string => createHash('sha256').update(line).digest('hex');
