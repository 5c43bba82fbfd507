/** `start` and `up`: what works the queue off. Only declared here. */
import { Option } from 'commander';
import { portNumber, runCap, slotCount, workerCount } from '../flag-values.ts';
import type { CliParts } from './parts.ts';

export function declareRuns({ command, home, durability, deps, end, startedBy }: CliParts): void {
  command('start', 'work the queue off; ends when nothing more can run')
    .argument('[workers]', `worker processes, 1 to 32`, workerCount, 4)
    .option('--concurrency <k>', 'tasks each worker does at a time', slotCount, 1)
    .option('--watch', 'stay, and work on what is added')
    .option('--dry-run', 'show what would run and what it could cost; start nothing')
    .option('--run-cap <usd>', 'most this run may cost (VIVARIUM_RUN_CAP_USD, or 2.00)', runCap)
    .addOption(durability())
    .addOption(new Option('--json', 'print one JSON line per event'))
    .action(async (workers: number, flags: StartFlags) => {
      const { start } = await import('../commands/start.ts');
      const input = {
        home: home(),
        workers,
        concurrency: flags.concurrency,
        watch: flags.watch === true,
        dryRun: flags.dryRun === true,
        runCap: flags.runCap,
        durability: flags.durability,
        json: flags.json === true,
      };
      return end(start(input, deps()));
    });

  command('up', 'simulator if there is no key, grind, control panel and workers, until Ctrl-C')
    .argument('[workers]', `worker processes, 1 to 32`, workerCount, 4)
    .option('--concurrency <k>', 'tasks each worker does at a time', slotCount, 1)
    .option('--once', 'end when nothing more can run; starts no control panel')
    .addOption(
      new Option('--panel-port <port>', 'port of the control panel (8421, or a free one)')
        .argParser(portNumber)
        .conflicts('once'),
    )
    .option('--run-cap <usd>', 'most this run may cost (VIVARIUM_RUN_CAP_USD, or 2.00)', runCap)
    .addOption(durability())
    .action(async (workers: number, flags: UpFlags) => {
      const { up } = await import('../commands/up.ts');
      const input = {
        home: home(),
        workers,
        concurrency: flags.concurrency,
        once: flags.once === true,
        panelPort: flags.panelPort,
        runCap: flags.runCap,
        durability: flags.durability,
        startedBy,
      };
      return end(up(input, deps()));
    });
}

interface StartFlags {
  readonly concurrency: number;
  readonly watch?: boolean;
  readonly dryRun?: boolean;
  readonly runCap: string | undefined;
  readonly durability: 'os' | 'fsync' | undefined;
  readonly json?: boolean;
}
interface UpFlags {
  readonly concurrency: number;
  readonly once?: boolean;
  readonly panelPort: number | undefined;
  readonly runCap: string | undefined;
  readonly durability: 'os' | 'fsync' | undefined;
}
