/**
 * Which process is which. On Linux a process is its pid and its start in clock ticks since boot (/proc/<pid>/stat, field 22); elsewhere its pid
 * and the start `ps` prints. A pid is given out again, sometimes within seconds: the start tells the two apart (Q5).
 * Processes of another host cannot be looked at and are never said to be gone.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import type { Processes, ProcessIdentity } from '@vivarium/core';
import { isMissing, systemCode } from './faults.ts';

/** `unknown`: somebody is there, or might be, and the start cannot be had. */
type Look =
  | { readonly kind: 'running'; readonly started: string }
  | { readonly kind: 'gone' }
  | { readonly kind: 'unknown' };

export function createNodeProcesses(): Processes {
  const lookAt = process.platform === 'linux' ? lookInProc : lookWithPs;
  const host = hostname();
  let self: ProcessIdentity | undefined;
  return {
    /** Asked for on first use: where `ps` must answer it takes some milliseconds. */
    get self() {
      if (self === undefined) {
        const look = lookAt(process.pid);
        self = { pid: process.pid, started: look.kind === 'running' ? look.started : '', host };
      }
      return self;
    },
    isGone(other) {
      if (other.host !== host) return false;
      const look = lookAt(other.pid);
      switch (look.kind) {
        case 'gone':
          return true;
        case 'unknown':
          return false;
        case 'running':
          return other.started !== '' && look.started !== other.started;
      }
    },
  };
}

function lookInProc(pid: number): Look {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch (error) {
    // ESRCH: it ended between open and read. Anything else (no /proc, hidepid) says nothing about the process.
    if (systemCode(error) === 'ESRCH') return { kind: 'gone' };
    return isMissing(error) ? lookBySignal(pid) : { kind: 'unknown' };
  }
  return parseProcStat(text);
}

/** `pid (name) state ppid …`. The name may hold blanks and parentheses, so the fields are counted from the last closing one. */
export function parseProcStat(text: string): Look {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state] = fields;
  const started = fields[19];
  // A zombie has ended; only its parent has not asked how.
  if (state === 'Z' || state === 'X' || state === 'x') return { kind: 'gone' };
  return started === undefined ? { kind: 'unknown' } : { kind: 'running', started };
}

function lookWithPs(pid: number): Look {
  const answer = spawnSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], {
    encoding: 'utf8',
    env: { PATH: '/bin:/usr/bin', LC_ALL: 'C', TZ: 'UTC' },
  });
  if (answer.error !== undefined) return lookBySignal(pid);
  const [, state, started] = /^\s*(\S+)\s+(.+?)\s*$/.exec(answer.stdout) ?? [];
  if (state === undefined || started === undefined) return lookBySignal(pid);
  return state.startsWith('Z') ? { kind: 'gone' } : { kind: 'running', started };
}

/** Signal 0 asks only whether there is such a process. */
function lookBySignal(pid: number): Look {
  try {
    process.kill(pid, 0);
    return { kind: 'unknown' };
  } catch (error) {
    return systemCode(error) === 'ESRCH' ? { kind: 'gone' } : { kind: 'unknown' };
  }
}
