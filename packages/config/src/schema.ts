/**
 * What each variable may be. One schema: text in, the value in use out. A message says what is wrong with the value and is read behind the
 * variable's name; it may quote the value, except where that is or may hold a secret (S6).
 */
import { isIP } from 'node:net';
import { nanoUsd, NANO_PER_USD, type NanoUsd } from '@vivarium/core';
import { z } from 'zod';

export const DEFAULT_GROQ_API_URL = 'https://api.groq.com/openai/v1/chat/completions';

const LONGEST_TIMEOUT_SECONDS = 86_400;
const LARGEST_CAP_USD = 1_000_000;

/** Shown with every fault of the variable. */
export const EXAMPLES = {
  GROQ_API_KEY: 'GROQ_API_KEY=gsk_… (from console.groq.com), or leave it out to work with the simulator',
  GROQ_API_URL: `GROQ_API_URL=${DEFAULT_GROQ_API_URL}`,
  SWARM_API_URL: 'SWARM_API_URL=http://127.0.0.1:8420',
  DEFAULT_GROQ_MODEL: 'DEFAULT_GROQ_MODEL=llama-3.1-8b-instant',
  WORKER_TIMEOUT_SECONDS: 'WORKER_TIMEOUT_SECONDS=900',
  VIVARIUM_RUN_CAP_USD: 'VIVARIUM_RUN_CAP_USD=2.00',
  VIVARIUM_DAY_CAP_USD: 'VIVARIUM_DAY_CAP_USD=10.00',
  VIVARIUM_DURABILITY: 'VIVARIUM_DURABILITY=fsync',
  VIVARIUM_SEALING: 'VIVARIUM_SEALING=off',
  VIVARIUM_REPLY_CACHE: 'VIVARIUM_REPLY_CACHE=on',
  VIVARIUM_BREAKER_FAILURES: 'VIVARIUM_BREAKER_FAILURES=5',
  VIVARIUM_BREAKER_WINDOW_SECONDS: 'VIVARIUM_BREAKER_WINDOW_SECONDS=300',
  VIVARIUM_BREAKER_SPEND_USD: 'VIVARIUM_BREAKER_SPEND_USD=100',
  VIVARIUM_LISTEN: 'VIVARIUM_LISTEN=192.168.1.20:8443',
  VIVARIUM_TLS_CERT: 'VIVARIUM_TLS_CERT=/etc/vivarium/cert.pem',
  VIVARIUM_TLS_KEY: 'VIVARIUM_TLS_KEY=/etc/vivarium/key.pem',
  VIVARIUM_UNENCRYPTED: 'VIVARIUM_UNENCRYPTED=allow',
  NO_COLOR: 'NO_COLOR=1',
} as const;
export type Variable = keyof typeof EXAMPLES;

/** What an unset variable means; one that is not here has no default. */
export const DEFAULTS = {
  GROQ_API_URL: DEFAULT_GROQ_API_URL,
  DEFAULT_GROQ_MODEL: 'llama-3.1-8b-instant',
  WORKER_TIMEOUT_SECONDS: '900',
  VIVARIUM_RUN_CAP_USD: '2.00',
  VIVARIUM_DAY_CAP_USD: '10.00',
  VIVARIUM_DURABILITY: 'os',
  VIVARIUM_SEALING: 'on',
  VIVARIUM_REPLY_CACHE: 'off',
  VIVARIUM_BREAKER_FAILURES: '5',
  VIVARIUM_BREAKER_WINDOW_SECONDS: '300',
  VIVARIUM_BREAKER_SPEND_USD: '100',
} as const;

/** Built for the models that are known, which only the caller knows. */
export const variablesSchema = (knownModels: readonly string[]) =>
  z.object({
    GROQ_API_KEY: z.string().transform(parseKey).optional(),
    GROQ_API_URL: z.string().transform(parseUpstream),
    SWARM_API_URL: z.string().transform(parseGrindUrl).optional(),
    DEFAULT_GROQ_MODEL: z.string().refine((text) => knownModels.includes(text), {
      error: ({ input }) => `${quote(input)} is not one of ${knownModels.join(', ')}`,
    }),
    WORKER_TIMEOUT_SECONDS: z.string().transform(parseSeconds),
    VIVARIUM_RUN_CAP_USD: z.string().transform(parseUsd),
    VIVARIUM_DAY_CAP_USD: z.string().transform(parseUsd),
    VIVARIUM_DURABILITY: z.enum(['os', 'fsync'], {
      error: ({ input }) => `${quote(String(input))} is neither os nor fsync`,
    }),
    VIVARIUM_SEALING: z.enum(['on', 'off'], {
      error: ({ input }) => `${quote(String(input))} is neither on nor off`,
    }),
    VIVARIUM_REPLY_CACHE: z.enum(['on', 'off'], {
      error: ({ input }) => `${quote(String(input))} is neither on nor off`,
    }),
    VIVARIUM_BREAKER_FAILURES: z.string().transform(parseCount),
    VIVARIUM_BREAKER_WINDOW_SECONDS: z.string().transform(parseSeconds),
    VIVARIUM_BREAKER_SPEND_USD: z.string().transform(parseUsd),
    VIVARIUM_LISTEN: z.string().transform(parseListen).optional(),
    VIVARIUM_TLS_CERT: z.string().transform(parsePath).optional(),
    VIVARIUM_TLS_KEY: z.string().transform(parsePath).optional(),
    VIVARIUM_UNENCRYPTED: z
      .literal('allow', { error: ({ input }) => `${quote(String(input))} is not allow` })
      .optional(),
    NO_COLOR: z.string().optional(),
  });

