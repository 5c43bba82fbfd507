/** What lines that share a write may rely on. */
import { describe, expect, it } from 'vitest';
import { createGroupCommit, type Appended } from './group-commit.ts';

const fault = new Error('no space');
const LENGTH = 10;

/** A log of lines of ten bytes each. `room`: bytes it still takes. */
function world(room = Number.POSITIVE_INFINITY) {
  const lines: string[] = [];
  const told: string[] = [];
  const writes: (readonly string[])[] = [];
  const ends: (() => void)[] = [];
  let left = room;
  let first = 0;
  let stood: Appended = { at: 0, lengths: [] };
  const group = createGroupCommit<string>({
    append(given) {
      writes.push(given);
      first = lines.length;
      const fitting = given.slice(0, Math.floor(left / LENGTH));
      lines.push(...fitting);
      left -= given.length * LENGTH;
      stood = { at: first * LENGTH, lengths: fitting.map(() => LENGTH) };
      if (left < 0) {
        left = 0;
        throw fault;
      }
      return stood;
    },
    standing: () => stood,
    soon: (then) => ends.push(then),
  });
  const give = async (line: string): Promise<string> => {
    try {
      await group.give(line, (at) => told.push(`${line} at ${at}`));
      return told.some((each) => each.startsWith(line)) ? 'stands' : 'not told';
    } catch (error) {
      return error === fault ? 'refused' : String(error);
    }
  };
  return { lines, told, writes, ends, give, group, free: () => (left = Number.POSITIVE_INFINITY) };
}

describe('lines of one turn', () => {
  it('share one write at its end, in their order, and each is told where it stands before anybody goes on', async () => {
    const { give, ends, writes, told } = world();
    const given = ['a', 'b', 'c'].map(give);
    expect([writes, ends.length]).toEqual([[], 1]);
    ends[0]?.();
    expect(told).toEqual(['a at 0', 'b at 10', 'c at 20']);
    expect(await Promise.all(given)).toEqual(['stands', 'stands', 'stands']);
    const next = give('d');
    ends[1]?.();
    expect([await next, told.at(-1)]).toEqual(['stands', 'd at 30']);
    expect(writes).toEqual([['a', 'b', 'c'], ['d']]);
  });

  it('Q8: of a write that ends short those that stand count, once, and the others are tried by themselves', async () => {
    const { give, ends, writes, told, lines, free } = world(25);
    const given = ['a', 'b', 'c', 'd'].map(give);
    ends[0]?.();
    expect(await Promise.all(given)).toEqual(['stands', 'stands', 'refused', 'refused']);
    expect(told).toEqual(['a at 0', 'b at 10']);
    expect(writes).toEqual([['a', 'b', 'c', 'd'], ['c'], ['d']]);
    free();
    const again = give('c');
    ends[1]?.();
    expect([await again, lines]).toEqual(['stands', ['a', 'b', 'c']]);
  });

  it('are all refused when nobody can say what stands', async () => {
    const ends: (() => void)[] = [];
    const group = createGroupCommit<string>({
      append() {
        throw fault;
      },
      standing() {
        throw new Error('cannot look');
      },
      soon: (then) => ends.push(then),
    });
    const given = ['a', 'b'].map((line) => group.give(line, () => undefined));
    ends[0]?.();
    for (const each of given) await expect(each).rejects.toBe(fault);
  });

  it('a listener that throws is the trouble of its own line alone', async () => {
    const { group, ends, give } = world();
    const bad = group.give('a', () => {
      throw new RangeError('no sum');
    });
    const good = give('b');
    ends[0]?.();
    await expect(bad).rejects.toThrow('no sum');
    expect(await good).toBe('stands');
  });

  it('do not wait for the end of the turn when they are asked not to', async () => {
    const { give, group, ends, writes } = world();
    const given = give('a');
    group.flush();
    expect(await given).toBe('stands');
    ends[0]?.();
    expect(writes).toEqual([['a']]);
  });
});
