/** The names of everything under one home, and the small files of run/. The only place where such a name is written. */
import { z } from 'zod';
import { sha256 } from './digest.ts';
import { Timestamp } from './fields.ts';

export const LOGS = {
  execution: 'execution_log.jsonl',
  apiAudit: 'api_audit.log',
  safetyAudit: 'safety_audit.log',
  action: 'action_log.jsonl',
  seals: 'seals.jsonl',
} as const;
export type LogName = keyof typeof LOGS;
/** A file of queue.d/: bulk adds, one task a line, appended to and never rewritten. */
export type SegmentName = `queue.d/${string}`;

export interface HomeLayout {
  readonly root: string;
  readonly queue: string;
  readonly segments: string;
  readonly locks: string;
  readonly logs: string;
  readonly results: string;
  readonly archive: string;
  readonly actionTwin: string;
  readonly simulatorBill: string;
  readonly workspace: string;
  readonly run: string;
  readonly workers: string;
  readonly grind: string;
  readonly orchestrators: string;
  /** What the record had come to at some place; made from it alone, and may be deleted at any time. */
  readonly snapshot: string;
  /** What api_audit.log had come to at its last `checkpoint`; made from it alone, and may be deleted at any time. */
  readonly moneyCheckpoint: string;
  /** Names the lease of the sealer. */
  readonly sealer: string;
  readonly panel: string;
  /** The launch token of the panel: readable by the owner alone. */
  readonly panelToken: string;
  /** The key of the panel's sessions, while it is up: a panel that crashed hands it on to the next. */
  readonly panelKey: string;
  /** What the children of an orchestrator say on standard error: for the operator, parsed by nobody. */
  readonly diagnostics: string;
  readonly halt: string;
  readonly pause: string;
  /** Every other order, a file each. */
  readonly control: string;
  readonly env: string;
  /** Who may use grind from elsewhere: readable by the owner alone. */
  readonly tokens: string;
  /** What is different here from the list of models and prices that comes with Vivarium. */
  readonly models: string;
  log(name: LogName | SegmentName): string;
  /** A log in a directory of `archive`. */
  archived(archive: string, name: LogName): string;
  /** What `add` remembers of a segment, so as not to read it again; may be deleted at any time. */
  segmentIds(name: SegmentName): string;
  /** The file that holds this answer, among others. */
  result(sha256: string): string;
  /** The file of its own that an answer had before 2026-12. */
  olderResult(sha256: string): string;
  lock(taskId: string): string;
  beat(workerId: string): string;
}

const isSegment = (name: LogName | SegmentName): name is SegmentName => name.startsWith('queue.d/');

/** `root` is the real path of the home, without a slash at its end. */
export function homeLayout(root: string): HomeLayout {
  const at = (...parts: readonly string[]): string => [root, ...parts].join('/');
  return {
    root,
    queue: at('queue.json'),
    segments: at('queue.d'),
    locks: at('task_locks'),
    logs: at('logs'),
    results: at('logs', 'results'),
    archive: at('logs', 'archive'),
    actionTwin: at('logs', 'action_log.log'),
    simulatorBill: at('logs', 'simulator_bill.jsonl'),
    workspace: at('workspace'),
    run: at('run'),
    workers: at('run', 'workers'),
    grind: at('run', 'grind.json'),
    orchestrators: at('run', 'orchestrators'),
    snapshot: at('run', 'snapshot.json'),
    moneyCheckpoint: at('run', 'money.checkpoint'),
    sealer: at('run', 'sealer'),
    panel: at('run', 'panel.json'),
    panelToken: at('run', 'panel.token'),
    panelKey: at('run', 'panel.key'),
    diagnostics: at('run', 'diagnostics.log'),
    halt: at('HALT'),
    pause: at('PAUSE'),
    control: at('control'),
    env: at('.env'),
    tokens: at('tokens.json'),
    models: at('models.json'),
    log: (name) => (isSegment(name) ? at(name) : at('logs', LOGS[name])),
    archived: (archive, name) => at('logs', 'archive', archive, LOGS[name]),
    segmentIds: (name) => at('run', name),
    result: (sha256) => at('logs', 'results', `${sha256.slice(0, 1)}.jsonl`),
    olderResult: (sha256) => at('logs', 'results', sha256.slice(0, 2), `${sha256}.txt`),
    // Worked out for each claim.
    lock: (taskId) => `${root}/task_locks/${encodeName(taskId)}.lock`,
    beat: (workerId) => at('run', 'workers', `${encodeName(workerId)}.json`),
  };
}

