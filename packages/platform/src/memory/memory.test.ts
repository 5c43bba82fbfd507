import { describe, expect, it, vi } from 'vitest';
import { createManualClock } from './clock.ts';
import { createMemoryMachine } from './machine.ts';

describe('the clock moved by hand', () => {
  it('Q5: a jump of wall time moves no sleep and no monotonic time', () => {
    const clock = createManualClock(new Date('2026-03-01T12:00:00Z'));
    clock.advance(1_000);
    clock.setWall(new Date('2030-01-01T00:00:00Z'));
    expect(clock.monotonic()).toBe(1_000);
    clock.advance(500);
    expect(clock.now().toISOString()).toBe('2030-01-01T00:00:00.500Z');
  });
  it('wakes sleepers in the order of their times, each at its own', async () => {
    const clock = createManualClock();
    const woken: string[] = [];
    const sleeper = async (name: string, duration: number): Promise<void> => {
      await clock.sleep(duration);
      woken.push(`${name}@${clock.monotonic()}`);
    };
    const all = [sleeper('late', 30), sleeper('early', 10), sleeper('middle', 20)];
    await clock.advanceSettled(25);
    expect(woken).toEqual(['early@10', 'middle@20']);
    expect(clock.sleeping).toBe(1);
    await clock.advanceSettled(5);
    await Promise.all(all);
    expect(woken).toEqual(['early@10', 'middle@20', 'late@30']);
  });
  it('lets a loop that sleeps again and again run its rounds within one step', async () => {
    const clock = createManualClock();
    let rounds = 0;
    const stop = new AbortController();
    const loop = (async () => {
      while (!stop.signal.aborted) {
        await clock.sleep(10, stop.signal);
        rounds += 1;
      }
    })();
    await clock.advanceSettled(100);
    expect(rounds).toBe(10);
    stop.abort();
    await loop;
  });
});

describe('faults of the memory disk', () => {
  const setUp = (): ReturnType<typeof createMemoryMachine>['files'] => {
    const { files } = createMemoryMachine();
    files.makeDirectory('/home');
    return files;
  };
  it('fail the n-th call of an operation, once, without effect', () => {
    const files = setUp();
    files.failNext('append', new Error('planned'), 2);
    files.append('/home/a', '1');
    files.append('/home/a', '2');
    expect(() => files.append('/home/a', '3')).toThrow('planned');
    files.append('/home/a', '4');
    expect(files.readText('/home/a')).toBe('124');
  });
  it('Q8: cut one append short, as a full disk does', () => {
    const files = setUp();
    files.truncateNextAppend(3);
    expect(() => files.append('/home/a', 'abcdef\n')).toThrow(
      expect.objectContaining({ code: 'record_unwritable' }) as Error,
    );
    files.append('/home/a', 'next\n');
    expect(files.readText('/home/a')).toBe('abcnext\n');
  });
  it('let another process act between two calls', () => {
    const files = setUp();
    const seen: string[] = [];
    const stop = files.intercept((operation, path) => {
      seen.push(`${operation} ${path}`);
      if (operation === 'append') throw new Error('stopped before');
    });
    expect(() => files.append('/home/a', 'x')).toThrow('stopped before');
    stop();
    files.append('/home/a', 'y');
    expect(seen).toEqual(['append /home/a']);
    expect(files.readText('/home/a')).toBe('y');
  });
  it('tell watchers after the call, as a system does', async () => {
    const files = setUp();
    const onChange = vi.fn();
    files.watch('/home', onChange);
    files.append('/home/a', 'x');
    expect(onChange).not.toHaveBeenCalled();
    await Promise.resolve();
    expect(onChange).toHaveBeenCalledOnce();
  });
});
