/**
 * Where the logs are cut for a look at an earlier moment. By an event: the log that holds it is cut right behind its line, every other before its first line of a later
 * time. By a time: every log before its first line of a later time. By places: at these bytes, as somebody who read the logs says. Of a log that was set aside since (clear,
 * archive), the part is read that it was then.
 *
 * Many processes write by their own clocks, so a log is cut at the first later line and not line by line: what stands before a line is what its writer could see.
 */
import {
  partsOf,
  readOn,
  type LogName,
  type RecordEntry,
  type RecordStore,
  type RecordTail,
} from '@vivarium/contracts';

export type Cut =
  | { readonly kind: 'end' }
  | { readonly kind: 'time'; readonly at: string }
  /** `part`: which of the log's, from 0; the log as it is now is the last. */
  | {
      readonly kind: 'event';
      readonly log: LogName;
      readonly part: number;
      readonly to: number;
      readonly at: string;
    }
  | { readonly kind: 'bytes'; readonly to: Partial<Record<LogName, number>> };

type Line = Extract<RecordEntry, { kind: 'line' }>;

/** Tells the lines of a log up to the cut. Answers the byte where it was cut. */
export function linesUpTo(record: RecordStore, log: LogName, cut: Cut, take: (line: Line) => void): number {
  let end = 0;
  let isOver = false;
  readOn(partAt(record, log, cut), ({ entries }) => {
    for (const entry of entries) {
      if (isOver || isBeyond(entry, log, cut)) isOver = true;
      else {
        if (entry.kind === 'line') take(entry);
        end = entry.to;
      }
    }
  });
  return end;
}

/** The log as it was at the cut, from its beginning. */
function partAt(record: RecordStore, log: LogName, cut: Cut): RecordTail {
  switch (cut.kind) {
    case 'end':
    case 'bytes':
      return record.tail(log);
    case 'time':
    case 'event': {
      const earlier = record.earlier(log);
      const part =
        cut.kind === 'event' && log === cut.log
          ? earlier[cut.part]
          : earlier.find(({ until }) => Date.parse(until) > Date.parse(cut.at));
      return part?.tail() ?? record.tail(log);
    }
  }
}

function isBeyond(entry: RecordEntry, log: LogName, cut: Cut): boolean {
  switch (cut.kind) {
    case 'end':
      return false;
    case 'bytes':
      return entry.to > (cut.to[log] ?? 0);
    case 'event':
      return log === cut.log ? entry.to > cut.to : isLater(entry, cut.at);
    case 'time':
      return isLater(entry, cut.at);
  }
}

/** Compared as moments: lines of the seed carry microseconds, or no zone. One that says no time goes with the lines before it. */
function isLater(entry: RecordEntry, at: string): boolean {
  const time = entry.kind === 'line' ? timeOf(entry.value) : undefined;
  return time !== undefined && time > Date.parse(at);
}

function timeOf(value: unknown): number | undefined {
  const text = textOf(value, 'timestamp');
  const time =
    text === undefined ? Number.NaN : Date.parse(/[Z+]|-\d\d:\d\d$/.test(text) ? text : `${text}Z`);
  return Number.isNaN(time) ? undefined : time;
}

const textOf = (value: unknown, key: string): string | undefined => {
  const found: unknown =
    typeof value === 'object' && value !== null
      ? Object.getOwnPropertyDescriptor(value, key)?.value
      : undefined;
  return typeof found === 'string' ? found : undefined;
};

const LOGS_WITH_EVENTS: readonly LogName[] = ['execution', 'apiAudit', 'safetyAudit', 'action'];

/** The cut that an event means; undefined when no log holds it. A line that was written twice means the first. */
export function cutAtEvent(record: RecordStore, eventId: string): Cut | undefined {
  let found: Cut | undefined;
  for (const log of LOGS_WITH_EVENTS)
    for (const [part, tail] of partsOf(record, log).entries())
      readOn(tail, ({ entries }) => {
        for (const entry of entries) {
          if (found !== undefined || entry.kind !== 'line' || textOf(entry.value, 'event_id') !== eventId)
            continue;
          const at = timeOf(entry.value);
          found = { kind: 'event', log, part, to: entry.to, at: new Date(at ?? 0).toISOString() };
        }
      });
  return found;
}