/** Directories of logs/archive/ are named after the moment, in a form that every system can have as a name. */
export const archiveName = (time: string): string => time.replaceAll(':', '-');
/** Undefined for a directory that is none of ours. */
export const archiveTime = (name: string): string | undefined =>
  Timestamp.safeParse(name.replace(/T(\d\d)-(\d\d)-/, 'T$1:$2:')).data;

/** Longest encoded name; with `.lock` and a temporary suffix it stays below the 255 bytes of a file name. */
const MAX_NAME = 160;

/**
 * A file name for any id, different for different ids. Lowercase letters, digits, `_`, `-` and inner dots stay; every other byte of its
 * UTF-8 form becomes `%xx`, capitals included: two ids that differ in case must not meet on a case-blind disk. Device names are escaped in
 * their first letter. What would be too long is cut and ends in a hash of the whole id.
 */
export function encodeName(id: string): string {
  // Most ids are their own name. Worked out for each claim: byte by byte it costs as much as a write.
  if (PLAIN.test(id) && id.length <= MAX_NAME && !DEVICE.test(id)) return id;
  let name = '';
  for (const byte of new TextEncoder().encode(id)) {
    const character = String.fromCharCode(byte);
    const plain = /[a-z0-9_-]/.test(character) || (character === '.' && name !== '');
    name += plain ? character : `%${byte.toString(16).padStart(2, '0')}`;
  }
  if (name.endsWith('.')) name = `${name.slice(0, -1)}%2e`;
  if (DEVICE.test(name)) name = `%${name.charCodeAt(0).toString(16)}${name.slice(1)}`;
  return name.length <= MAX_NAME ? name : `${name.slice(0, MAX_NAME - 33)}%${sha256(id).slice(0, 32)}`;
}

const PLAIN = /^[a-z0-9_-](?:[a-z0-9_.-]*[a-z0-9_-])?$/;
const DEVICE = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/;

const processFields = { pid: z.int().positive(), started: z.string(), host: z.string() };

/** `task_locks/<id>.lock`: who is working on what, for people and for cheap mutual avoidance (Q3). The seed's three keys first. */
export const TaskLockFile = z.object({
  worker_id: z.string(),
  started_at: Timestamp,
  task_id: z.string(),
  round: z.int().positive().optional(),
  attempt: z.int().positive().optional(),
});
export type TaskLockFile = Readonly<z.infer<typeof TaskLockFile>>;

/** `run/workers/<id>.json`: the beat of a worker. Others watch the counter on their own monotonic clock (Q5). */
export const BeatFile = z.object({
  worker_id: z.string(),
  ...processFields,
  run_id: z.string(),
  counter: z.int().nonnegative(),
  slots: z.int().positive(),
  busy: z.int().nonnegative(),
  /** The orders the worker obeys (`orderOf`), and since when: what it began before is begun, and nothing is against them afterwards. */
  obeys: z.object({ orders: z.array(z.string()), since: Timestamp }).optional(),
});
export type BeatFile = Readonly<z.infer<typeof BeatFile>>;

/** Undefined for a file that is not there, or holds no beat. */
export function parseBeat(text: string | undefined): BeatFile | undefined {
  try {
    return BeatFile.safeParse(JSON.parse(text ?? '')).data;
  } catch {
    return undefined;
  }
}

/** `run/grind.json`: the one grind of this home. */
export const GrindFile = z.object({
  home: z.string(),
  ...processFields,
  port: z.int(),
  url: z.string(),
  network: z.string().optional().describe('Where it listens for those who bring a token.'),
  version: z.string(),
  provider: z.string(),
  simulated: z.boolean(),
});
export type GrindFile = Readonly<z.infer<typeof GrindFile>>;

/** `run/panel.json`: the control panel that is up. The launch token stands in its own file, readable by the owner alone. */
export const PanelFile = z.object({ home: z.string(), ...processFields, url: z.string() });
export type PanelFile = Readonly<z.infer<typeof PanelFile>>;

/** `run/orchestrators/<run id>.json`: a run in progress, and what its operator allows it. Who can write it may spend; grind asks for it once. */
export const OrchestratorFile = z.object({
  run_id: z.string(),
  ...processFields,
  workers: z.int(),
  concurrency: z.int(),
  watch: z.boolean(),
  started_at: Timestamp,
  run_cap_nano_usd: z.int().nonnegative(),
  /** The book it may spend from: a run begun on the simulator never reaches real money, whatever answers it later (M5). */
  simulated: z.boolean(),
});
export type OrchestratorFile = Readonly<z.infer<typeof OrchestratorFile>>;
