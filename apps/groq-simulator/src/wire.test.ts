import { describe, expect, it } from 'vitest';
import { readChatRequest } from './wire.ts';

const minimal = { model: 'llama-3.1-8b-instant', messages: [{ role: 'user', content: 'hi' }] };
const read = (body: unknown) => readChatRequest(JSON.stringify(body));
const whyRefused = (body: unknown): string => {
  const reading = read(body);
  return reading.kind === 'refused' ? `${reading.error.status} ${reading.error.message}` : 'taken';
};

describe('requests', () => {
  it('are taken with everything the simulator acts on, nulls meaning "not set"', () => {
    const full = {
      ...minimal,
      max_tokens: 5,
      max_completion_tokens: null,
      temperature: 0.2,
      top_p: 1,
      seed: 7,
      stop: 'x',
      response_format: { type: 'json_object' },
      n: 1,
      stream: false,
      user: 'u',
    };
    const reading = read(full);
    expect(reading).toMatchObject({
      kind: 'read',
      request: { max_tokens: 5, stop: ['x'], response_format: { type: 'json_object' } },
    });
    expect(read({ ...minimal, tools: null })).toMatchObject({ kind: 'read' });
  });

  it('take a content of text parts', () => {
    const parts = [
      { type: 'text', text: 'a' },
      { type: 'text', text: 'b' },
    ];
    expect(read({ ...minimal, messages: [{ role: 'user', content: parts }] })).toMatchObject({
      request: { messages: [{ content: 'a\nb' }] },
    });
  });

  it('are refused by name where the simulator would not act', () => {
    expect(whyRefused({ ...minimal, stream: true })).toBe("400 'stream' is not supported by the simulator");
    expect(whyRefused({ ...minimal, tools: [] })).toBe("400 'tools' is not supported by the simulator");
    expect(whyRefused({ ...minimal, response_format: { type: 'json_schema' } })).toContain(
      "400 'response_format",
    );
    expect(whyRefused({ ...minimal, max_tokns: 5 })).toBe("400 property 'max_tokns' is unsupported");
  });

  it('are refused where they make no sense', () => {
    expect(readChatRequest('{').kind).toBe('refused');
    for (const body of [
      [],
      null,
      {},
      { ...minimal, messages: [] },
      { ...minimal, temperature: 3 },
      { ...minimal, max_tokens: 0 },
      { ...minimal, n: 2 },
    ]) {
      expect(whyRefused(body)).toMatch(/^400 /);
    }
  });
});
