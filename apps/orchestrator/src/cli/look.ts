/** `status`, `show`, `results` and `logs`: what only reads of a home. Only declared here. */
import { Option } from 'commander';
import { ACTION_TYPES, type ActionType } from '@vivarium/contracts';
import { actionTypes, lineCount } from '../flag-values.ts';
import type { CliParts } from './parts.ts';

export function declareLooks({ command, home, json, deps, end }: CliParts): void {
  command('status', 'where every task stands, and what it cost')
    .option('--all', 'one line for every task')
    .addOption(
      new Option('--graph', 'who waits for whom, in waves, and the longest chain of what is left').conflicts(
        'all',
      ),
    )
    .addOption(json())
    .action(async (flags: { all?: boolean; graph?: boolean; json?: boolean }) => {
      const { status } = await import('../commands/status.ts');
      const { all = false, graph = false, json: asJson = false } = flags;
      return end(status({ home: home(), all, graph, json: asJson }, deps()));
    });

  command('show <id>', 'everything there is about one task: every attempt, what it cost, what went wrong')
    .addOption(new Option('--output', 'print its result, whole, and nothing else').conflicts('json'))
    .addOption(json())
    .action(async (id: string, flags: { output?: boolean; json?: boolean }) => {
      const { show } = await import('../commands/show.ts');
      return end(
        show({ home: home(), id, output: flags.output === true, json: flags.json === true }, deps()),
      );
    });

  command(
    'results <directory>',
    'write the answer of every completed task into a directory, each to a file named after its task (capitals and the like as %xx; --json says which is whose)',
  )
    .addOption(json())
    .action(async (directory: string, flags: { json?: boolean }) => {
      const { results } = await import('../commands/results.ts');
      return end(results({ home: home(), directory, json: flags.json === true }, deps()));
    });

  command('logs', 'what happened: the last lines of the action log')
    .option('-f, --follow', 'go on with what comes, until Ctrl-C')
    .option('--task <id>', 'only lines of this task')
    .addOption(
      new Option('--type <types>', `only lines of these types: ${ACTION_TYPES.join(', ')}`)
        .argParser(actionTypes)
        .default([], 'all'),
    )
    .option('-n, --lines <n>', 'how many of the last lines', lineCount, 20)
    .addOption(new Option('--json', 'print the lines as they stand in action_log.jsonl'))
    .action(async (flags: LogsFlags) => {
      const { logs } = await import('../commands/logs.ts');
      const { task, type, lines } = flags;
      const input = { follow: flags.follow === true, task, types: type, lines, json: flags.json === true };
      return end(logs({ home: home(), ...input }, deps()));
    });
}

interface LogsFlags {
  readonly follow?: boolean;
  readonly task: string | undefined;
  readonly type: readonly ActionType[];
  readonly lines: number;
  readonly json?: boolean;
}
