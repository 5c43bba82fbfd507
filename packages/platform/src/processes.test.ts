import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { createMemoryDisk } from './memory/disk.ts';
import { createMemoryMachine } from './memory/machine.ts';
import { createNodeProcesses, parseProcStat } from './processes.ts';

describe('processes of Node', () => {
  const processes = createNodeProcesses();

  it('Q5: the running process is not gone, and knows its own start', () => {
    expect(processes.self.pid).toBe(process.pid);
    expect(processes.self.started).not.toBe('');
    expect(processes.isGone(processes.self)).toBe(false);
    expect(createNodeProcesses().self).toEqual(processes.self);
  });
  it('Q5: another process that got the same pid is not taken for the first', () => {
    expect(processes.isGone({ ...processes.self, started: '1' })).toBe(true);
  });
  it('Q5: a process whose start is not known counts as alive while its pid is', () => {
    expect(processes.isGone({ ...processes.self, started: '' })).toBe(false);
  });
  it('Q5: nothing is said of processes of another host', () => {
    expect(processes.isGone({ pid: 999_999_999, started: '1', host: 'elsewhere.invalid' })).toBe(false);
  });
  it('Q5: a child is alive until it ends, then gone', async () => {
    const child = spawn(process.execPath, ['-e', 'process.stdin.resume()'], {
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    await once(child, 'spawn');
    const identity = { pid: child.pid ?? -1, started: '', host: processes.self.host };
    expect(processes.isGone(identity)).toBe(false);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(processes.isGone(identity)).toBe(true);
  });
});

describe('parseProcStat', () => {
  const line = (name: string, state: string): string =>
    `4242 (${name}) ${state} 1 ${Array.from({ length: 17 }, () => '0').join(' ')} 987654 0 0`;
  it('Q5: finds the start behind any name, parentheses and blanks included', () => {
    for (const name of ['node', 'a b', 'x) R 1 (y', ')', '((', 'tmux: server']) {
      expect(parseProcStat(line(name, 'S'))).toEqual({ kind: 'running', started: '987654' });
    }
  });
  it('Q5: a zombie counts as gone', () => {
    expect(parseProcStat(line('node', 'Z'))).toEqual({ kind: 'gone' });
    expect(parseProcStat(line('node', 'X'))).toEqual({ kind: 'gone' });
  });
  it('Q5: what it cannot read says nothing', () => {
    expect(parseProcStat('')).toEqual({ kind: 'unknown' });
  });
});

describe('processes in memory', () => {
  it('are alive until ended, and know each other across machines of one disk', () => {
    const disk = createMemoryDisk();
    const [a, b, far] = [
      createMemoryMachine({ disk }),
      createMemoryMachine({ disk }),
      createMemoryMachine({ disk, host: 'far' }),
    ];
    expect(a.processes.self.pid).not.toBe(b.processes.self.pid);
    expect(a.processes.isGone(b.processes.self)).toBe(false);
    b.processes.end(b.processes.self);
    expect(a.processes.isGone(b.processes.self)).toBe(true);
    expect(far.processes.isGone(b.processes.self)).toBe(false);
  });
});
