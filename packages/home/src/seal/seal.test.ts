/** The sealed record: what is sealed, what is found, what stays unsaid. */
import { homeIdOf, homeLayout, LOGS, type HomeLayout } from '@vivarium/contracts';
import { createMemoryMachine, type MemoryMachine } from '@vivarium/platform/testing';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { initHome } from '../home.ts';
import { createRecordStore, type FileRecordStore } from '../record-store.ts';
import { damage } from '../testing/damage.ts';
import { openKeyring, type Keyring } from './keyring.ts';
import { createSealer, signedHead, type Sealer } from './sealer.ts';
import { createVerifier, type Verified, type VerifierOptions } from './verifier.ts';

const HOME = homeIdOf('/home');

describe('the sealed record', () => {
  let layout: HomeLayout;
  let machine: MemoryMachine;
  let record: FileRecordStore;
  let keyring: Keyring;
  let sealer: Sealer;
  const open = (): void => {
    record = createRecordStore({ layout, home: HOME, machine });
    sealer = createSealer({ layout, machine, record, keyring });
  };
  beforeEach(() => {
    layout = homeLayout('/home');
    machine = createMemoryMachine();
    initHome(layout, machine.files);
    keyring = openKeyring('/keys', layout.root, machine);
    open();
  });
  const verify = (more: Partial<VerifierOptions> = {}): Verified => {
    const held = keyring.heldHead(HOME);
    const verifier = createVerifier({
      layout,
      files: machine.files,
      home: HOME,
      heldHeads: held === undefined ? [] : [held],
      publicKey: keyring.publicKey(),
      ...more,
    });
    return outcomeOf(verifier.check());
  };
  const text = (file: string): string => machine.files.readText(`${layout.logs}/${file}`) ?? '';
  const put = (file: string, content: string): void =>
    machine.files.replace(`${layout.logs}/${file}`, content);
  /** A few lines in every log. */
  const work = (count: number): void => {
    for (let n = 0; n < count; n += 1) {
      record.append('execution', { n, task_id: `task-${n}`, status: 'in_progress', event_id: `e${n}` });
      record.append('safetyAudit', { n, task: `a text ${n}`, event_id: `s${n}` });
      record.append('apiAudit', { n, event: 'call.held', event_id: `a${n}` });
      record.act({ actor: 'w', action_type: 'API', action: 'call', detail: `no. ${n}` });
      machine.files.append(layout.simulatorBill, `${JSON.stringify({ n, cost: n })}\n`);
    }
  };

  it('S5: what is as it was is found whole, with nothing left unsealed after a pass', async () => {
    work(20);
    expect(verify()).toMatchObject({ faults: [], lines: 0, signature: 'none', sealedAt: undefined });
    expect(verify().unsealed).toBeGreaterThan(2_000);
    expect(await sealer.pass()).toMatchObject({ lines: 100, cut: [] });
    expect(verify()).toMatchObject({ faults: [], lines: 100, unsealed: 0, signature: 'good' });
  });
  it('S5: a pass seals each line once, also when another sealer came between', async () => {
    const theirs = createSealer({
      layout,
      machine,
      record: createRecordStore({ layout, home: HOME, machine }),
      keyring,
    });
    let sealed = 0;
    for (let round = 0; round < 6; round += 1) {
      work(3);
      sealed += (await (round % 2 === 0 ? sealer : theirs).pass()).lines;
    }
    expect(sealed).toBe(90);
    expect(await sealer.pass()).toMatchObject({ lines: 0 });
    expect(verify()).toMatchObject({ faults: [], lines: 90, unsealed: 0 });
  });
  it('S5: a line that has no end yet is not sealed', async () => {
    machine.files.append(layout.log('execution'), '{"n":1}\n{"n":');
    expect(await sealer.pass()).toMatchObject({ lines: 1 });
    expect(verify()).toMatchObject({ faults: [], unsealed: 5 });
    machine.files.append(layout.log('execution'), '2}\n');
    expect(await sealer.pass()).toMatchObject({ lines: 1 });
    expect(verify()).toMatchObject({ faults: [], lines: 2, unsealed: 0 });
  });
  it('S5: lines longer than a range, and ranges longer than a piece, are sealed like any other', async () => {
    for (let n = 0; n < 6; n += 1)
      record.append('execution', { n, long: 'x'.repeat(n % 2 === 0 ? 400_000 : 40) });
    expect(await sealer.pass()).toMatchObject({ lines: 6 });
    expect(verify()).toMatchObject({ faults: [], lines: 6, unsealed: 0 });
    const before = text(LOGS.execution);
    put(LOGS.execution, before.replace('"n":4', '"n":5'));
    expect(verify().faults).toMatchObject([{ file: 'logs/execution_log.jsonl', record: 5, kind: 'edited' }]);
  });

  it('S5: 10,000 edits, deletions, swaps and cuts in sealed ranges are all found, at the right record', async () => {
    for (let round = 0; round < 4; round += 1) {
      work(6);
      await sealer.pass();
    }
    await archive();
    work(4);
    await sealer.pass();
    const files = [...Object.values(LOGS), 'simulator_bill.jsonl', 'archive/one/execution_log.jsonl'];
    const dice = diceOf(7);
    const found = new Map<string, number>();
    for (let trial = 0; trial < 10_000;) {
      const file = files[dice(files.length)] ?? '';
      const original = text(file);
      const harm = damage(original, dice);
      if (harm === undefined) continue;
      put(file, harm.text);
      const [fault] = verify().faults;
      expect
        .soft({ trial, file, kind: harm.kind, found: fault?.file, record: fault?.record })
        .toEqual({ trial, file, kind: harm.kind, found: `logs/${file}`, record: harm.record });
      put(file, original);
      found.set(file, (found.get(file) ?? 0) + 1);
      trial += 1;
    }
    expect(Math.min(...files.map((file) => found.get(file) ?? 0))).toBeGreaterThan(1_000);
    expect(verify().faults).toEqual([]);
  }, 120_000);

  /** As `clear` does. */
  async function archive(): Promise<void> {
    machine.files.makeDirectory(`${layout.archive}/one`);
    await sealer.setAside(LOGS.execution, 'archive/one/execution_log.jsonl', () =>
      machine.files.replace(layout.log('execution'), ''),
    );
  }

  it('S5: an archived log stays under seal, and the new one begins at its first byte', async () => {
    work(5);
    await archive();
    work(2);
    await sealer.pass();
    expect(verify()).toMatchObject({ faults: [], lines: 35, unsealed: 0 });
    machine.files.append(`${layout.archive}/one/execution_log.jsonl`, 'more\n');
    expect(verify().faults).toMatchObject([
      { file: 'logs/archive/one/execution_log.jsonl', record: 6, kind: 'inserted' },
    ]);
    machine.files.remove(`${layout.archive}/one/execution_log.jsonl`);
    expect(verify().faults).toMatchObject([
      { file: 'logs/archive/one/execution_log.jsonl', record: 1, kind: 'gone' },
    ]);
  });
  it('S5: a verifier that goes on follows the chain of a log that was set aside into the next one', async () => {
    work(5);
    const verifier = createVerifier({ layout, files: machine.files, home: HOME });
    expect(outcomeOf(verifier.check()).faults).toEqual([]);
    machine.files.makeDirectory(`${layout.archive}/one`);
    await sealer.setAside(LOGS.safetyAudit, 'archive/one/safety_audit.log', () =>
      machine.files.remove(layout.log('safetyAudit')),
    );
    open();
    // Longer than the one before: no length tells the two apart.
    work(30);
    expect(outcomeOf(verifier.check()).faults).toEqual([]);
    put(LOGS.safetyAudit, text(LOGS.safetyAudit).replace('a text 20', 'a text 21'));
    expect(verify().faults).toMatchObject([{ file: 'logs/safety_audit.log', record: 21, kind: 'edited' }]);
  });
  it('S5: a log that somebody writes to while it is set aside stays as it is, and the seals say nothing of it', async () => {
    work(5);
    machine.files.makeDirectory(`${layout.archive}/one`);
    const stop = machine.files.intercept((operation, path) => {
      if (operation === 'copy' && path === layout.log('safetyAudit'))
        machine.files.append(layout.log('safetyAudit'), '{"late":1}\n');
    });
    const begin = vi.fn();
    await expect(sealer.setAside(LOGS.safetyAudit, 'archive/one/safety_audit.log', begin)).rejects.toThrow(
      /safety_audit\.log changed while it was set aside/,
    );
    stop();
    expect(begin).not.toHaveBeenCalled();
    expect(text(LOGS.seals)).not.toContain('log.archived');
  });
  it('S5: an archive whose new log was never put in place loses nothing', async () => {
    work(5);
    machine.files.makeDirectory(`${layout.archive}/one`);
    await sealer.setAside(LOGS.execution, 'archive/one/execution_log.jsonl', () => undefined);
    await sealer.pass();
    expect(verify()).toMatchObject({ faults: [], unsealed: 0, lines: 30 });
  });

  it('S5: seals that were cut off or written anew from the beginning are found by a head that is held', async () => {
    work(5);
    await sealer.pass();
    const early = text(LOGS.seals);
    work(5);
    await sealer.pass();
    const held = keyring.heldHead(HOME);
    put(LOGS.seals, early);
    expect(verify().faults).toMatchObject([{ file: 'logs/seals.jsonl', record: 7, kind: 'cut' }]);

    for (const file of Object.values(LOGS)) machine.files.remove(`${layout.logs}/${file}`);
    machine.files.remove(layout.simulatorBill);
    open();
    work(20);
    await sealer.pass();
    expect(verify().faults).toEqual([]);
    expect(verify({ heldHeads: held === undefined ? [] : [held] }).faults[0]).toMatchObject({
      file: 'logs/seals.jsonl',
    });
  });
  it('S5: a head can be taken elsewhere, before and after the next lines', async () => {
    work(3);
    await sealer.pass();
    const head = await signedHead(layout, machine, HOME, keyring);
    expect(verify({ heldHeads: [head] }).faults).toEqual([]);
    work(3);
    await sealer.pass();
    expect(verify({ heldHeads: [head] }).faults).toEqual([]);
    expect(verify({ heldHeads: [{ ...head, hash: '0'.repeat(64) }] }).faults).toHaveLength(1);
  });
  it('S5: heads signed by another key are told as foreign, and a false signature as forged', async () => {
    work(3);
    await sealer.pass();
    expect(verify({ publicKey: 'of somebody else' }).signature).toBe('foreign');
    const lines = text(LOGS.seals).trimEnd().split('\n');
    const last = JSON.parse(lines.at(-1) ?? '') as { signature: string };
    put(LOGS.seals, text(LOGS.seals).replace(last.signature, Buffer.alloc(64).toString('base64')));
    expect(verify({ heldHeads: [] })).toMatchObject({
      signature: 'bad',
      faults: [{ file: 'logs/seals.jsonl', record: lines.length, kind: 'forged' }],
    });
  });
  it('S5: a record that was moved to another place, and so to another home, is as good as it was', async () => {
    work(3);
    await sealer.pass();
    expect(verify({ home: homeIdOf('/moved'), heldHeads: [] })).toMatchObject({
      faults: [],
      signature: 'good',
    });
    const edited = text(LOGS.seals).replaceAll(`"home":"${HOME}"`, `"home":"${homeIdOf('/moved')}"`);
    put(LOGS.seals, edited);
    expect(verify({ home: homeIdOf('/moved'), heldHeads: [] }).faults).not.toEqual([]);
  });
  it('S5: without a key the record is sealed all the same', async () => {
    sealer = createSealer({ layout, machine, record, keyring: undefined });
    work(3);
    await sealer.pass();
    expect(verify()).toMatchObject({ faults: [], lines: 15, signature: 'none' });
    put(LOGS.execution, text(LOGS.execution).replace('task-1', 'task-9'));
    expect(verify().faults).toMatchObject([{ file: 'logs/execution_log.jsonl', record: 2, kind: 'edited' }]);
  });
  it('a key inside the home is refused: who can change the record must not be able to sign it', () => {
    expect(() => openKeyring('/home/run/keys', '/home', machine)).toThrow(/inside the home/);
  });

  it('S5: what a chained log loses before it is sealed is found too', async () => {
    work(2);
    await sealer.pass();
    work(6);
    const original = text(LOGS.apiAudit);
    const lines = original.split(/(?<=\n)/);
    for (let at = 2; at < 7; at += 1) {
      put(LOGS.apiAudit, lines.toSpliced(at, 1).join(''));
      expect(verify().faults).toMatchObject([
        { file: 'logs/api_audit.log', record: at + 1, kind: 'missing' },
      ]);
      put(LOGS.apiAudit, lines.with(at, (lines[at] ?? '').replace('held', 'hold')).join(''));
      expect(verify().faults).toMatchObject([{ file: 'logs/api_audit.log', record: at + 1, kind: 'edited' }]);
      put(LOGS.apiAudit, lines.toSpliced(at, 0, '{"event":"call.held"}\n').join(''));
      expect(verify().faults).toMatchObject([
        { file: 'logs/api_audit.log', record: at + 1, kind: 'inserted' },
      ]);
    }
  });
  it('S5: what was changed before it was sealed does not become true by being sealed', async () => {
    work(6);
    put(LOGS.safetyAudit, text(LOGS.safetyAudit).replace('a text 2', 'another 2'));
    await sealer.pass();
    expect(verify().faults).toMatchObject([{ file: 'logs/safety_audit.log', record: 3, kind: 'edited' }]);
  });
  it('S5: an output that is not what its name says is found, and one that is gone', async () => {
    const name = record.putResult('an answer');
    record.append('apiAudit', { event: 'API_CALL_SUCCESS', result_sha256: name });
    await sealer.pass();
    expect(verify()).toMatchObject({ faults: [], results: 1 });
    const file = `logs/results/${name.slice(0, 1)}.jsonl`;
    const whole = machine.files.readText(layout.result(name)) ?? '';
    const before = `{"result_sha256":"${'0'.repeat(64)}","result":""}\n`;
    machine.files.replace(layout.result(name), before + whole.replace('an answer', 'another answer'));
    expect(verify().faults).toMatchObject([{ file, record: 2, byte: before.length, kind: 'edited' }]);
    machine.files.replace(layout.result(name), before);
    expect(verify().faults).toMatchObject([{ file, record: 2, byte: before.length, kind: 'gone' }]);
    machine.files.makeDirectory(layout.olderResult(name).replace(/\/[^/]*$/, ''));
    machine.files.replace(layout.olderResult(name), 'an answer');
    expect(verify()).toMatchObject({ faults: [], results: 1 });
    machine.files.replace(layout.olderResult(name), 'another answer');
    expect(verify().faults).toMatchObject([
      { file: `logs/results/${name.slice(0, 2)}/${name}.txt`, kind: 'edited' },
    ]);
  });

  it('S5: whichever append of a pass fails or is torn, the seals that stand are true, and the next pass goes on', async () => {
    for (let failing = 0; failing < 8; failing += 1) {
      for (const harm of ['fail', 'tear'] as const) {
        work(2);
        if (harm === 'fail') machine.files.failNext('append', undefined, failing);
        else machine.files.truncateNextAppend(30);
        await sealer.pass().catch(() => undefined);
        open();
        expect(verify().faults).toEqual([]);
        await sealer.pass().catch(() => undefined);
        await sealer.pass();
        expect(verify()).toMatchObject({ faults: [], unsealed: 0 });
      }
    }
  });
  it('S5: a chained log goes on in its chain after a crash, a torn line and a refused one', async () => {
    for (const bytes of [0, 1, 9, 60, 100]) {
      record.append('apiAudit', { n: bytes, event: 'call.held' });
      machine.files.truncateNextAppend(bytes);
      expect(() => record.append('apiAudit', { n: 'refused', event: 'call.held' })).toThrow(/cannot append/);
      record.append('apiAudit', { n: 'again', event: 'call.held' });
      machine.files.append(layout.log('apiAudit'), '{"n":"a grind was killed he');
      open();
    }
    record.append('apiAudit', { n: 'last' });
    await sealer.pass();
    expect(verify()).toMatchObject({ faults: [], unsealed: 0 });
  });
  it('S5: a log that was begun before there were chains is chained from its end on', async () => {
    machine.files.append(layout.log('apiAudit'), `${'{"event":"old"}\n'.repeat(3)}`);
    for (let n = 0; n < 4; n += 1) record.append('apiAudit', { n });
    expect(verify().faults).toEqual([]);
    put(LOGS.apiAudit, text(LOGS.apiAudit).replace('old', 'odd'));
    expect(verify().faults).toMatchObject([{ file: 'logs/api_audit.log', record: 1 }]);
  });
  it('a verifier that goes on checks only what is new, and keeps what it found', async () => {
    const verifier = createVerifier({ layout, files: machine.files, home: HOME });
    work(4);
    await sealer.pass();
    expect(outcomeOf(verifier.check())).toMatchObject({ faults: [], lines: 20 });
    work(2);
    await sealer.pass();
    expect(outcomeOf(verifier.check())).toMatchObject({ faults: [], lines: 30, unsealed: 0 });
    await archive();
    work(1);
    await sealer.pass();
    expect(outcomeOf(verifier.check())).toMatchObject({ faults: [], lines: 35, unsealed: 0 });
    put(LOGS.execution, text(LOGS.execution).replace('"n":0', '"n":7'));
    work(1);
    await sealer.pass();
    expect(
      outcomeOf(createVerifier({ layout, files: machine.files, home: HOME }).check()).faults,
    ).toHaveLength(1);
  });
  it('only the ranges of a time are looked into when one is given', async () => {
    work(3);
    await sealer.pass();
    const first = machine.clock.now().toISOString();
    machine.clock.advance(60_000);
    const second = machine.clock.now().toISOString();
    work(3);
    await sealer.pass();
    put(LOGS.execution, text(LOGS.execution).replace('"n":1', '"n":7'));
    expect(verify({ range: { from: first, to: first } }).faults).toHaveLength(1);
    expect(verify({ range: { from: second, to: second } })).toMatchObject({ faults: [], lines: 15 });
  });
});

function outcomeOf(steps: ReturnType<ReturnType<typeof createVerifier>['check']>): Verified {
  for (let step = steps.next(); ; step = steps.next()) if (step.done === true) return step.value;
}

/** A small generator (mulberry32): the same trials every time. */
function diceOf(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296) * sides);
  };
}
