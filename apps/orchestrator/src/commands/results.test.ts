import { homeIdOf } from '@vivarium/contracts';
import { createRecordStore } from '@vivarium/home';
import { describe, expect, it } from 'vitest';
import { memoryHome, type MemoryHome } from '../testing/memory-home.ts';
import { ended, task } from '../testing/views.ts';
import { results } from './results.ts';

/** Of each id the answer; `two` and `three` had the same. */
const ANSWERS = { one: 'The first.\n', two: 'Alike.', three: 'Alike.', 'In/ways': '' };

function homeWith(): MemoryHome & { readonly directory: string } {
  const home = memoryHome([...Object.keys(ANSWERS), 'open', 'bad'].map((id) => task(id)));
  const record = createRecordStore({ layout: home.layout, home: homeIdOf('/home'), machine: home.machine });
  for (const [id, text] of Object.entries(ANSWERS))
    for (const line of ended(id, 'completed', {
      result_sha256: record.putResult(text),
      simulated: id === 'one',
    }))
      record.append('execution', line);
  for (const line of ended('bad', 'failed', { errors: 'no' })) record.append('execution', line);
  return { ...home, directory: '/home/answers' };
}
const call = async (home: MemoryHome, json = false) => {
  const deps = home.deps();
  const code = await results({ home: undefined, directory: 'answers', json }, deps);
  return { code, out: deps.terminal.out.join('\n'), err: deps.terminal.err.join('\n') };
};

describe('results', () => {
  it('writes the answer of every completed task to a file named after it, and of no other', async () => {
    const home = homeWith();
    expect(await call(home)).toEqual({
      code: 0,
      out: '4 results written to /home/answers, 1 of all simulated',
      err: '',
    });
    expect(home.machine.files.list('/home/answers')).toEqual([
      '%49n%2fways.txt',
      'one.txt',
      'three.txt',
      'two.txt',
    ]);
    expect(home.machine.files.readText('/home/answers/one.txt')).toBe('The first.\n');
    expect(home.machine.files.readText('/home/answers/three.txt')).toBe('Alike.');
  });
  it('again writes what is new, leaves what is something else, and says so', async () => {
    const home = homeWith();
    await call(home);
    home.machine.files.remove('/home/answers/two.txt');
    home.machine.files.replace('/home/answers/one.txt', 'with my notes');
    const told = await call(home);
    expect(told).toMatchObject({ code: 1, out: '1 result written to /home/answers, 2 there already' });
    expect(told.err).toMatch(
      /no answer of this record has the name of the result of one: it was left[\s\S]*another directory/,
    );
    expect(home.machine.files.readText('/home/answers/one.txt')).toBe('with my notes');
    expect(home.machine.files.readText('/home/answers/two.txt')).toBe('Alike.');
  });
  it('S5: names the tasks whose answer is gone or is not what was recorded, and writes the others', async () => {
    const home = homeWith();
    for (const name of home.machine.files.list(home.layout.results)) {
      const path = `${home.layout.results}/${name}`;
      const text = home.machine.files.readText(path) ?? '';
      home.machine.files.replace(path, text.replace('The first.', 'The worst.'));
    }
    const told = await call(home, true);
    expect(told.code).toBe(1);
    expect(JSON.parse(told.out)).toEqual({
      directory: '/home/answers', written: 3, renewed: 0, there: 0, simulated: 0, different: [], gone: ['one'], outdated: [],
      files: expect.arrayContaining([{ task_id: 'In/ways', file: '%49n%2fways.txt' }]) as unknown,
    }); // prettier-ignore
    expect(told.err).toContain('audit verify');
  });
  it('puts a new answer in the place of an earlier one, and says which are of tasks that are open again', async () => {
    const home = homeWith();
    await call(home);
    const record = createRecordStore({ layout: home.layout, home: homeIdOf('/home'), machine: home.machine });
    record.append('execution', { task_id: 'two', worker_id: 'orchestrator', status: 'queued', reason: 'again', timestamp: '2026-12-02T00:00:00.000Z', event: 'task.reopened', round: 2, attempt: 0, run_id: 'run_1' }); // prettier-ignore
    expect(await call(home)).toMatchObject({
      code: 0,
      err: expect.stringMatching(/earlier answer stands there of two:/) as unknown,
    });
    for (const line of ended('two', 'completed', { result_sha256: record.putResult('Better.'), round: 2 }))
      record.append('execution', { ...line, round: 2 });
    expect(await call(home)).toEqual({
      code: 0,
      out: '0 results written to /home/answers, 1 in place of earlier answers, 3 there already, 1 of all simulated',
      err: '',
    });
    expect(home.machine.files.readText('/home/answers/two.txt')).toBe('Better.');
  });
  it('a directory in the place of a file is left, half a character does not make a difference, and the rest is written', async () => {
    const home = homeWith();
    home.machine.files.makeDirectory('/home/answers/one.txt');
    const record = createRecordStore({ layout: home.layout, home: homeIdOf('/home'), machine: home.machine });
    for (const line of ended('open', 'completed', { result_sha256: record.putResult('cut \ud83d') }))
      record.append('execution', line);
    expect(await call(home)).toMatchObject({ code: 1, out: '4 results written to /home/answers' });
    expect(await call(home)).toMatchObject({
      code: 1,
      out: '0 results written to /home/answers, 4 there already',
    });
  });
  it('says what it wrote before the disk was full, and writes nothing into the home itself', async () => {
    const home = homeWith();
    home.machine.files.failNext('createExclusive', undefined, 2);
    const deps = home.deps();
    await expect(results({ home: undefined, directory: 'answers', json: false }, deps)).rejects.toThrow(
      'no space',
    );
    expect(deps.terminal.out.join()).toContain('2 results written');
    for (const directory of ['control', 'logs/answers'])
      await expect(results({ home: undefined, directory, json: false }, home.deps())).rejects.toThrow(
        /belongs to the home/,
      );
  });
});
