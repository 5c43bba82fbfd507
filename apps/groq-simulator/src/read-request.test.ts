import { describe, expect, it } from 'vitest';
import { readWanted } from './read-request.ts';

const wanted = (prompt: string) => readWanted(prompt, false);

describe('what a prompt asks for', () => {
  it('reads plain questions as prose', () => {
    for (const prompt of [
      'Explain why queues need leases.',
      'Summarise the following notes: we met, we spoke.',
      '',
    ]) {
      expect(wanted(prompt)).toEqual({ kind: 'prose' });
    }
  });

  it('reads numbered lists, in digits and in words', () => {
    expect(wanted('List 7 risks of running agents unattended.')).toEqual({ kind: 'list', count: 7 });
    expect(wanted('Give me five short ideas for a newsletter')).toEqual({ kind: 'list', count: 5 });
    expect(wanted('Name three rivers.')).toEqual({ kind: 'list', count: 3 });
    expect(wanted('In 2024 we had 12 very good reasons to stop.')).toEqual({ kind: 'list', count: 12 });
    expect(wanted('List 99 things')).toEqual({ kind: 'list', count: 50 });
  });

  it('reads a wish for code, in the language named', () => {
    expect(wanted('Write a Python function that reverses a string.')).toEqual({
      kind: 'code',
      language: 'python',
      alone: false,
    });
    expect(wanted('Write a shell script. Return only the code.')).toEqual({
      kind: 'code',
      language: 'bash',
      alone: true,
    });
    expect(wanted('Implement a function to add numbers')).toEqual({
      kind: 'code',
      language: 'typescript',
      alone: false,
    });
    expect(wanted('Write a SQL query for the top customers')).toMatchObject({
      kind: 'code',
      language: 'sql',
    });
  });

  it('reads files to write from the paths named', () => {
    expect(wanted('Create src/report.py and docs/report.md. Explain e.g. nothing.')).toEqual({
      kind: 'files',
      files: [
        { path: 'src/report.py', language: 'python' },
        { path: 'docs/report.md', language: 'markdown' },
      ],
    });
    expect(wanted('Answer with <artifact> blocks, in CSS.')).toEqual({
      kind: 'files',
      files: [{ path: 'simulated.css', language: 'css' }],
    });
  });

  it('does not take libraries, versions and addresses for files', () => {
    expect(wanted('Write about Node.js, version 1.2 and https://example.org/a.html')).toEqual({
      kind: 'prose',
    });
  });

  it('reads a wish for JSON with its keys', () => {
    expect(wanted('Return JSON with keys "title" and "tags".')).toEqual({
      kind: 'json',
      keys: ['title', 'tags'],
    });
    expect(wanted('Answer as JSON with the fields: name, score and is_done')).toEqual({
      kind: 'json',
      keys: ['name', 'score', 'is_done'],
    });
    expect(readWanted('Say hello.', true)).toEqual({ kind: 'json', keys: [] });
    expect(wanted('Explain what JSON is.')).toEqual({ kind: 'prose' });
  });

  it('reads long prompts at both ends and in linear time', () => {
    const filler = `${'a'.repeat(200_000)} ${'../'.repeat(50_000)} ${'five '.repeat(50_000)}`;
    expect(wanted(`${filler}\nReturn JSON only.`).kind).toBe('json');
  });
});
