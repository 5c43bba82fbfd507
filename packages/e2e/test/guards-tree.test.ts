/** What must not be in the tree, and what each package lets out. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { read, repositoryFiles, root } from './repository.ts';

const binary = /\.(png|ico|woff2?|jpg|gif|webp)$/;
const texts = (): readonly string[] => repositoryFiles().filter((path) => !binary.test(path));

const sources = (): readonly string[] => texts().filter((path) => /\.(ts|tsx|mjs)$/.test(path));

/** `path:line` of every line that matches. */
const linesWith = (
  pattern: RegExp,
  paths: readonly string[],
  text: (path: string) => string = read,
): readonly string[] =>
  paths.flatMap((path) =>
    text(path)
      .split('\n')
      .flatMap((line, index) => (pattern.test(line) ? [`${path}:${index + 1}`] : [])),
  );

// Put together from parts, so that this file is not itself what it looks for.
const secret = new RegExp(
  [
    `\\bgs${'k_'}[A-Za-z0-9]{20,}`,
    `\\bs${'k-'}[A-Za-z0-9_-]{32,}`,
    `\\bgh[pousr]${'_'}[A-Za-z0-9]{20,}`,
    `\\bAKI${'A'}[0-9A-Z]{16}\\b`,
    `-----BEGIN [A-Z ]*PRIVATE ${'KEY'}-----`,
  ].join('|'),
);
const escaped = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
/** Where this checkout lies, and the homes of people. */
const machinePath = new RegExp(
  `(^|[^A-Za-z0-9_.-])(${escaped(root)}\\b|/Users/\\w|/root/\\w|/home/\\w+/\\.)`,
);
const unfinished = new RegExp(`(//|[*#]|<!--)\\s*(TO${'DO'}|FIX${'ME'})\\b`);
const silenced = /(?:oxlint|eslint)-disable(?!.*\s--\s\S)/;
const castToAny = /\bas any *[;,)\]}.]/;
const downloadAddress = /"resolved":|tarball:|https?:\/\/(?!opencollective\.com\/)/;

describe('the tree holds none of', () => {
  it.each([
    ['a secret', secret, texts],
    ['a path of the machine it was written on', machinePath, texts],
    ['a promise to finish something later', unfinished, texts],
    ['a lint rule silenced without a reason', silenced, sources],
    ['a cast to any', castToAny, sources],
    ['an address in a lockfile', downloadAddress, () => ['pnpm-lock.yaml', 'tools/pnpm/package-lock.json']],
  ])('%s', (_, pattern, paths) => {
    expect(linesWith(pattern, paths())).toEqual([]);
  });

  it('anything of that kind that these patterns would miss when it is planted', () => {
    const planted: readonly (readonly [RegExp, string])[] = [
      [secret, `const key = 'gs${'k_'}${'a1B2'.repeat(8)}';`],
      [secret, `-----BEGIN RSA PRIVATE ${'KEY'}-----`],
      [machinePath, `see ${root}/notes.md`],
      [machinePath, `cache = /Use${'rs'}/x/cache`],
      [unfinished, `// TO${'DO'}: later`],
      [silenced, `// oxlint-${'disable'}-next-line no-console`],
      [castToAny, `return value as ${'any'};`],
      [downloadAddress, '      "resolved": "https://registry.example/x.tgz",'],
      [downloadAddress, 'resolution: {tarball: https://registry.example/x.tgz}'],
    ];
    const missed = planted.filter(
      ([pattern, line]) => linesWith(pattern, ['planted'], () => line).length === 0,
    );
    expect(missed).toEqual([]);
  });
});

