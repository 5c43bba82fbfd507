/** What the commands are declared with. */
import type { Command, Option } from 'commander';
import type { CommandDeps, RunExitCode } from '../deps.ts';

export interface CliParts {
  command(name: string, description: string): Command;
  /** What `--home` says. */
  home(): string | undefined;
  json(): Option;
  durability(): Option;
  /** Asked for when a command runs: `--help` needs none. */
  deps(): CommandDeps;
  /** Remembers how the command ended. */
  end(running: Promise<RunExitCode>): Promise<void>;
  /** Who had started this process, when it was npm (supervisor/parents.ts). */
  readonly startedBy: string | undefined;
}
