import fc from 'fast-check';
import { createTaskFold, ExecutionLogLine, NEVER_SEEN, type TaskRecord } from '@vivarium/contracts';
import { nanoUsd } from '@vivarium/core';
import { expect, it } from 'vitest';
import { packRecords, unpackRecords } from './record-columns.ts';
import { claimed, ended } from './testing/views.ts';

it('what is unpacked is what was packed, whatever states the tasks are in', () => {
  const lines = fc.oneof(
    fc
      .tuple(fc.string({ minLength: 1 }), fc.constantFrom('completed', 'failed', 'refused'))
      .map(([id, status]) =>
        ended(id, status, status === 'failed' ? { errors: `no ${id}`, fingerprint: 'ffffffff' } : {}),
      ),
    fc.string({ minLength: 1 }).map((id) => [claimed(id)]),
  );
  fc.assert(
    fc.property(fc.array(lines, { maxLength: 30 }), (history) => {
      const fold = createTaskFold();
      for (const line of history.flat()) fold.apply(ExecutionLogLine.parse(line));
      const stored: unknown = JSON.parse(JSON.stringify(packRecords(fold.entries())));
      const back = createTaskFold(unpackRecords(stored as ReturnType<typeof packRecords>));
      expect([...back.entries()]).toEqual([...fold.entries()]);
    }),
  );
});

it('what is unpacked is what was packed also of many tasks, of texts of several lines and of values that are missing', () => {
  const records = Array.from({ length: 1_000 }, (_, index): readonly [string, TaskRecord] => [
    `t${index}${index % 300 === 7 ? '\n' : ''}`,
    {
      ...NEVER_SEEN,
      status: index % 2 === 0 ? 'deferred' : 'completed',
      round: index,
      digest: index % 3 === 0 ? undefined : `digest ${index}`,
      notBefore: index % 5 === 0 ? null : index % 5 === 1 ? undefined : `at ${index}`,
      reason: index % 2 === 0 ? `first\nsecond ${index}` : '',
      summary: index % 7 === 0 ? '\0' : `${index}`,
      eventId: index % 11 === 0 ? '' : `ü ${index}`,
      cost: nanoUsd(index * 1_000),
      simulated: index % 13 === 0,
    },
  ]);
  const stored: unknown = JSON.parse(JSON.stringify(packRecords(records)));
  expect([...unpackRecords(stored as ReturnType<typeof packRecords>)]).toStrictEqual(records);
});
