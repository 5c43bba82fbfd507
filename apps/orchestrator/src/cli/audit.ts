/** `audit` and `replay`: whether the record is what it was, and what somebody else needs to check that. Only declared here. */
import { InvalidArgumentError, Option } from 'commander';
import { momentOf } from '../moment.ts';
import type { CliParts } from './parts.ts';

export function declareAudit({ command, home, json, deps, end }: CliParts): void {
  command(
    'replay',
    'derive the state again from the record alone, and compare it with what the system believes',
  )
    .option('--at <event|time>', 'as it was at that event_id or time; prints it and compares nothing')
    .addOption(new Option('--json', 'print the state in its canonical form: equal states are equal texts'))
    .action(async (flags: { at?: string; json?: boolean }) => {
      const { replayRecord } = await import('../commands/replay.ts');
      return end(replayRecord({ home: home(), at: flags.at, json: flags.json === true }, deps()));
    });

  const audit = command('audit', 'prove that the record is what it was: verify, seal, heads, export');
  const sub = (name: string, description: string) =>
    audit.command(name).description(description).allowExcessArguments(false).exitOverride();

  sub('verify', 'look for the first record that is not what it was when it was sealed')
    .option(
      '--range <from..to>',
      'only what was sealed in that time, as 2026-11-27T08:00..2026-11-27T09:00',
      timeRange,
    )
    .option(
      '--head <file>',
      'a head that was kept elsewhere, as `audit heads` printed it; once more for more',
      collect,
      [],
    )
    .addOption(json())
    .action(async (flags: { range?: TimeRange; head: readonly string[]; json?: boolean }) => {
      const { verifyAudit } = await import('../commands/audit-verify.ts');
      const input = { home: home(), range: flags.range, heads: flags.head, json: flags.json === true };
      return end(verifyAudit(input, deps()));
    });

  sub('seal', 'seal now what is not sealed yet; a run does so every second')
    .addOption(json())
    .action(async (flags: { json?: boolean }) => {
      const { sealAudit } = await import('../commands/audit-seal.ts');
      return end(sealAudit({ home: home(), json: flags.json === true }, deps()));
    });

  sub(
    'heads',
    'print the newest head, signed, to be kept elsewhere: it finds a record that was cut or written anew',
  ).action(async () => {
    const { auditHeads } = await import('../commands/audit-heads.ts');
    return end(auditHeads({ home: home() }, deps()));
  });

  sub(
    'export',
    'copy the record into a new directory, with a short program that checks it and needs nothing of ours',
  )
    .argument('<dir>', 'directory to make')
    .option('--results', 'with the outputs')
    .addOption(json())
    .action(async (directory: string, flags: { results?: boolean; json?: boolean }) => {
      const { auditExport } = await import('../commands/audit-export.ts');
      const input = { home: home(), directory, results: flags.results === true, json: flags.json === true };
      return end(auditExport(input, deps()));
    });
}

export interface TimeRange {
  readonly from: string;
  readonly to: string;
}

/** Either side may be missing. */
export function timeRange(text: string): TimeRange {
  const [from = '', to = '', ...more] = text.split('..');
  const range = {
    from: from === '' ? '0000' : momentOf(from, undefined),
    to: to === '' ? '9999' : momentOf(to, undefined),
  };
  if (!text.includes('..') || more.length > 0 || range.from === undefined || range.to === undefined)
    throw new InvalidArgumentError(
      `'${text}' is not FROM..TO with two times such as 2026-11-27T08:00 (UTC); either may be left out`,
    );
  if (range.from > range.to) throw new InvalidArgumentError(`'${text}' ends before it begins`);
  return { from: range.from, to: range.to };
}

const collect = (text: string, before: readonly string[]): readonly string[] => [...before, text];
