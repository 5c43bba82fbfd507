import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MARKER, writeAnswer } from './answers.ts';
import { createRandom } from './random.ts';

const answer = (prompt: string, jsonMode = false, seed = 'seed'): string =>
  writeAnswer(prompt, jsonMode, createRandom(seed, prompt));

describe('answers', () => {
  it('are the same for the same seed and others for another', () => {
    const prompt = 'Explain how leases protect a queue from dead workers.';
    expect(answer(prompt)).toBe(answer(prompt));
    expect(answer(prompt)).not.toBe(answer(prompt, false, 'other'));
  });

  it('speak of the topic and begin with the marker', () => {
    const text = answer('Explain how leases protect a queue from dead workers.');
    expect(text.startsWith(`${MARKER}\n`)).toBe(true);
    expect(text.toLowerCase()).toMatch(/leases|protect|queue|dead|workers/);
  });

  it('hold exactly as many numbered items as were asked for', () => {
    const items = answer('List 6 risks of unattended agents').split('\n').slice(1);
    expect(items.map((item) => Number.parseInt(item, 10))).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('put code into a fence of its language, with the marker as a comment', () => {
    const text = answer('Write a Python function that counts words.');
    expect(text).toMatch(/```python\n# simulated[^]*def sim_\w+\(items\):[^]*```/);
    expect(answer('Write a Python function that counts words. Only the code.')).toMatch(
      /^```python\n# simulated/,
    );
  });

  it('write each file asked for as an artifact that names its path', () => {
    const text = answer('Create src/report.py and docs/report.md and data.json about budgets.');
    const files = [
      ...text.matchAll(/<artifact type="file" path="([^"]+)" encoding="utf-8">\n([^]*?)<\/artifact>/g),
    ];
    expect(files.map(([, path]) => path)).toEqual(['src/report.py', 'docs/report.md', 'data.json']);
    for (const [, , content] of files) expect(content).toContain('simulated');
    expect(JSON.parse(files[2]?.[2] ?? '')).toMatchObject({ simulated: true });
  });

  it('are valid JSON on demand, with the keys asked for and the marker as a key', () => {
    const parsed: unknown = JSON.parse(
      answer('Return JSON with keys "title", "tags", "score" and "is_done" about queues.'),
    );
    expect(parsed).toEqual({
      simulated: true,
      title: expect.any(String),
      tags: expect.arrayContaining([expect.any(String)]),
      score: expect.any(Number),
      is_done: expect.any(Boolean),
    });
  });

  it('say so in every form, for any prompt, and in JSON mode always parse', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.boolean(), (prompt, jsonMode) => {
        const text = answer(prompt, jsonMode);
        expect(text).toMatch(/simulated/);
        if (jsonMode) expect(JSON.parse(text)).toMatchObject({ simulated: true });
      }),
    );
  });
});
