/**
 * What the system believes, held against what its record says. Each check answers the first divergence, with the line of the record it is about; nothing is changed.
 * Owns nothing.
 */
import {
  readApiAuditLine,
  readExecutionLine,
  booksOf,
  createMoneyFold,
  BooksReply,
  LOGS,
  type LogName,
  type RecordStore,
} from '@vivarium/contracts';
import { unpackRecords } from '../record-columns.ts';
import type { SnapshotFile } from '../snapshot.ts';
import { linesUpTo, type Cut } from './cut.ts';
import { firstDifference, replay, type Difference } from './state.ts';

export interface Divergence {
  /** Who believes it: grind, snapshot, checkpoint, costs. */
  readonly who: string;
  readonly what: string;
  readonly believed: unknown;
  readonly replayed: unknown;
  /** The last line of the record about it; undefined when there is none. */
  readonly line: { readonly file: string; readonly record: number; readonly byte: number } | undefined;
}

export interface Belief {
  readonly who: string;
  /** Undefined: nobody believes anything now. */
  readonly checked: 'equal' | Divergence | undefined;
}

const END: Cut = { kind: 'end' };

/** Grind says its sums and how long its log was at that moment; the record is replayed to there. */
export function checkGrind(record: RecordStore, said: unknown): Belief {
  const books = BooksReply.safeParse(said).data;
  if (books === undefined) return { who: 'grind', checked: undefined };
  const { log_bytes, ...believed } = books;
  const { money } = replay(record, { kind: 'bytes', to: { apiAudit: log_bytes } });
  const difference = firstDifference(believed, booksOf(money));
  return {
    who: 'grind',
    checked: difference === undefined ? 'equal' : aboutMoney(record, 'grind', difference),
  };
}

/** A cache made from the record: it says up to where. One that is of other logs is nobody's belief. */
export function checkSnapshot(record: RecordStore, snapshots: SnapshotFile): Belief {
  const snapshot = snapshots.read();
  const isOfThese =
    snapshot !== undefined &&
    !record.tail('execution', snapshot.execution.to).read(0).restarted &&
    !record.tail('apiAudit', snapshot.money.to).read(0).restarted;
  if (!isOfThese) return { who: 'snapshot', checked: undefined };
  const { tasks, money } = replay(record, {
    kind: 'bytes',
    to: { execution: snapshot.execution.to.offset, apiAudit: snapshot.money.to.offset },
  });
  const believed = Object.fromEntries(unpackRecords(snapshot.execution.records));
  const difference = firstDifference(believed, Object.fromEntries(tasks));
  if (difference !== undefined)
    return { who: 'snapshot', checked: aboutTask(record, 'snapshot', difference) };
  const ofMoney = firstDifference(booksOf(snapshot.money.state), booksOf(money));
  return {
    who: 'snapshot',
    checked: ofMoney === undefined ? 'equal' : aboutMoney(record, 'snapshot', ofMoney),
  };
}

/** Every checkpoint of api_audit.log says what the lines before it come to: whoever reads on from one believes it. */
export function checkCheckpoints(record: RecordStore): Belief {
  const money = createMoneyFold({ replies: false, tasks: false });
  let number = 0;
  let seen = 0;
  let divergence: Divergence | undefined;
  linesUpTo(record, 'apiAudit', END, ({ value, from }) => {
    number += 1;
    const line = readApiAuditLine(value, record.home);
    if (line === undefined) return;
    if (line.event === 'checkpoint') {
      seen += 1;
      const { real, simulated } = booksOf(money.snapshot());
      const replayed = { real: real.total, simulated: simulated.total };
      const difference = firstDifference(
        {
          real: { ...replayed.real, ...line.real_book },
          simulated: { ...replayed.simulated, ...line.simulated_book },
        },
        replayed,
      );
      if (difference !== undefined)
        divergence ??= {
          who: 'checkpoint',
          what: difference.path.join(' '),
          believed: difference.believed,
          replayed: difference.replayed,
          line: { file: `logs/${LOGS.apiAudit}`, record: number, byte: from },
        };
    }
    money.apply(line);
  });
  return { who: 'checkpoint', checked: divergence ?? (seen === 0 ? undefined : 'equal') };
}

