import { createMemoryDisk, createMemoryMachine } from '@vivarium/platform/testing';
import { describe, expect, it } from 'vitest';
import { createRecordStore, initHome } from '@vivarium/home';
import { homeIdOf, homeLayout } from '@vivarium/contracts';
import { addToQueue } from './queue-writer.ts';

const layout = homeLayout('/home');
const path = layout.queue;
const nobody = (): boolean => false;

function open(disk = createMemoryDisk()) {
  const machine = createMemoryMachine({ disk });
  const { files, fileLock } = machine;
  const record = createRecordStore({ layout, home: homeIdOf('/home'), machine });
  initHome(layout, files);
  return {
    disk,
    machine,
    add: (...ids: readonly string[]) =>
      addToQueue(
        { layout, files, fileLock, clock: machine.clock, record },
        ids.map((id) => ({ id, prompt: 'p' })),
        nobody,
      ),
    ids: () =>
      (JSON.parse(files.readText(path) ?? '{"tasks":[]}') as { tasks: { id: string }[] }).tasks.map(
        ({ id }) => id,
      ),
  };
}

describe('adding to queue.json', () => {
  it('adds again what another holder overwrote after a stall, and says added once', async () => {
    const first = open();
    const second = open(first.disk);
    let reads = 0;
    // Another holder, who had read before, writes its own version between our replace and our reading it back.
    first.machine.files.intercept((operation) => {
      if (operation !== 'readText') return;
      reads += 1;
      if (reads === 2) second.machine.files.replace(path, '{"tasks":[{"id":"theirs","prompt":"p"}]}');
    });
    const answer = await first.add('ours', 'also ours');
    expect(reads).toBe(4);
    expect(answer.rejected).toEqual([]);
    expect(answer.added.map(({ id }) => id)).toEqual(['ours', 'also ours']);
    expect(first.ids()).toEqual(['theirs', 'ours', 'also ours']);
  });

  it('takes what it wrote before it lost the lock for added, not for a duplicate', async () => {
    const { add, ids, machine } = open();
    let replaced = 0;
    machine.files.intercept((operation) => {
      if (operation !== 'replace') return;
      replaced += 1;
      if (replaced === 1) queueMicrotask(machine.fileLock.compromise(path));
    });
    const answer = await add('a', 'b');
    expect(answer).toMatchObject({ added: [{ id: 'a' }, { id: 'b' }], rejected: [] });
    expect(ids()).toEqual(['a', 'b']);
    expect(replaced).toBe(1);
  });

  it('keeps what somebody saved by hand after the file was read', async () => {
    const { add, ids, machine, disk } = open();
    await add('a');
    const editor = createMemoryMachine({ disk });
    let looks = 0;
    machine.files.intercept((operation) => {
      if (operation !== 'stat') return;
      looks += 1;
      if (looks === 2) editor.files.replace(path, '{"tasks":[{"id":"by hand","prompt":"p"}]}');
    });
    expect((await add('b')).added.map(({ id }) => id)).toEqual(['b']);
    expect(ids()).toEqual(['by hand', 'b']);
  });

  it('writes nothing when nothing can be added, and nothing into a file it cannot read', async () => {
    const { add, machine } = open();
    await add('a');
    const before = machine.files.readText(path);
    expect((await add('a')).rejected).toHaveLength(1);
    expect(machine.files.readText(path)).toBe(before);
    machine.files.replace(path, '{"tasks": [oops]}');
    await expect(add('b')).rejects.toThrow('/home/queue.json:1:12');
    expect(machine.files.readText(path)).toBe('{"tasks": [oops]}');
  });

  it('gives up with a remedy when something else never stops writing', async () => {
    const { add, machine, disk } = open();
    const other = createMemoryMachine({ disk });
    let writes = 0;
    machine.files.intercept((operation) => {
      if (operation !== 'readText') return;
      writes += 1;
      other.files.replace(path, `{"tasks":[{"id":"other ${writes}","prompt":"p"}]}`);
    });
    await expect(add('a')).rejects.toMatchObject({ code: 'queue_locked', remedy: { kind: 'retry' } });
  });
});
