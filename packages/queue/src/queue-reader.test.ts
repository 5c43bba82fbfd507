import { VivariumError } from '@vivarium/core';
import { createMemoryMachine } from '@vivarium/platform/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { createQueueReader, type QueueReader } from './queue-reader.ts';

const path = '/queue.json';
const queueOf = (...ids: readonly string[]): string =>
  JSON.stringify({ tasks: ids.map((id) => ({ id, prompt: 'p' })) });
const nobody = (): boolean => false;

describe('queue.json while work is running', () => {
  let machine: ReturnType<typeof createMemoryMachine>;
  let reader: QueueReader;
  let problems: VivariumError[];
  const ids = (): readonly string[] => reader.read(nobody).tasks.map(({ id }) => id);

  beforeEach(() => {
    machine = createMemoryMachine();
    problems = [];
    reader = createQueueReader({
      path,
      files: machine.files,
      clock: machine.clock,
      onProblem: (problem) => problems.push(problem),
    });
  });

  it('Q6: a file that did not change is not read again', () => {
    machine.files.replace(path, queueOf('a'));
    const first = reader.read(nobody);
    const operations: string[] = [];
    machine.files.intercept((operation) => operations.push(operation));
    expect(reader.read(nobody)).toBe(first);
    expect(operations).toEqual(['stat']);
  });

  it('an edit that could not be read for a passing reason is read at the next look', () => {
    machine.files.replace(path, queueOf('a'));
    expect(ids()).toEqual(['a']);
    machine.files.replace(path, queueOf('a', 'b'));
    machine.files.failNext(
      'readText',
      new VivariumError('record_unreadable', 'too many open files', { remedy: { kind: 'retry' } }),
    );
    expect(ids()).toEqual(['a']);
    expect(ids()).toEqual(['a', 'b']);
    expect(problems).toEqual([]);
  });

  it('a broken edit leaves the last good version in force, and is told once, with its place', () => {
    machine.files.replace(path, queueOf('a'));
    expect(ids()).toEqual(['a']);
    machine.files.replace(path, '{"tasks": [}');
    expect(ids()).toEqual(['a']);
    expect(problems).toEqual([]);
    for (let look = 0; look < 10; look += 1) {
      machine.clock.advance(250);
      expect(ids()).toEqual(['a']);
    }
    expect(problems.map(({ message }) => message)).toEqual([
      '/queue.json:1:12 not valid JSON: value expected',
    ]);
    machine.files.replace(path, queueOf('a', 'b'));
    expect(ids()).toEqual(['a', 'b']);
    machine.files.replace(path, queueOf('a', 'a'));
    ids();
    machine.clock.advance(600);
    ids();
    expect(problems).toHaveLength(2);
  });

  it('an editor that empties the file before it fills it is not taken for a fault', () => {
    machine.files.replace(path, queueOf('a'));
    ids();
    machine.files.replace(path, '');
    expect(ids()).toEqual(['a']);
    machine.clock.advance(100);
    machine.files.replace(path, queueOf('b'));
    machine.clock.advance(1_000);
    expect(ids()).toEqual(['b']);
    expect(problems).toEqual([]);
  });

  it('a file that is gone while work is running is told, and the work goes on', () => {
    machine.files.replace(path, queueOf('a'));
    ids();
    machine.files.remove(path);
    ids();
    machine.clock.advance(600);
    expect(ids()).toEqual(['a']);
    expect(problems.map(({ message }) => message)).toEqual(['/queue.json is gone']);
  });

  it('begins empty where there is no file, and refuses to begin with a broken one until it is mended', () => {
    expect(ids()).toEqual([]);
    machine.files.replace(path, queueOf('a'));
    expect(ids()).toEqual(['a']);

    machine.files.replace(path, 'nonsense');
    const late = createQueueReader({ path, files: machine.files, clock: machine.clock });
    expect(() => late.read(nobody)).toThrow('queue.json:1:1');
    expect(() => late.read(nobody)).toThrow('queue.json:1:1');
    machine.files.replace(path, queueOf('b'));
    expect(late.read(nobody).tasks).toHaveLength(1);
  });
});