/** Every completed attempt names a call that was settled at the same cost, and an output that is there as it was. */
export function checkCosts(record: RecordStore): Belief {
  // Looked at first: what is completed by now was settled before.
  const upTo: Cut = { kind: 'bytes', to: { execution: record.size('execution') } };
  const costs = costsOfCalls(record);
  let number = 0;
  let divergence: Divergence | undefined;
  const outputs = new Set<string>();
  // One by one: all texts at once may be more than there is memory.
  for (const { sha256 } of record.results()) outputs.add(sha256);
  const seen = new Set<string>();
  linesUpTo(record, 'execution', upTo, ({ value, from }) => {
    number += 1;
    const line = readExecutionLine(value, record.home);
    if (divergence !== undefined || line?.status !== 'completed') return;
    const at = { file: `logs/${LOGS.execution}`, record: number, byte: from };
    const cost = line.call_id === undefined ? undefined : costs.get(line.call_id);
    if (line.call_id !== undefined && cost?.includes(line.cost_nano_usd ?? 0) !== true)
      divergence = {
        who: 'costs',
        what: `cost of ${line.task_id}, call ${line.call_id}`,
        believed: line.cost_nano_usd,
        replayed: cost?.at(-1) ?? 'no settled call in api_audit.log',
        line: at,
      };
    const output = line.result_sha256;
    if (output === undefined || seen.has(output)) return;
    seen.add(output);
    if (!outputs.has(output))
      divergence ??= {
        who: 'costs',
        what: `output of ${line.task_id}`,
        believed: output,
        replayed: 'not in logs/results as it was written',
        line: at,
      };
  });
  return { who: 'costs', checked: divergence ?? 'equal' };
}

/**
 * What the reply cache answered costs nothing. What a settled call may have cost its task: what it was billed, and with it what earlier tries of the same request were charged, whose usage nobody knows. A reply that is
 * handed out again says the first.
 */
function costsOfCalls(record: RecordStore): ReadonlyMap<string, readonly number[]> {
  const costs = new Map<string, readonly number[]>();
  const charged = new Map<string, number>();
  linesUpTo(record, 'apiAudit', END, ({ value }) => {
    const line = readApiAuditLine(value, record.home);
    const request = line?.request_id ?? '';
    if (line?.event === 'call.usage-unknown')
      charged.set(request, (charged.get(request) ?? 0) + line.charged_nano_usd);
    if (line?.event === 'call.cached' && line.call_id !== undefined) costs.set(line.call_id, [0]);
    if (line?.event !== 'API_CALL_SUCCESS' || line.call_id === undefined) return;
    const billed = line.cost_nano_usd ?? 0;
    costs.set(line.call_id, [billed, billed + (charged.get(request) ?? 0)]);
  });
  return costs;
}

const aboutMoney = (record: RecordStore, who: string, difference: Difference): Divergence => ({
  who,
  what: `money.${difference.path.join('.')}`,
  believed: difference.believed,
  replayed: difference.replayed,
  line: lastLineAbout(record, 'apiAudit', difference.path),
});
const aboutTask = (record: RecordStore, who: string, difference: Difference): Divergence => ({
  who,
  what: `task ${difference.path.join('.')}`,
  believed: difference.believed,
  replayed: difference.replayed,
  line: lastLineAbout(record, 'execution', difference.path),
});

/** The last line that names the run, the principal, the call or the task a path goes through, or is of the day it goes through; the last of all when it goes through none. */
function lastLineAbout(record: RecordStore, log: LogName, path: readonly string[]): Divergence['line'] {
  let number = 0;
  let named: Divergence['line'];
  let last: Divergence['line'];
  linesUpTo(record, log, END, ({ value, from }) => {
    number += 1;
    last = { file: `logs/${LOGS[log]}`, record: number, byte: from };
    if (typeof value !== 'object' || value === null) return;
    const of = (key: string): unknown => Object.getOwnPropertyDescriptor(value, key)?.value;
    const ids = [...['run_id', 'call_id', 'task_id', 'user'].map(of), String(of('timestamp')).slice(0, 10)];
    if (ids.some((id) => typeof id === 'string' && path.includes(id))) named = last;
  });
  return named ?? last;
}
