/** Reads the configuration once, at the start of a process: flag > environment > `<home>/.env` > default. Every fault is told at once. */
import { VivariumError, type Milliseconds, type NanoUsd } from '@vivarium/core';
import type { z } from 'zod';
import { readEnvFile } from './env-file.ts';
import type { Environment } from './environment.ts';
import { freezeDeep } from './freeze.ts';
import {
  DEFAULT_GROQ_API_URL,
  DEFAULTS,
  EXAMPLES,
  isLoopback,
  variablesSchema,
  type ListenAt,
  type Variable,
} from './schema.ts';

export type Upstream =
  /** `origin`: where the API begins; paths such as /openai/v1/… follow. */
  | { readonly kind: 'groq'; readonly apiKey: string; readonly origin: string }
  | { readonly kind: 'simulator' };

export interface Config {
  readonly upstream: Upstream;
  /** SWARM_API_URL, only when it is set: otherwise grind is found through run/grind.json. */
  readonly grindUrl: string | undefined;
  readonly defaultModel: string;
  /** For one attempt at a task. */
  readonly workerTimeoutMs: Milliseconds;
  readonly runCap: NanoUsd;
  /** For everything that is held on a UTC day. */
  readonly dayCap: NanoUsd;
  /** What a recorded line survives: the death of any process (`os`), or a power loss as well (`fsync`). */
  readonly durability: 'os' | 'fsync';
  /** Whether a run seals the record as it goes (S5). */
  readonly sealing: 'on' | 'off';
  /** Whether the same question is answered again by the reply that was paid for. */
  readonly replyCache: 'on' | 'off';
  /** When the circuit breaker of a model opens. */
  readonly breaker: {
    readonly failures: number;
    readonly windowMs: Milliseconds;
    readonly spend: NanoUsd;
  };
  /** Where grind listens besides loopback, for those who bring a token. */
  readonly network: NetworkAt | undefined;
  readonly noColor: boolean;
}

export interface NetworkAt extends ListenAt {
  /** Paths of PEM files; undefined: unencrypted, on loopback or because that was allowed in so many words. */
  readonly tls: { readonly certPath: string; readonly keyPath: string } | undefined;
}

/** What stands on the command line, as text: each overrides one variable. */
export interface ConfigFlags {
  readonly grindUrl?: string | undefined;
  readonly defaultModel?: string | undefined;
  readonly workerTimeoutSeconds?: string | undefined;
  readonly runCapUsd?: string | undefined;
  readonly dayCapUsd?: string | undefined;
  readonly durability?: string | undefined;
  readonly listen?: string | undefined;
  readonly tlsCert?: string | undefined;
  readonly tlsKey?: string | undefined;
  readonly unencrypted?: string | undefined;
  readonly noColor?: boolean | undefined;
}

export interface ConfigSources {
  readonly env: Environment;
  /** Content of `<home>/.env`. */
  readonly envFile: string | undefined;
  readonly flags: ConfigFlags;
  /** The whitelist: DEFAULT_GROQ_MODEL must be one of them. */
  readonly knownModels: readonly string[];
}

interface Found {
  readonly value: string;
  /** `environment`, `.env`, or the name of the flag. */
  readonly source: string;
}

const FLAGS: Partial<Record<Variable, readonly [keyof ConfigFlags, string]>> = {
  SWARM_API_URL: ['grindUrl', '--grind'],
  DEFAULT_GROQ_MODEL: ['defaultModel', '--default-model'],
  WORKER_TIMEOUT_SECONDS: ['workerTimeoutSeconds', '--worker-timeout'],
  VIVARIUM_RUN_CAP_USD: ['runCapUsd', '--run-cap'],
  VIVARIUM_DAY_CAP_USD: ['dayCapUsd', '--day-cap'],
  VIVARIUM_DURABILITY: ['durability', '--durability'],
  VIVARIUM_LISTEN: ['listen', '--listen'],
  VIVARIUM_TLS_CERT: ['tlsCert', '--tls-cert'],
  VIVARIUM_TLS_KEY: ['tlsKey', '--tls-key'],
  VIVARIUM_UNENCRYPTED: ['unencrypted', '--unencrypted'],
};

