/** `add`: one task by flags, or the tasks of files. Only declared here. */
import { Option, type Command } from 'commander';
import { DEFAULT_ATTEMPTS, INTENSITIES, TASK_DEFAULTS } from '@vivarium/contracts';
import {
  attemptCount,
  dollars,
  idList,
  priority,
  temperature,
  timeoutSeconds,
  tokenCount,
} from '../flag-values.ts';
import type { CliParts } from './parts.ts';

export function declareAdd({ command, home, json, deps, end }: CliParts): void {
  command('add [id] [type]', 'add a task, or the tasks of files')
    .option('--prompt <text>', 'what the model is asked')
    .addOption(new Option('--task <text>', 'the same as --prompt').conflicts('prompt'))
    .option(
      '--min <usd>',
      `start only while every cap has this many dollars left (${TASK_DEFAULTS.min_budget})`,
      dollars,
    )
    .option(
      '--max <usd>',
      `dollars the task may cost, all attempts together (${TASK_DEFAULTS.max_budget})`,
      dollars,
    )
    .addOption(
      new Option('--intensity <level>', 'a label of the task')
        .choices(INTENSITIES)
        .default(TASK_DEFAULTS.intensity),
    )
    .option('--model <id>', 'one of the whitelist (DEFAULT_GROQ_MODEL)')
    .option('--depends-on <ids>', 'wait for these tasks: a,b; may be repeated', idList, [])
    .option('--max-tokens <n>', 'most tokens of the reply', tokenCount)
    .option('--temperature <t>', '0 to 2', temperature)
    .option('--priority <n>', '-100 to 100; of what could run the highest goes first (0)', priority)
    .option('--not-before <time>', 'begin at this time at the earliest: an ISO date (UTC), or +5m, +2h, +1d')
    .option('--timeout <seconds>', 'most seconds of one attempt (WORKER_TIMEOUT_SECONDS)', timeoutSeconds)
    .option(
      '--attempts <n>',
      `attempts that may end in a fault before it is failed (${DEFAULT_ATTEMPTS})`,
      attemptCount,
    )
    .option(
      '--file <files...>',
      'task files, - for standard input; of JSONL every good line counts, of JSON that breaks off nothing does',
    )
    .addOption(json())
    .action(async (id: string | undefined, type: string | undefined, _options: unknown, self: Command) => {
      const flags = self.opts<AddFlags>();
      if (flags.file !== undefined) {
        const alone =
          id === undefined && !ADD_FLAGS.some((flag) => self.getOptionValueSource(flag) === 'cli');
        if (!alone)
          self.error(
            'error: --file takes tasks from files; id, type and the flags of one task do not go with it',
            { exitCode: 2 },
          );
        const { addFile } = await import('../commands/add-file.ts');
        return end(addFile({ home: home(), json: flags.json === true, files: flags.file }, deps()));
      }
      const prompt = flags.prompt ?? flags.task;
      if (id === undefined || type === undefined)
        self.error('error: an id and a type are needed: orchestrator add <id> <type> --prompt "…"', {
          exitCode: 2,
        });
      if (prompt === undefined) self.error('error: --prompt is missing', { exitCode: 2 });
      const { add } = await import('../commands/add.ts');
      const { min, max, intensity, model, dependsOn, maxTokens, temperature: heat } = flags;
      const { priority: rank, notBefore, timeout, attempts } = flags;
      return end(
        add(
          {
            home: home(),
            json: flags.json === true,
            id,
            type,
            prompt,
            min,
            max,
            intensity,
            model,
            dependsOn,
            maxTokens,
            temperature: heat,
            priority: rank,
            notBefore,
            timeoutSeconds: timeout,
            attempts,
          },
          deps(),
        ),
      );
    });
}

/** Flags of one task, which do not go with --file. */
const ADD_FLAGS = [
  'prompt',
  'task',
  'min',
  'max',
  'intensity',
  'model',
  'dependsOn',
  'maxTokens',
  'temperature',
  'priority',
  'notBefore',
  'timeout',
  'attempts',
] as const;

interface AddFlags {
  readonly prompt?: string;
  readonly task?: string;
  readonly min: number | undefined;
  readonly max: number | undefined;
  readonly intensity: 'low' | 'medium' | 'high';
  readonly model: string | undefined;
  readonly dependsOn: readonly string[];
  readonly maxTokens: number | undefined;
  readonly temperature: number | undefined;
  readonly priority: number | undefined;
  readonly notBefore?: string;
  readonly timeout: number | undefined;
  readonly attempts: number | undefined;
  readonly file?: readonly string[];
  readonly json?: boolean;
}
