/**
 * Who started us. npm runs a script through a shell: when npm alone is killed, the shell stays and waits for us for ever, and our parent is still
 * there. So the parent of the parent is looked at too, where the system tells it (/proc). Reads; owns nothing.
 */
import { readFileSync } from 'node:fs';

/** Changes when the parent, or its parent, is gone: an orphan gets another one. */
export function ancestry(): string {
  return `${process.ppid} ${parentOf(process.ppid) ?? ''}`;
}

function parentOf(pid: number): string | undefined {
  try {
    return parentIn(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    // No /proc on this system, or the parent is just going: its end is seen by the change of our own parent.
    return undefined;
  }
}

/** `pid (name) state ppid …`; the name may hold anything, brackets and blanks included. */
export function parentIn(stat: string): string | undefined {
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1];
}
