/** The command line, read strictly: an unknown flag, a missing value or a senseless one is a fault that names it. Pure: main.ts reads files. */
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { messageOf } from '@vivarium/core';
import { FaultRules, type FaultRule } from './faults.ts';
import type { Pace } from './latency.ts';
import { defaultLimits, type LimitOptions } from './limits.ts';

export interface Flags {
  readonly port: number;
  readonly seed: string;
  readonly pace: Pace;
  readonly limits: LimitOptions;
  readonly faults: readonly FaultRule[];
  readonly billPath: string | undefined;
  readonly rejectedKeys: readonly string[];
}

export type Command =
  | { readonly kind: 'serve'; readonly flags: Flags }
  | { readonly kind: 'help' }
  | { readonly kind: 'version' }
  | { readonly kind: 'faulty'; readonly problems: readonly string[] };

export const usage = `groq-simulator: speaks Groq's wire format on 127.0.0.1, invents its answers, keeps a bill

  --port N                 port to listen on; 0 picks a free one (0)
  --host 127.0.0.1         any other address is refused
  --seed TEXT              what the answers are drawn from (vivarium)
  --latency-ms N           every answer takes N ms; 0 answers at once
  --speed X                X times as fast as the models really are (1); not together with --latency-ms
  --bill FILE              one JSON line per billed call, continued over restarts
  --faults FILE|JSON       list of scripted faults, in a file or in place
  --reject-key KEY         answer 401 to this key; may be repeated
  --requests-per-day N     rate limit per model, enforced (${defaultLimits.requestsPerDay})
  --tokens-per-minute N    rate limit per model, enforced (${defaultLimits.tokensPerMinute})
  --requests-per-minute N  rate limit per model, enforced; no header tells of it (${defaultLimits.requestsPerMinute})
  --help, --version`;

const flagTypes = {
  port: { type: 'string' },
  host: { type: 'string' },
  seed: { type: 'string' },
  'latency-ms': { type: 'string' },
  speed: { type: 'string' },
  bill: { type: 'string' },
  faults: { type: 'string' },
  'reject-key': { type: 'string', multiple: true },
  'requests-per-day': { type: 'string' },
  'tokens-per-minute': { type: 'string' },
  'requests-per-minute': { type: 'string' },
  help: { type: 'boolean' },
  version: { type: 'boolean' },
} as const;

export function readFlags(argv: readonly string[], readFile: (path: string) => string): Command {
  let values: ReturnType<typeof parse>;
  try {
    values = parse(argv);
  } catch (error) {
    return { kind: 'faulty', problems: [messageOf(error)] };
  }
  if (values.help === true) return { kind: 'help' };
  if (values.version === true) return { kind: 'version' };

  const problems: string[] = [];
  const number = (name: keyof typeof values, schema: z.ZodType<number>, otherwise: number): number => {
    const text = values[name];
    if (text === undefined) return otherwise;
    // Number('') is 0: an empty value must not pass for one.
    const parsed = schema.safeParse(
      typeof text === 'string' && text.trim() !== '' ? Number(text) : Number.NaN,
    );
    if (parsed.success) return parsed.data;
    problems.push(`--${name} ${String(text)}: ${parsed.error.issues[0]?.message ?? 'invalid'}`);
    return otherwise;
  };

  if (values.host !== undefined && values.host !== '127.0.0.1')
    problems.push(`--host ${values.host}: only 127.0.0.1 is served`);
  if (values['latency-ms'] !== undefined && values.speed !== undefined)
    problems.push('--latency-ms and --speed exclude each other');
  const speed = number('speed', z.number().positive(), 1);
  const latencyMs = number('latency-ms', z.number().min(0), 0);
  const flags: Flags = {
    port: number('port', z.int().min(0).max(65_535), 0),
    seed: values.seed ?? 'vivarium',
    pace: values['latency-ms'] === undefined ? { kind: 'model', speed } : { kind: 'fixed', latencyMs },
    limits: {
      requestsPerDay: number('requests-per-day', z.int().min(1), defaultLimits.requestsPerDay),
      tokensPerMinute: number('tokens-per-minute', z.int().min(1), defaultLimits.tokensPerMinute),
      requestsPerMinute: number('requests-per-minute', z.int().min(1), defaultLimits.requestsPerMinute),
    },
    faults: values.faults === undefined ? [] : readFaults(values.faults, readFile, problems),
    billPath: values.bill,
    rejectedKeys: values['reject-key'] ?? [],
  };
  return problems.length === 0 ? { kind: 'serve', flags } : { kind: 'faulty', problems };
}

const parse = (argv: readonly string[]) =>
  parseArgs({ args: [...argv], options: flagTypes, strict: true, allowPositionals: false }).values;

function readFaults(
  value: string,
  readFile: (path: string) => string,
  problems: string[],
): readonly FaultRule[] {
  try {
    const parsed = FaultRules.safeParse(
      JSON.parse(value.trimStart().startsWith('[') ? value : readFile(value)),
    );
    if (parsed.success) return parsed.data;
    for (const issue of parsed.error.issues)
      problems.push(`--faults: '${issue.path.join('.')}': ${issue.message}`);
  } catch (error) {
    problems.push(`--faults: ${messageOf(error)}`);
  }
  return [];
}
