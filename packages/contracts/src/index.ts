export { Timestamp, type CutBy } from './fields.ts';
export {
  DEFAULT_ATTEMPTS,
  EMPTY_QUEUE,
  INTENSITIES,
  QueueFile,
  Task,
  TASK_DEFAULTS,
  TaskSource,
  whyNotRecordableId,
  type NewTask,
} from './task.ts';
export { issueText } from './issue-text.ts';
export { createRedactor, redact, REDACTED, secretsIn } from './redact.ts';
export { homeIdOf, promptHash, sha256, taskDigest } from './digest.ts';
export { createRoster, type Roster } from './roster.ts';
export { ClaimLine, ExecutionLogLine } from './events/execution-log.ts';
export { ApiAuditLine } from './events/api-audit.ts';
export { readApiAuditLine } from './events/read-api-audit-line.ts';
export { readExecutionLine } from './events/read-execution-line.ts';
export { CheckResult, CHECKS, SafetyAuditLine, SafetyReport, type CheckName } from './events/safety-audit.ts';
export { ACTION_TYPES, ActionLogLine, type Action, type ActionType } from './events/action-log.ts';
export {
  ChainLink,
  headText,
  HeadSigned,
  LogArchived,
  RangeSealed,
  SealHead,
  SealLine,
} from './events/seals.ts';
export { toneOf, type Tone } from './action-tone.ts';
export { PerformanceRecord, ToolOperation } from './events/projections.ts';
export {
  createTaskFold,
  FINAL_STATUSES,
  isFinal,
  isLeftBy,
  NEVER_SEEN,
  nextRecord,
  type Applied,
  type FinalStatus,
  type RecordedStatus,
  type TaskFold,
  type TaskRecord,
} from './folds/tasks.ts';
export { createBreakerFold, type BreakerFold, type BreakerLine } from './folds/breakers.ts';
export {
  CAP_SCOPES,
  committed,
  createMoneyFold,
  dayOf,
  moneyKey,
  NO_SUMS,
  type Book,
  type CapScope,
  type MoneyFold,
  type MoneySnapshot,
  type OpenHold,
  type OlderMoney,
  type RecordedReply,
  type Sums,
} from './folds/money.ts';
export {
  countStatuses,
  digestOf,
  hasCompleted,
  isCurrent,
  sumCosts,
  TASK_STATUSES,
  viewQueue,
  viewTask,
  type StatusCounts,
  type TaskStatus,
  type TaskView,
} from './folds/status.ts';
export { MeReply } from './grind.ts';
export {
  booksOf,
  BooksReply,
  BreakerReset,
  BreakerResetReply,
  BreakerView,
  CircuitView,
  PaceView,
} from './grind.ts';
export {
  DEFAULT_GRIND_PORT,
  DEFAULT_MAX_TOKENS,
  DEFAULT_TEMPERATURE,
  CancelReply,
  CancelRequest,
  GrindRefusal,
  GrindReply,
  GrindRequest,
  Health,
  ModelsReply,
  refusalCatalogue,
  Usage,
  type RefusalCode,
} from './grind.ts';
export {
  BROUGHT_ABOUT,
  CONTROL_KINDS,
  CONTROL_VERBS,
  EVERYTHING,
  HaltFile,
  hasHeard,
  orderOf,
  PauseFile,
  STOPPED_KINDS,
  strictest,
  strictness,
  type ControlKind,
  type ControlOrder,
  type ControlReceipt,
  type ControlRequest,
  type ControlScope,
  type ControlState,
  type ControlSubject,
  type ControlVerb,
  type Stopped,
  type StoppedKind,
} from './control.ts';
export {
  archiveName,
  archiveTime,
  BeatFile,
  encodeName,
  GrindFile,
  homeLayout,
  parseBeat,
  LOGS,
  OrchestratorFile,
  PanelFile,
  TaskLockFile,
  type HomeLayout,
  type LogName,
  type SegmentName,
} from './home-layout.ts';
export { StatusReport } from './reports.ts';
export { AttemptReport, CallReport, HistoryLine, TaskReport } from './task-report.ts';
export { auditWords, executionWords, gateWords } from './record-words.ts';
export {
  ActionRow,
  FEED_LOGS,
  FeedDelta,
  FeedPosition,
  Hello,
  MONEY_PARTS,
  MoneyFigures,
  MoneyLine,
  MoneyLinesReply,
  Overview,
  PANEL_DETAIL_CHARACTERS,
  PANEL_PAGE_LINES,
  PANEL_PROMPT_CHARACTERS,
  PANEL_PROTOCOL,
  PanelCommand,
  PanelControl,
  PanelEntry,
  PanelHandshake,
  panelLink,
  PanelSession,
  RangeRequest,
  Snapshot,
  TaskDetail,
  TaskRow,
  Verdict,
  WorkerRow,
  type FeedLog,
  type PanelClientEvents,
  type PanelReceipt,
  type PanelServerEvents,
  type RangeAnswer,
  type MoneyPart,
} from './panel.ts';
export { OrchestratorMessage, ServiceMessage, WorkerMessage } from './ipc.ts';
export { partsOf, readOn } from './ports.ts';
export type {
  AddAnswer,
  AttemptUsage,
  BudgetStore,
  Claim,
  ClaimAnswer,
  Completion,
  CompletionRequest,
  ControlStore,
  Cursor,
  Durability,
  FinishAnswer,
  ModelProvider,
  Obeyed,
  ProviderFault,
  ProviderFaultCode,
  RateLimits,
  RecordBatch,
  RecordEntry,
  RecordStore,
  RecordTail,
  StoredResult,
  RejectedTask,
  RevisionAnswer,
  TaskOutcome,
  TaskQueue,
} from './ports.ts';
export {
  DEFAULT_REQUESTS_PER_MINUTE,
  isToken,
  TOKEN_MARK,
  TokenEntry,
  TokensFile,
  whyNotTokenName,
} from './tokens.ts';
export { ModelsFile, type ModelOverride } from './models-file.ts';
