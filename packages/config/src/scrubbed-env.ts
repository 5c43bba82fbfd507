/**
 * The environment of a child that must hold no secret (S6): a worker, a panel, a simulator. Only what is known to be needed is let
 * through, because nobody can list the names under which secrets are kept; and of that, nothing whose name speaks of a secret and
 * nothing that holds the key under another name.
 */
import type { Environment } from './environment.ts';

const NEEDED = new Set(
  [
    'PATH HOME USER LOGNAME SHELL PWD LANG LANGUAGE TZ TERM COLORTERM NO_COLOR FORCE_COLOR COLUMNS CI',
    'TMPDIR TMP TEMP LD_LIBRARY_PATH DYLD_LIBRARY_PATH',
    'SYSTEMROOT SYSTEMDRIVE WINDIR COMSPEC PATHEXT USERPROFILE APPDATA LOCALAPPDATA PROGRAMDATA',
    'SWARM_API_URL DEFAULT_GROQ_MODEL WORKER_TIMEOUT_SECONDS',
  ].flatMap((names) => names.split(' ')),
);
const NEEDED_PREFIXES = ['LC_', 'NODE_', 'VIVARIUM_', 'XDG_'];
const SECRET = /KEY|SECRET|TOKEN|PASS|CREDENTIAL|AUTH|COOKIE|SESSION_ID|PRIVATE|SIGNATURE/;
/** A value shorter than this is found everywhere by accident. */
const SHORTEST_KEY = 8;

export function scrubbedEnv(env: Environment): Record<string, string> {
  const key = env['GROQ_API_KEY']?.trim() ?? '';
  const holdsKey = (value: string): boolean => key.length >= SHORTEST_KEY && value.includes(key);
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined && isNeeded(name.toUpperCase()) && !holdsKey(value)) kept[name] = value;
  }
  return kept;
}

const isNeeded = (name: string): boolean =>
  !SECRET.test(name) && (NEEDED.has(name) || NEEDED_PREFIXES.some((prefix) => name.startsWith(prefix)));
