/**
 * S6: the one detector of secrets, and the one redactor, for wherever text enters the record, a reply or an error. Pure.
 *
 * It knows the shapes that keys are given by those who issue them, so that a hash, an id or a long word is none; a password in prose has no shape, and is not
 * found. Patterns hold no quote and no backslash: they may be looked for in JSON text as well as in what it stands for.
 */
interface Shape {
  /** What it is, as an error names it. */
  readonly kind: string;
  readonly pattern: string;
}

const END = String.raw`(?![A-Za-z0-9_-])`;
/** Also right behind an escape of JSON: its letter is none of the word's. */
const START = String.raw`(?:(?<![A-Za-z0-9_-])|(?<=\\[bfnrt])|(?<=\\u[0-9a-fA-F]{4}))`;
const whole = (pattern: string): string => `${START}${pattern}${END}`;

const SHAPES: readonly Shape[] = [
  { kind: 'a Groq key', pattern: whole('gsk_[A-Za-z0-9]{20,200}') },
  { kind: 'an API key', pattern: whole('sk-(?:[A-Za-z]{2,12}-){0,3}[A-Za-z0-9_-]{20,200}') },
  { kind: 'an AWS key', pattern: whole('(?:AKIA|ASIA)[0-9A-Z]{16}') },
  { kind: 'a Google key', pattern: whole('AIza[0-9A-Za-z_-]{35}') },
  {
    kind: 'a GitHub token',
    pattern: whole('(?:gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{22,255})'),
  },
  { kind: 'a GitLab token', pattern: whole('glpat-[A-Za-z0-9_-]{20,64}') },
  { kind: 'a Slack token', pattern: whole('xox[abeprs]-[A-Za-z0-9-]{10,200}') },
  { kind: 'a Hugging Face token', pattern: whole('hf_[A-Za-z0-9]{30,64}') },
  { kind: 'an npm token', pattern: whole('npm_[A-Za-z0-9]{36}') },
  { kind: 'a Stripe key', pattern: whole('[rs]k_(?:live|test)_[A-Za-z0-9]{16,128}') },
  {
    kind: 'a signed token',
    pattern: whole(String.raw`eyJ[A-Za-z0-9_-]{10,2000}\.eyJ[A-Za-z0-9_-]{10,4000}\.[A-Za-z0-9_-]{10,1000}`),
  },
  { kind: 'a bearer token', pattern: String.raw`(?<=\bBearer )[A-Za-z0-9._~+/-]{24,2000}` },
  {
    kind: 'a private key',
    pattern: String.raw`-----BEGIN (?:[A-Z]{2,12} ){0,2}PRIVATE KEY-----[^"]{20,20000}?-----END (?:[A-Z]{2,12} ){0,2}PRIVATE KEY-----`,
  },
];

const ALL = new RegExp(SHAPES.map(({ pattern }) => `(${pattern})`).join('|'), 'g');
/** Every shape begins with one of these: a text without them needs no closer look. */
const HINTS =
  /gsk_|sk-|AKIA|ASIA|AIza|gh[pousr]_|github_pat_|glpat-|xox[abeprs]-|hf_|npm_|[rs]k_|eyJ|Bearer |PRIVATE KEY/;

export const REDACTED = '[secret removed]';

/** What kinds of secrets a text holds, without repeating any of them. */
export function secretsIn(text: string): readonly string[] {
  if (!HINTS.test(text)) return [];
  const kinds = new Set<string>();
  for (const match of text.matchAll(ALL)) {
    const index = match.slice(1).findIndex((group) => group !== undefined);
    kinds.add(SHAPES[index]?.kind ?? 'a secret');
  }
  return [...kinds];
}

/** The text without what is shaped like a secret. The same text when it holds none. */
export const redact = (text: string): string => (HINTS.test(text) ? text.replace(ALL, REDACTED) : text);

/** A redactor that knows some secrets whatever their shape, also as they stand in JSON, in an address, and in Base64. Words shorter than a secret would garble texts. */
export function createRedactor(secrets: readonly string[]): (text: string) => string {
  const known = secrets
    .filter((secret) => secret.length >= SHORTEST)
    .flatMap((secret) => [
      secret,
      JSON.stringify(secret).slice(1, -1),
      encodeURIComponent(secret),
      base64(secret),
    ]);
  if (known.length === 0) return redact;
  const forms = [...new Set(known)];
  return (text) => {
    let clean = text;
    for (const form of forms) if (clean.includes(form)) clean = clean.replaceAll(form, REDACTED);
    return redact(clean);
  };
}

const SHORTEST = 12;
/** Without its padding: it may stand inside a longer one. */
const base64 = (text: string): string =>
  btoa(String.fromCharCode(...new TextEncoder().encode(text))).replace(/=+$/, '');
