import fc from 'fast-check';
import { createMemoryMachine } from '@vivarium/platform/testing';
import { describe, expect, it } from 'vitest';
import { createLogTail } from './log-tail.ts';
import { createRecordStore } from './record-store.ts';
import { homeIdOf, homeLayout } from '@vivarium/contracts';
import { initHome } from './home.ts';
import { valuesOf } from './testing/describe-record-store.ts';

const LOG = '/home/a.log';

describe('the tail of a log, for any content', () => {
  it('Q8: tells the same lines however the bytes arrive, and those that splitting at newlines gives', () => {
    // Lines that are JSON, nearly JSON, or anything; never with an event_id, which is what salvage looks for.
    const anyLine = fc.oneof(
      fc.jsonValue().map((value) => JSON.stringify(value)),
      fc.jsonValue().map((value) => JSON.stringify(value).slice(0, -1)),
      fc.string({ unit: 'binary' }).map((text) => text.replaceAll('\n', ' ')),
      fc.constant(''),
    );
    fc.assert(
      fc.property(
        fc.array(anyLine, { maxLength: 12 }),
        fc.array(fc.nat({ max: 40 }), { maxLength: 30 }),
        fc.boolean(),
        (lines, sizes, ended) => {
          const text = lines.join('\n') + (ended ? '\n' : '');
          const bytes = new TextEncoder().encode(text);
          const { files } = createMemoryMachine();
          files.makeDirectory('/home');
          const tail = createLogTail(files, LOG);
          const told: unknown[] = [];
          let offset = 0;
          let unreadable = 0;
          for (let at = 0, step = 0; at < bytes.length; step += 1) {
            at = Math.min(bytes.length, at + (sizes[step] ?? bytes.length));
            files.overwriteInPlace(LOG, bytes.subarray(0, at));
            const batch = tail.read();
            expect(batch.restarted).toBe(false);
            for (const entry of batch.entries) {
              expect(entry.from).toBeGreaterThanOrEqual(offset);
              offset = entry.to;
              if (entry.kind === 'unreadable') unreadable += 1;
            }
            told.push(...valuesOf(batch.entries));
          }
          const whole = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes).split('\n').slice(0, -1);
          const expected = whole.map((line, index) =>
            tryParse(index === 0 && line.startsWith('\uFEFF') ? line.slice(1) : line),
          );
          expect(told).toEqual(expected.filter((value) => value !== undefined));
          expect(unreadable).toBe(
            whole.filter((line, index) => expected[index] === undefined && line.trim() !== '').length,
          );
          expect(tail.unreadable).toBe(unreadable);
        },
      ),
    );
  });

  it('a reader that goes on from any cursor misses nothing and sees nothing twice', () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue(), { minLength: 1, maxLength: 20 }), fc.nat(), (values, pick) => {
        const { files } = createMemoryMachine();
        files.makeDirectory('/home');
        const stopAt = pick % values.length;
        const told: unknown[] = [];
        let cursor;
        for (const [index, value] of values.entries()) {
          files.append(LOG, `${JSON.stringify(value)}\n`);
          if (index !== stopAt) continue;
          const batch = createLogTail(files, LOG).read();
          told.push(...valuesOf(batch.entries));
          cursor = batch.cursor;
        }
        const rest = createLogTail(files, LOG, cursor).read();
        expect(rest.restarted).toBe(false);
        expect([...told, ...valuesOf(rest.entries)]).toEqual(
          values.map((value) => JSON.parse(JSON.stringify(value)) as unknown),
        );
      }),
    );
  });
});

describe('the record, for any line and any tear', () => {
  const layout = homeLayout('/home');
  const open = (): {
    readonly machine: ReturnType<typeof createMemoryMachine>;
    readonly store: ReturnType<typeof createRecordStore>;
  } => {
    const machine = createMemoryMachine();
    initHome(layout, machine.files);
    return { machine, store: createRecordStore({ layout, home: homeIdOf('/home'), machine }) };
  };

  it('a line comes back as JSON has it', () => {
    fc.assert(
      fc.property(fc.array(fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue())), (lines) => {
        const { store } = open();
        store.appendAll('execution', lines);
        expect(valuesOf(store.tail('execution').read().entries)).toEqual(
          lines.map((line) => JSON.parse(JSON.stringify(line)) as unknown),
        );
      }),
    );
  });

  it('Q8: no tear, of this process or of another, swallows a line that was acknowledged, and no refused one counts', () => {
    const step = fc.record({
      text: fc.string({ unit: 'binary', maxLength: 30 }),
      by: fc.nat({ max: 2 }),
      tear: fc.option(fc.nat({ max: 120 })),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
        const { machine, store } = open();
        const others = [1, 2].map(() => {
          const other = createMemoryMachine({ disk: machine.disk });
          return { other, store: createRecordStore({ layout, home: homeIdOf('/home'), machine: other }) };
        });
        const stores = [
          { files: machine.files, store },
          ...others.map(({ other, store: of }) => ({ files: other.files, store: of })),
        ];
        const acknowledged: string[] = [];
        for (const [index, { text, by, tear }] of steps.entries()) {
          const chosen = stores[by];
          if (chosen === undefined) throw new Error('no such process');
          const line = { task_id: text, nested: { event_id: 7, text }, event_id: `e${index}` };
          // A tear leaves at least one byte short of the whole, so that it is a tear.
          const length = Buffer.byteLength(JSON.stringify(line)) + 1;
          if (tear !== null) chosen.files.truncateNextAppend(tear % (length - 1));
          try {
            chosen.store.append('execution', line);
            acknowledged.push(line.event_id);
          } catch {
            continue;
          }
        }
        const read = valuesOf(
          createRecordStore({ layout, home: homeIdOf('/home'), machine })
            .tail('execution')
            .read().entries,
        );
        expect(read.map((value) => (value as { readonly event_id: string }).event_id)).toEqual(acknowledged);
      }),
      { numRuns: 300 },
    );
  });
});

function tryParse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
