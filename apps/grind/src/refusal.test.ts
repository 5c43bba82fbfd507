import { GrindRefusal, refusalCatalogue, type RefusalCode } from '@vivarium/contracts';
import { nanoUsd } from '@vivarium/core';
import { describe, expect, it } from 'vitest';
import { refusalBody, refuse, statusOf } from './refusal.ts';

const codes = Object.keys(refusalCatalogue) as readonly RefusalCode[]; // its keys are the codes

describe('a refusal', () => {
  it.each(codes)(
    '%s has a body as the contract has it, the status of the catalogue and something to do next',
    (code) => {
      const refusal = refuse(code, 'Because.', {
        retryAfterMs: 5,
        reason: 'r',
        ruleIds: ['a'],
        issues: [{ path: 'p', message: 'm' }],
        charged: nanoUsd(3),
      });
      const body = refusalBody(refusal, { taskId: null, requestId: 'req_1', simulated: true });
      expect(GrindRefusal.parse(body)).toEqual(body);
      expect(statusOf(refusal)).toBe(refusalCatalogue[code].status);
      expect(body.error.hint).not.toBe('');
      expect(body.error.retryable).toBe(body.error.remedy === 'retry');
    },
  );
});
