/**
 * Who started us, when npm did. npm runs a script through a shell: the shell is our parent and npm is above it, and when npm alone is killed the
 * shell stays and waits for us for ever. Where the shell makes way for its command (bash does), npm is our parent, and above it is whoever may well
 * leave while npm goes on (`nohup npm start &`). So the one above is looked at only where a shell is between. Reads; owns nothing.
 */
import { readFileSync } from 'node:fs';

const SHELLS = /^(?:sh|dash|ash|bash|zsh|ksh|fish|busybox)$/;

/** Changes when npm, or the shell it started us through, is gone: an orphan gets another parent. */
export function ancestry(): string {
  return ancestryIn(process.ppid, readStat);
}

/** `statOf`: the text of /proc/<pid>/stat; undefined where the system has none, or the process is just going. */
export function ancestryIn(parent: number, statOf: (pid: number) => string | undefined): string {
  const stat = readStatText(statOf(parent) ?? '');
  return stat !== undefined && SHELLS.test(stat.name) ? `${parent} ${stat.parent}` : String(parent);
}

/** `pid (name) state ppid …`; the name may hold anything, brackets and blanks included. */
function readStatText(stat: string): { readonly name: string; readonly parent: string } | undefined {
  const end = stat.lastIndexOf(')');
  const parent = stat.slice(end + 2).split(' ')[1];
  return end === -1 || parent === undefined
    ? undefined
    : { name: stat.slice(stat.indexOf('(') + 1, end), parent };
}

function readStat(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined;
  }
}
