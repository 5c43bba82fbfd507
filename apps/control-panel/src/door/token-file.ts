/**
 * `run/panel.token`: the launch link of this panel and the key of its sessions, readable by the owner alone (mode 0600 from its first byte).
 * Written with Node's own calls because the port of files knows no modes. Whoever may read it may steer the panel: that is the owner of the home.
 */
import { closeSync, openSync, readFileSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { z } from 'zod';

export const TokenFile = z.object({ link: z.string(), key: z.string().regex(/^[0-9a-f]{64}$/), pid: z.int() });
export type TokenFile = Readonly<z.infer<typeof TokenFile>>;

/** A key is not taken over when it is older: an open page of yesterday has to come in again. */
const OLDEST_KEY_MS = 12 * 3_600_000;

export function writeTokenFile(path: string, content: TokenFile): void {
  const temporary = `${path}.${content.pid}.tmp`;
  rmSync(temporary, { force: true });
  // 'wx': a name that somebody else has put there, a link above all, is not written through.
  const descriptor = openSync(temporary, 'wx', 0o600);
  try {
    writeSync(descriptor, `${JSON.stringify(content)}\n`);
  } finally {
    closeSync(descriptor);
  }
  renameSync(temporary, path);
}

/** The key that a panel left behind when it crashed, if it is young enough and nobody but the owner could read it. */
export function leftoverKey(path: string, nowMs: number): string | undefined {
  try {
    const stat = statSync(path);
    const isPrivate = process.platform === 'win32' || (stat.mode & 0o077) === 0;
    if (!isPrivate || nowMs - stat.mtimeMs > OLDEST_KEY_MS) return undefined;
    return TokenFile.parse(JSON.parse(readFileSync(path, 'utf8'))).key;
  } catch {
    // Missing, unreadable or not ours: a new key is always right.
    return undefined;
  }
}

/** Removes the file at a clean stop, unless another panel has written its own by then. */
export function removeTokenFile(path: string, pid: number): void {
  try {
    if (TokenFile.parse(JSON.parse(readFileSync(path, 'utf8'))).pid === pid) rmSync(path, { force: true });
  } catch {
    // Nothing there, or nothing of ours.
  }
}
