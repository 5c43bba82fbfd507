import { expect, it } from 'vitest';
import { homeLayout } from '@vivarium/contracts';
import { initHome } from '@vivarium/home';
import { createMemoryMachine } from '@vivarium/platform/testing';
import { memoryTerminal } from '../testing/views.ts';
import { addFile } from './add-file.ts';

async function rejectedOf(files: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const machine = createMemoryMachine();
  machine.files.makeDirectory('/home');
  initHome(homeLayout('/home'), machine.files);
  for (const [name, text] of Object.entries(files)) machine.files.replace(`/home/${name}`, text);
  const terminal = memoryTerminal();
  const deps = { machine, terminal, env: {}, cwd: '/home', repository: '/home' };
  await addFile({ home: undefined, json: true, files: Object.keys(files) }, deps);
  const { added, rejected } = JSON.parse(terminal.out[0] ?? '') as {
    added: unknown[];
    rejected: { file: string; line: number; reason: string }[];
  };
  expect(added).toHaveLength(1);
  return rejected.map(({ file, line, reason }) => `${file}:${line} ${reason}`);
}

it('an id that is given twice is refused with the line that has it first', async () => {
  const lines = '{"id":"a","prompt":"one"}\n\n{"id":"a","prompt":"two"}\n';
  expect(await rejectedOf({ 'tasks.jsonl': lines })).toEqual([
    'tasks.jsonl:3 the id "a" is given twice, first in line 1',
  ]);
});

it('and with the file, when that is another', async () => {
  const files = { 'x.json': '[{"id":"a","prompt":"one"}]', 'y.json': '[\n{"id":"a","prompt":"two"}]' };
  expect(await rejectedOf(files)).toEqual(['y.json:2 the id "a" is given twice, first in x.json:1']);
});
