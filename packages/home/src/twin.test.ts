import type { ActionLogLine } from '@vivarium/contracts';
import { describe, expect, it } from 'vitest';
import { twinHeader, twinLine } from './twin.ts';

const line = (fields: Partial<ActionLogLine>): ActionLogLine => ({
  timestamp: '2026-03-02T14:07:09.123Z',
  actor: 'w1',
  action_type: 'API',
  action: 'call',
  detail: '120 tokens | $0.0001',
  session_id: null,
  metadata: null,
  ...fields,
});

describe('the readable twin', () => {
  it('has the columns of the seed', () => {
    expect(twinLine(line({}))).toBe(
      'Mon 14:07:09 | w1           | API      | call           | 120 tokens | $0.0001\n',
    );
  });
  it('keeps long names whole', () => {
    const text = twinLine(line({ actor: 'worker_0123456789abcdef', action: 'llama-3.3-70b-versatile' }));
    expect(text).toContain('worker_0123456789abcdef | API      | llama-3.3-70b-versatile | ');
  });
  it('shortens the detail to 80 characters as people count them, and only when it is longer', () => {
    const detailOf = (detail: string): string =>
      twinLine(line({ detail })).split(' | ').slice(4).join(' | ').slice(0, -1);
    expect(detailOf('x'.repeat(80))).toBe('x'.repeat(80));
    expect(detailOf('x'.repeat(81))).toBe(`${'x'.repeat(77)}...`);
    expect(detailOf('🌱'.repeat(80))).toBe('🌱'.repeat(80));
    expect(detailOf('🌱'.repeat(100_000))).toBe(`${'🌱'.repeat(77)}...`);
    expect(detailOf('')).toBe('');
  });
  it('is one line without control characters or turned writing, whatever a model wrote', () => {
    const text = twinLine(
      line({
        actor: 'a\u001b[2J',
        action: 'b\r\nc',
        detail: 'one\n\ntwo\u0007\u009b31m\u2028three\u202Efour',
      }),
    );
    expect(text).toBe('Mon 14:07:09 | a [2J        | API      | b c            | one two 31m three four\n');
  });
  it('begins with the header of the seed', () => {
    const wide = '='.repeat(95);
    expect(twinHeader(new Date('2026-03-02T14:07:09.123Z')).split('\n')).toEqual([
      '',
      wide,
      'ACTION LOG STARTED: 2026-03-02T14:07:09.123Z (Monday)',
      wide,
      'Time (UTC)   | Actor        | Type     | Action         | Detail',
      '-'.repeat(95),
      '',
    ]);
  });
});
