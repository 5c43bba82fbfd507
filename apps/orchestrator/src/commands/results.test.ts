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
      out: '4 results written to /home/answers; 1 of them simulated',
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
    expect(told).toMatchObject({ code: 1, out: '1 result written to /home/answers, 2 were there already' });
    expect(told.err).toMatch(
      /something else has the name of the result of one: it was left[\s\S]*another directory/,
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
      directory: '/home/answers', written: 3, there: 0, simulated: 0, different: [], gone: ['one'],
    }); // prettier-ignore
    expect(told.err).toContain('audit verify');
  });
});
