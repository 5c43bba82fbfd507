export {
  callId,
  eventId,
  homeId,
  MAX_TASK_ID_LENGTH,
  runId,
  taskId,
  whyNotTaskId,
  workerId,
  type CallId,
  type EventId,
  type HomeId,
  type RunId,
  type TaskId,
  type WorkerId,
} from './ids.ts';
export {
  addUsd,
  formatUsd,
  nanoToUsd,
  nanoUsd,
  NANO_PER_USD,
  subtractUsd,
  sumUsd,
  usdToNano,
  zeroUsd,
  type NanoUsd,
} from './money.ts';
export { formatDuration, timestamp, type Clock, type Milliseconds } from './time.ts';
export {
  errorCatalogue,
  isVivariumError,
  messageOf,
  VivariumError,
  type ErrorCode,
  type Remedy,
  type VivariumErrorOptions,
} from './errors.ts';
export type {
  FileLock,
  Files,
  FileStat,
  IdSource,
  Machine,
  ProcessIdentity,
  Processes,
  ShortLivedFiles,
} from './machine.ts';
