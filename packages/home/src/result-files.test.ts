import { homeIdOf, homeLayout, sha256 } from '@vivarium/contracts';
import { createMemoryMachine, type MemoryMachine } from '@vivarium/platform/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { initHome } from './home.ts';
import { createRecordStore } from './record-store.ts';
import {
  createPlaces,
  createResultIndex,
  resultLine,
  type ResultFault,
  type ResultIndex,
} from './result-files.ts';

const layout = homeLayout('/home');

describe('the index of answers', () => {
  let machine: MemoryMachine;
  let index: ResultIndex;
  beforeEach(() => {
    machine = createMemoryMachine();
    initHome(layout, machine.files);
    index = createResultIndex(layout, machine.files);
  });
  const find = (name: string): ResultFault | undefined => {
    for (const finding = index.find(name); ;) {
      const step = finding.next();
      if (step.done === true) return step.value;
    }
  };

  it('S5: says of each name whether its answer is there, and hears of what came since', () => {
    const store = createRecordStore({ layout, home: homeIdOf('/home'), machine });
    const name = store.putResult('one');
    expect(find(name)).toBeUndefined();
    const other = sha256('two');
    expect(find(other)).toMatchObject({ file: `results/${other.slice(0, 1)}.jsonl`, kind: 'gone' });
    store.putResult('two');
    expect(find(other)).toBeUndefined();
  });
  it('S5: begins anew with a file that took the place of the one it read: neither is what it knew believed, nor is the record accused', () => {
    // Two answers of one file.
    const text = (n: number): string => `text ${n}`;
    const [first = 0, second = 0] = Array.from({ length: 200 }, (_, n) => n).filter((n) =>
      sha256(text(n)).startsWith('b'),
    );
    const [a, b] = [text(first), text(second)].map((each) => ({
      name: sha256(each),
      line: resultLine(sha256(each), each),
    })) as [{ name: string; line: string }, { name: string; line: string }]; // `as`: as many as it was made of
    machine.files.replace(layout.result(a.name), `${resultLine('0'.repeat(64), 'x'.repeat(999))}${a.line}`);
    expect(find(a.name)).toBeUndefined();
    machine.files.replace(layout.result(b.name), b.line);
    expect(find(b.name)).toBeUndefined();
    expect(find(a.name)).toMatchObject({ kind: 'gone' });
  });
});

it('places are those of the last ten thousand', () => {
  const places = createPlaces();
  for (let n = 0; n < 10_001; n += 1) {
    places.set(String(n), n);
    places.set('0', 7);
  }
  expect(['0', '1', '2', '10000'].map((name) => places.get(name))).toEqual([7, undefined, 2, 10_000]);
});
