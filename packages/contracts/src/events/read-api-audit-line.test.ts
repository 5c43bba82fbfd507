import { describe, expect, it } from 'vitest';
import { ApiAuditLine } from './api-audit.ts';
import { readApiAuditLine } from './read-api-audit-line.ts';

const joins = {
  timestamp: '2026-01-01T00:00:00.000Z',
  user: 'admin',
  role: 'admin',
  model: 'm',
  call_id: 'call_1',
  idempotency_key: 'k',
  event_id: 'api_1',
  home: 'home_1',
  run_id: 'run_1',
  task_id: 't',
  round: 1,
  provider: 'groq',
  simulated: false,
};
const held = {
  ...joins,
  event: 'call.held',
  held: 0.000001,
  held_nano_usd: 1_000,
  input_token_bound: 9,
  max_completion_tokens: 16,
};
const success = {
  ...joins,
  event: 'API_CALL_SUCCESS',
  cost: 0.0000005,
  cost_nano_usd: 500,
  input_tokens: 4,
  output_tokens: 7,
};

describe('reading lines of money without the schema', () => {
  it('what this program writes reads the same either way', () => {
    for (const line of [held, success])
      expect(readApiAuditLine(line, 'home_1')).toEqual(ApiAuditLine.parse(line));
  });

  it('M1: an amount that is none goes to the schema, which refuses it', () => {
    for (const wrong of [0.5, '500', null, Number.NaN, 2 ** 60]) {
      expect(readApiAuditLine({ ...held, held_nano_usd: wrong }, 'home_1')).toBeUndefined();
      expect(readApiAuditLine({ ...success, cost_nano_usd: wrong }, 'home_1')).toBeUndefined();
    }
    expect(readApiAuditLine({ ...held, task_id: 7 }, 'home_1')).toBeUndefined();
    expect(readApiAuditLine({ ...held, simulated: 'yes' }, 'home_1')).toBeUndefined();
  });

  it('other events, other homes and the lines of the seed go through the schema', () => {
    const seed = {
      timestamp: '2026-02-03T22:42:06.798374',
      event: 'API_CALL_SUCCESS',
      user: 'admin',
      role: 'admin',
      model: 'm',
      cost: 0.00000416,
      input_tokens: 56,
      output_tokens: 17,
    };
    expect(readApiAuditLine(seed, 'home_1')).toEqual(ApiAuditLine.parse(seed));
    expect(readApiAuditLine({ ...held, home: 'home_2', more: 1 }, 'home_1')).not.toHaveProperty('more');
    for (const nothing of [undefined, null, 7, 'x', [], {}])
      expect(readApiAuditLine(nothing, 'home_1')).toBeUndefined();
  });
});