// The keys of EXAMPLES are the variables; Object.keys widens them to string.
const VARIABLES = Object.keys(EXAMPLES) as readonly Variable[];

export function loadConfig({ env, envFile, flags, knownModels }: ConfigSources): Config {
  const file = readEnvFile(envFile ?? '');
  const found = new Map<Variable, Found>();
  for (const variable of VARIABLES) {
    const value = find(variable, env, file.values, flags);
    if (value !== undefined) found.set(variable, value);
  }
  const given = Object.fromEntries([...found].map(([variable, { value }]) => [variable, value]));
  const parsed = variablesSchema(knownModels).safeParse({ ...DEFAULTS, ...given });
  const faults = [...file.faults, ...misspelt(env, file.values), ...faultsBetween(found, file.values)];
  if (parsed.success) faults.push(...networkFaults(parsed.data));
  if (!parsed.success) faults.push(...parsed.error.issues.map((issue) => tell(issue, found)));
  if (faults.length > 0 || !parsed.success) throw invalid(faults);

  const { GROQ_API_KEY: apiKey, GROQ_API_URL: origin, ...values } = parsed.data;
  return freezeDeep({
    upstream: apiKey === undefined ? { kind: 'simulator' } : { kind: 'groq', apiKey, origin },
    grindUrl: values.SWARM_API_URL,
    defaultModel: values.DEFAULT_GROQ_MODEL,
    workerTimeoutMs: values.WORKER_TIMEOUT_SECONDS,
    runCap: values.VIVARIUM_RUN_CAP_USD,
    dayCap: values.VIVARIUM_DAY_CAP_USD,
    durability: values.VIVARIUM_DURABILITY,
    sealing: values.VIVARIUM_SEALING,
    replyCache: values.VIVARIUM_REPLY_CACHE,
    breaker: {
      failures: values.VIVARIUM_BREAKER_FAILURES,
      windowMs: values.VIVARIUM_BREAKER_WINDOW_SECONDS,
      spend: values.VIVARIUM_BREAKER_SPEND_USD,
    },
    network: networkOf(values),
    noColor: flags.noColor ?? values.NO_COLOR !== undefined,
  });
}

/**
 * The first source that has the variable decides. One that is set but blank says "not set", and hides what the sources below it say:
 * `GROQ_API_KEY= orchestrator start` works with the simulator although .env holds a key.
 */
function find(
  variable: Variable,
  env: Environment,
  file: Environment,
  flags: ConfigFlags,
): Found | undefined {
  const [flag, flagName] = FLAGS[variable] ?? [];
  const sources: readonly (readonly [string | undefined, string])[] = [
    [flag === undefined ? undefined : flags[flag]?.toString(), flagName ?? ''],
    [env[variable], 'environment'],
    [file[variable], '.env'],
  ];
  const [value, source] = sources.find(([candidate]) => candidate !== undefined) ?? [];
  if (value === undefined || source === undefined) return undefined;
  return value.trim() === '' ? undefined : { value: value.trim(), source };
}

/** Faults no single variable has. */
function faultsBetween(found: ReadonlyMap<Variable, Found>, file: Environment): readonly string[] {
  const faults: string[] = [];
  const url = found.get('GROQ_API_URL');
  if (!found.has('GROQ_API_KEY') && url !== undefined && url.value !== DEFAULT_GROQ_API_URL) {
    faults.push(
      `GROQ_API_URL (${url.source}) is set, but there is no GROQ_API_KEY, so nothing would be sent there. Set GROQ_API_KEY as well, or remove GROQ_API_URL to work with the simulator`,
    );
  }
  if (file['VIVARIUM_HOME'] !== undefined) {
    faults.push(
      'VIVARIUM_HOME cannot stand in .env, which is found through it. Set it in the environment, or use --home',
    );
  }
  if (file['VIVARIUM_SEAL_DIR'] !== undefined)
    faults.push(
      'VIVARIUM_SEAL_DIR is not read from .env, so that no home chooses its own key. Set it in the environment',
    );
  return faults;
}

