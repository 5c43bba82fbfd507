/** `token`: who may use grind from elsewhere. Only declared here. */
import { DEFAULT_REQUESTS_PER_MINUTE } from '@vivarium/contracts';
import type { Command } from 'commander';
import { dollars, requestRate } from '../flag-values.ts';
import type { CliParts } from './parts.ts';

export function declareTokens({ command, home, json, deps, end }: CliParts): void {
  const token = command('token', 'who may use grind from elsewhere: create, list, revoke');
  const sub = (name: string, description: string): Command =>
    token.command(name).description(description).allowExcessArguments(false).exitOverride();

  sub('create', 'make a token and print it, this once')
    .argument('<name>', 'whose it is: the record says so of all its calls')
    .requiredOption('--budget <usd>', 'most that all its calls may cost, whenever', dollars)
    .option('--rate <n>', 'requests a minute', requestRate, DEFAULT_REQUESTS_PER_MINUTE)
    .addOption(json())
    .action(async (name: string, flags: { budget: number; rate: number; json?: boolean }) => {
      const { createToken } = await import('../commands/token.ts');
      const { budget, rate } = flags;
      return end(createToken({ home: home(), name, budget, rate, json: flags.json === true }, deps()));
    });

  sub('list', 'all tokens, what they may spend and what they have spent')
    .addOption(json())
    .action(async (flags: { json?: boolean }) => {
      const { listTokens } = await import('../commands/token.ts');
      return end(listTokens({ home: home(), json: flags.json === true }, deps()));
    });

  sub('revoke', 'take a token back, at once and for good')
    .argument('<name>')
    .requiredOption('--reason <text>', 'why, for the record')
    .addOption(json())
    .action(async (name: string, flags: { reason: string; json?: boolean }) => {
      const { revokeToken } = await import('../commands/token.ts');
      const input = { home: home(), name, reason: flags.reason, json: flags.json === true };
      return end(revokeToken(input, deps()));
    });
}
