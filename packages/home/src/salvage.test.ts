import { describe, expect, it } from 'vitest';
import { salvage } from './salvage.ts';

const found = (text: string): unknown => {
  const line = Buffer.from(text);
  const salvaged = salvage(line);
  return salvaged && { value: salvaged.value, before: line.toString('utf8', 0, salvaged.start) };
};

describe('Q8: a whole line behind a fragment', () => {
  const whole = {
    task_id: 'b',
    event_id: 'e2',
    nested: { list: [{ a: 1 }] },
    text: 'a {"brace" in a text, grüße',
  };

  it('is found wherever the fragment was cut', () => {
    const before = JSON.stringify({
      task_id: 'a',
      event_id: 'e1',
      text: 'grüße {"x":1}',
      nested: { b: { c: 2 } },
    });
    for (let cut = 1; cut <= before.length; cut += 1) {
      const fragment = before.slice(0, cut);
      expect(found(fragment + JSON.stringify(whole))).toEqual({ value: whole, before: fragment });
    }
  });
  it('is found behind several fragments', () => {
    expect(found(`{"task{"task_id":"x","ev${JSON.stringify(whole)}`)).toEqual({
      value: whole,
      before: '{"task{"task_id":"x","ev',
    });
  });
  it('is not made of the inner parts of a torn line', () => {
    expect(found('{"task_id":"a","metadata":{"x":1}')).toBeUndefined();
    expect(found('{"task_id":"a","metadata":{"timestamp":"now","deeper":{"y":2}}')).toBeUndefined();
  });
  it('is not made of a text that looks like a line', () => {
    const forged = JSON.stringify({ text: JSON.stringify(whole) });
    expect(found(forged.slice(0, -1))).toBeUndefined();
    expect(found(`{"a":1${forged}`)).toBeUndefined();
  });
  it('is not found when something stands behind it', () => {
    expect(found(`{"task${JSON.stringify(whole)}#torn`)).toBeUndefined();
  });
  it('is looked for in reasonable time', () => {
    const start = performance.now();
    expect(found('{"'.repeat(100_000))).toBeUndefined();
    expect(performance.now() - start).toBeLessThan(2_000);
  });
});
