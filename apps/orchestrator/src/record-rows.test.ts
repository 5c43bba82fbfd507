import fc from 'fast-check';
import { createTaskFold, ExecutionLogLine } from '@vivarium/contracts';
import { expect, it } from 'vitest';
import { packRecords, unpackRecords } from './record-rows.ts';
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