/** A cap that is set under a name nobody reads is none. The environment holds much that is not for us; there only what is cut short or too long is one. */
function misspelt(env: Environment, file: Environment): readonly string[] {
  const isRelated = (name: string): boolean =>
    VARIABLES.some((known) => known.startsWith(name) || name.startsWith(known));
  const unknown = (of: Environment): readonly string[] =>
    Object.keys(of)
      .toSorted()
      .filter(
        (name) =>
          /^VIVARIUM_./.test(name) && !VARIABLES.some((known) => known === name) && !READ_ELSEWHERE.has(name),
      );
  const tellOf = (name: string, source: string): string => {
    const near = VARIABLES.filter((known) => known.startsWith(name) || name.startsWith(known));
    const meant =
      near.length > 0 ? `Did you mean ${near.join(' or ')}?` : `There are ${VARIABLES.join(', ')}`;
    return `${name} (${source}): there is no such variable, so it would change nothing. ${meant}`;
  };
  return [
    ...unknown(file).map((name) => tellOf(name, '.env')),
    ...unknown(env).flatMap((name) => (isRelated(name) ? [tellOf(name, 'environment')] : [])),
  ];
}
const READ_ELSEWHERE: ReadonlySet<string> = new Set(['VIVARIUM_HOME', 'VIVARIUM_SEAL_DIR']);

type Variables = z.output<ReturnType<typeof variablesSchema>>;
type NetworkVariables = Pick<
  Variables,
  'VIVARIUM_LISTEN' | 'VIVARIUM_TLS_CERT' | 'VIVARIUM_TLS_KEY' | 'VIVARIUM_UNENCRYPTED'
>;

function networkOf(values: NetworkVariables): NetworkAt | undefined {
  const { VIVARIUM_LISTEN: at, VIVARIUM_TLS_CERT: certPath, VIVARIUM_TLS_KEY: keyPath } = values;
  if (at === undefined) return undefined;
  const tls = certPath === undefined || keyPath === undefined ? undefined : { certPath, keyPath };
  return { ...at, tls };
}

/** What is said of the network must be whole, and must not be weaker than it looks. */
function networkFaults(values: NetworkVariables): readonly string[] {
  const { VIVARIUM_LISTEN: at, VIVARIUM_TLS_CERT: cert, VIVARIUM_TLS_KEY: key } = values;
  const isPlain = values.VIVARIUM_UNENCRYPTED !== undefined;
  if (at === undefined)
    return cert === undefined && key === undefined && !isPlain
      ? []
      : [
          'VIVARIUM_TLS_CERT, VIVARIUM_TLS_KEY and VIVARIUM_UNENCRYPTED mean nothing without VIVARIUM_LISTEN. Set it, or remove them',
        ];
  if ((cert === undefined) !== (key === undefined))
    return [
      `VIVARIUM_TLS_${cert === undefined ? 'CERT' : 'KEY'} is missing: a certificate and its key are needed, or neither`,
    ];
  if (cert !== undefined && isPlain)
    return ['VIVARIUM_UNENCRYPTED is set beside a certificate. Remove one of them'];
  if (cert === undefined && !isPlain && !isLoopback(at.host))
    return [
      `VIVARIUM_LISTEN: at ${at.host} tokens and texts would pass the network unencrypted. Set VIVARIUM_TLS_CERT and VIVARIUM_TLS_KEY; VIVARIUM_UNENCRYPTED=allow does without`,
    ];
  return [];
}

function tell(issue: z.core.$ZodIssue, found: ReadonlyMap<Variable, Found>): string {
  const name = String(issue.path[0]);
  const variable = VARIABLES.find((candidate) => candidate === name);
  if (variable === undefined) return issue.message;
  return `${variable} (${found.get(variable)?.source ?? 'default'}): ${issue.message}. Example: ${EXAMPLES[variable]}`;
}

/** In the seed's words and form. */
function invalid(faults: readonly string[]): VivariumError {
  const lines = faults.map((text, index) => `  [${index + 1}] ${text}`);
  return new VivariumError('config_invalid', ['CONFIG VALIDATION FAILED:', ...lines].join('\n'), {
    remedy: { kind: 'stop' },
    hint: 'Mend what is listed, in the environment or in the .env file of the home, and start again.',
  });
}