/** What each package exports; a name that comes or goes is a decision, and shows here. */
it('the surfaces of the packages are these', async () => {
  const names = readdirSync(join(root, 'packages')).filter((name) => name !== 'e2e');
  const surfaces: Record<string, readonly string[]> = {};
  for (const name of names) {
    const entry = pathToFileURL(join(root, 'packages', name, 'src/index.ts')).href;
    surfaces[name] = Object.keys((await import(/* @vite-ignore */ entry)) as object).toSorted();
  }
  expect(surfaces).toMatchInlineSnapshot(`
    {
      "budget": [
        "CLOSED",
        "DEFAULT_MODEL",
        "LEAST_COMPLETION_TOKENS",
        "MOST_UNDER_WAY",
        "TEMPLATE_TOKENS",
        "admit",
        "afterCall",
        "began",
        "costOf",
        "createModels",
        "ended",
        "expectedWait",
        "freshPace",
        "inputTokenBound",
        "reopened",
        "tryCall",
        "waitFor",
        "wasReset",
        "windowOf",
        "worstCase",
      ],
      "config": [
        "homeVariable",
        "loadConfig",
        "processEnvironment",
        "scrubbedEnv",
        "sealDirectory",
        "withVariable",
      ],
      "constitution": [
        "judge",
        "rules",
        "rulesDigest",
      ],
      "contracts": [
        "ACTION_TYPES",
        "ActionLogLine",
        "ActionRow",
        "ApiAuditLine",
        "AttemptReport",
        "BROUGHT_ABOUT",
        "BeatFile",
        "BooksReply",
        "BreakerReset",
        "BreakerResetReply",
        "BreakerView",
        "CAP_SCOPES",
        "CHECKS",
        "CONTROL_KINDS",
        "CONTROL_VERBS",
        "CallReport",
        "CancelReply",
        "CancelRequest",
        "ChainLink",
        "CheckResult",
        "CircuitView",
        "ClaimLine",
        "DEFAULT_ATTEMPTS",
        "DEFAULT_GRIND_PORT",
        "DEFAULT_MAX_TOKENS",
        "DEFAULT_REQUESTS_PER_MINUTE",
        "DEFAULT_TEMPERATURE",
        "EMPTY_QUEUE",
        "EVERYTHING",
        "ExecutionLogLine",
        "FEED_LOGS",
        "FINAL_STATUSES",
        "FeedDelta",
        "FeedPosition",
        "GrindFile",
        "GrindRefusal",
        "GrindReply",
        "GrindRequest",
        "HaltFile",
        "HeadSigned",
        "Health",
        "Hello",
        "HistoryLine",
        "INTENSITIES",
        "LOGS",
        "LogArchived",
        "MONEY_PARTS",
        "MeReply",
        "ModelsFile",
        "ModelsReply",
        "MoneyFigures",
        "MoneyLine",
        "MoneyLinesReply",
        "NEVER_SEEN",
        "NO_SUMS",
        "OrchestratorFile",
        "OrchestratorMessage",
        "Overview",
        "PANEL_DETAIL_CHARACTERS",
        "PANEL_PAGE_LINES",
        "PANEL_PROMPT_CHARACTERS",
        "PANEL_PROTOCOL",
        "PaceView",
        "PanelCommand",
        "PanelControl",
        "PanelEntry",
        "PanelFile",
        "PanelHandshake",
        "PanelSession",
        "PauseFile",
        "PerformanceRecord",
        "QueueFile",
        "REDACTED",
        "RangeRequest",
        "RangeSealed",
        "STOPPED_KINDS",
        "SafetyAuditLine",
        "SafetyReport",
        "SealHead",
        "SealLine",
        "ServiceMessage",
        "Snapshot",
        "StatusReport",
        "TASK_DEFAULTS",
        "TASK_STATUSES",
        "TOKEN_MARK",
        "Task",
        "TaskDetail",
        "TaskLockFile",
        "TaskReport",
        "TaskRow",
        "TaskSource",
        "Timestamp",
        "TokenEntry",
        "TokensFile",
        "ToolOperation",
        "Usage",
        "Verdict",
        "WorkerMessage",
        "WorkerRow",
        "archiveName",
        "archiveTime",
        "auditWords",
        "booksOf",
        "committed",
        "countStatuses",
        "createBreakerFold",
        "createMoneyFold",
        "createRedactor",
        "createRoster",
        "createTaskFold",
        "dayOf",
        "digestOf",
        "encodeName",
        "executionWords",
        "gateWords",
        "hasCompleted",
        "hasHeard",
        "headText",
        "homeIdOf",
        "homeLayout",
        "isCurrent",
        "isFinal",
        "isLeftBy",
        "isToken",
        "issueText",
        "moneyKey",
        "nextRecord",
        "orderOf",
        "panelLink",
        "parseBeat",
        "partsOf",
        "promptHash",
        "readApiAuditLine",
        "readExecutionLine",
        "readOn",
        "redact",
        "refusalCatalogue",
        "secretsIn",
        "sha256",
        "strictest",
        "strictness",
        "sumCosts",
        "taskDigest",
        "toneOf",
        "viewQueue",
        "viewTask",
        "whyNotRecordableId",
        "whyNotTokenName",
      ],
      "core": [
        "MAX_TASK_ID_LENGTH",
        "NANO_PER_USD",
        "VivariumError",
        "addUsd",
        "callId",
        "errorCatalogue",
        "eventId",
        "formatDuration",
        "formatUsd",
        "homeId",
        "isVivariumError",
        "messageOf",
        "nanoToUsd",
        "nanoUsd",
        "runId",
        "subtractUsd",
        "sumUsd",
        "taskId",
        "timestamp",
        "usdToNano",
        "whyNotTaskId",
        "workerId",
        "zeroUsd",
      ],
      "home": [
        "accessFaults",
        "actionLine",
        "chooseHome",
        "createBudgetStore",
        "createControlStore",
        "createRecordStore",
        "createSealer",
        "createStrangers",
        "createTokenStore",
        "createVerifier",
        "faultText",
        "initHome",
        "keepSealing",
        "openKeyring",
        "readModelsFile",
        "resolveHome",
        "runFiles",
        "signedHead",
        "sweepHome",
      ],
      "model": [
        "createGroqProvider",
      ],
      "platform": [
        "createNodeMachine",
      ],
      "queue": [
        "checkGraph",
        "createFileTaskQueue",
        "createMemoryHome",
        "createMemoryTaskQueue",
        "createWantedTasks",
        "explainFault",
        "loadQueueFile",
        "planAdd",
      ],
      "safety": [
        "assess",
      ],
    }
  `);
});
