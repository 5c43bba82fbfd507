/**
 * S6: the one detector of secrets, and the one redactor, for wherever text enters the record, a reply or an error. Pure.
 *
 * It knows the shapes that keys are given by those who issue them, so that a hash, an id or a long word is none; a password in prose has no shape, and is not
 * found. Patterns hold no quote and no backslash: they may be looked for in JSON text as well as in what it stands for.
 */
interface Shape {
  /** What it is, as an error names it. */
  readonly kind: string;
  /** Begins with the mark, which is plain text, and a pattern of itself: a text without it needs no closer look, and one with it is searched from mark to mark. */
  readonly mark: string;
  readonly pattern: RegExp;
}

/** What may stand before a key. Also an escape of JSON: its letter is none of the key's. */
const BEFORE = String.raw`(?:^|[^A-Za-z0-9_-]|\\[bfnrt]|\\u[0-9a-fA-F]{4})`;
const AFTER = String.raw`(?![A-Za-z0-9_-])`;
const key = (kind: string, mark: string, rest: string): Shape => ({
  kind,
  mark,
  pattern: new RegExp(`${mark}(?<=${BEFORE}${mark})${rest}${AFTER}`, 'g'),
});

const SHAPES: readonly Shape[] = [
  key('a Groq key', 'gsk_', '[A-Za-z0-9]{20,200}'),
  key('a Vivarium token', 'viv_', '[0-9a-f]{64}'),
  key('an API key', 'sk-', '(?:[A-Za-z]{2,12}-){0,3}[A-Za-z0-9_-]{20,200}'),
  ...['AKIA', 'ASIA'].map((mark) => key('an AWS key', mark, '[0-9A-Z]{16}')),
  key('a Google key', 'AIza', '[0-9A-Za-z_-]{35}'),
  ...['ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_'].map((mark) =>
    key('a GitHub token', mark, '[A-Za-z0-9]{36,255}'),
  ),
  key('a GitHub token', 'github_pat_', '[A-Za-z0-9_]{22,255}'),
  key('a GitLab token', 'glpat-', '[A-Za-z0-9_-]{20,64}'),
  key('a Slack token', 'xox', '[abeprs]-[A-Za-z0-9-]{10,200}'),
  key('a Hugging Face token', 'hf_', '[A-Za-z0-9]{30,64}'),
  key('an npm token', 'npm_', '[A-Za-z0-9]{36}'),
  // Not the mark `sk_`: every line of the record has it, in `task_id`.
  ...['sk_live_', 'sk_test_', 'rk_live_', 'rk_test_'].map((mark) =>
    key('a Stripe key', mark, '[A-Za-z0-9]{16,128}'),
  ),
  key(
    'a signed token',
    'eyJ',
    String.raw`[A-Za-z0-9_-]{10,2000}\.eyJ[A-Za-z0-9_-]{10,4000}\.[A-Za-z0-9_-]{10,1000}`,
  ),
  { kind: 'a bearer token', mark: 'Bearer ', pattern: /(?<=\bBearer )[A-Za-z0-9._~+/-]{24,2000}/g },
  {
    kind: 'a private key',
    mark: 'PRIVATE KEY-----',
    pattern:
      /-----BEGIN (?:[A-Z]{2,12} ){0,2}PRIVATE KEY-----[^"]{20,20000}?-----END (?:[A-Z]{2,12} ){0,2}PRIVATE KEY-----/g,
  },
];

/** Any of the marks: one look, which nearly every text ends with (measured, Node 20: 0.8 µs for a line, where asking for each mark took 1.9). */
const MARKED = new RegExp(SHAPES.map(({ mark }) => mark).join('|'));

export const REDACTED = '[secret removed]';

/** What kinds of secrets a text holds, without repeating any of them. */
export function secretsIn(text: string): readonly string[] {
  if (!MARKED.test(text)) return [];
  const kinds = new Set<string>();
  for (const { kind, mark, pattern } of SHAPES)
    if (text.includes(mark) && text.search(pattern) !== -1) kinds.add(kind);
  return [...kinds];
}

/** The text without what is shaped like a secret. The same text when it holds none. */
export function redact(text: string): string {
  if (!MARKED.test(text)) return text;
  let clean = text;
  for (const { mark, pattern } of SHAPES) if (clean.includes(mark)) clean = clean.replace(pattern, REDACTED);
  return clean;
}

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