type Context = z.RefinementCtx<string>;

/** Tells the fault; the value it returns stands for none, and nothing may be read from it. */
function fault(context: Context, message: string): never {
  context.addIssue({ code: 'custom', message });
  return z.NEVER;
}

/** Whatever is wrong with a key is said without it. */
function parseKey(text: string, context: Context): string {
  if (/\s/.test(text)) return fault(context, 'contains a blank or a line break');
  if (!/^[\x21-\x7e]+$/.test(text))
    return fault(context, 'contains characters that cannot stand in a request');
  if (/^(your|<|\$|changeme|xxx)/i.test(text))
    return fault(context, 'is still the placeholder of a template');
  return text;
}

const CHAT_PATH = '/openai/v1/chat/completions';

/** The seed's variable holds the address of one endpoint; what is used is where the API begins. */
function parseUpstream(text: string, context: Context): string {
  const url = parseUrl(text, context);
  if (url === undefined) return z.NEVER;
  if (url.protocol === 'http:' && !isLoopback(url.hostname))
    return fault(
      context,
      `${quote(text)} would send the key unencrypted; only loopback addresses may be http`,
    );
  const path = trimSlashes(url.pathname);
  const base = [CHAT_PATH, '/openai/v1'].find((end) => path.endsWith(end));
  if (base === undefined && path !== '')
    return fault(context, `${quote(text)} has a path that is not ${CHAT_PATH}`);
  return url.origin + path.slice(0, path.length - (base?.length ?? 0));
}

function parseGrindUrl(text: string, context: Context): string {
  const url = parseUrl(text, context);
  if (url === undefined) return z.NEVER;
  if (!['', '/grind'].includes(trimSlashes(url.pathname)))
    return fault(context, `${quote(text)} has a path; give scheme, host and port only`);
  return url.origin;
}

export interface ListenAt {
  /** An IP address of this machine, or 0.0.0.0 or :: for all of them. */
  readonly host: string;
  readonly port: number;
}

/** Names are not taken: what one resolves to is not this machine's to say. */
function parseListen(text: string, context: Context): ListenAt {
  const [, six, four, digits = ''] = /^(?:\[([0-9a-fA-F:.]+)\]|([0-9.]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = six ?? four ?? '';
  const port = Number(digits);
  if (isIP(host) === 0 || !(port >= 1 && port <= 65_535))
    return fault(
      context,
      `${quote(text)} is not an IP address and a port, as 192.168.1.20:8443 or [::]:8443`,
    );
  return { host, port };
}

function parsePath(text: string, context: Context): string {
  return text.startsWith('/') ? text : fault(context, `${quote(text)} is not an absolute path`);
}

/** Undefined, with the fault told, when it is not an address we take. */
function parseUrl(text: string, context: Context): URL | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const fault = whyNotUrl(text, url);
  if (fault === undefined) return url;
  context.addIssue({ code: 'custom', message: fault });
  return undefined;
}

function whyNotUrl(text: string, url: URL | undefined): string | undefined {
  // What has an @ in it may hold a password: not to be shown.
  if (url === undefined || !['http:', 'https:'].includes(url.protocol) || url.hostname === '') {
    return `${text.includes('@') ? 'the value' : quote(text)} is not an http or https address with scheme and host`;
  }
  if (url.username !== '' || url.password !== '')
    return 'holds a user name or password; addresses are written to logs, so they may not';
  if (url.search !== '' || url.hash !== '')
    return 'has a query or a fragment; give scheme, host and port only';
  return undefined;
}

/** Of a host as it stands in an address, or of a bare one. */
export const isLoopback = (hostname: string): boolean =>
  hostname === 'localhost' || hostname === '[::1]' || hostname === '::1' || /^127(\.\d+){3}$/.test(hostname);
const trimSlashes = (path: string): string => path.replace(/\/+$/, '');

function parseSeconds(text: string, context: Context): number {
  const seconds = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (!(seconds > 0 && seconds <= LONGEST_TIMEOUT_SECONDS))
    return fault(
      context,
      `${quote(text)} is not a number of seconds above 0 and up to ${LONGEST_TIMEOUT_SECONDS}`,
    );
  return Math.ceil(seconds * 1_000);
}

function parseCount(text: string, context: Context): number {
  const count = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  return count > 0 ? count : fault(context, `${quote(text)} is not a whole number above 0`);
}

/** Digit by digit: a cap is exactly what was written. */
function parseUsd(text: string, context: Context): NanoUsd {
  const [, dollars, decimals = ''] = /^\$?(\d{1,7})(?:\.(\d{1,9}))?$/.exec(text) ?? [];
  const amount =
    dollars === undefined ? Number.NaN : Number(dollars) * NANO_PER_USD + Number(decimals.padEnd(9, '0'));
  if (!(amount <= LARGEST_CAP_USD * NANO_PER_USD)) {
    return fault(
      context,
      `${quote(text)} is not an amount in US dollars from 0 to ${LARGEST_CAP_USD}, with up to 9 decimals`,
    );
  }
  return nanoUsd(amount);
}

const quote = (value: unknown): string => JSON.stringify(String(value).slice(0, 120));
