/**
 * `npm run bench -- seal [--json] [--lines 20000] [--rounds 5]`: what the sealed record costs, in CPU of one process. Lines as a run writes them, about 700 bytes: appended
 * to a log without a chain and to one with it, then sealed, then verified. The chain is what its appends cost beyond the others; sealing and verifying are whole passes over
 * what was appended, with their locks, signatures and files. What sealing does to a whole run: `npm run bench -- pipeline`, once as it is and once with
 * `--sealing off`.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { homeIdOf, homeLayout } from '@vivarium/contracts';
import { createRecordStore, createSealer, createVerifier, initHome, openKeyring } from '@vivarium/home';
import { createNodeMachine } from '@vivarium/platform';
import { readFlags } from './lib/flags.ts';
import { factsOf, tell } from './lib/report.ts';
import { median, rounded } from './lib/statistics.ts';

const flags = readFlags('seal', { lines: 20_000, rounds: 5 });
const facts = factsOf('seal', 'written, not synced');

const line = (n: number): Readonly<Record<string, unknown>> => ({
  timestamp: '2026-11-27T08:00:00.000Z',
  event: 'call.held',
  n,
  text: 'a line as long as those of a run are, with ids and amounts '.repeat(10),
  event_id: `api_${String(n).padStart(32, '0')}`,
});
/** Microseconds of CPU for each line. */
async function costOf(work: () => unknown): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / flags.lines;
}

const rounds: Record<string, number>[] = [];
for (let round = 0; round < flags.rounds; round += 1) {
  const root = mkdtempSync(join(tmpdir(), 'vivarium-seal-'));
  try {
    const machine = createNodeMachine();
    const layout = homeLayout(join(root, 'home'));
    initHome(layout, machine.files);
    const home = homeIdOf(layout.root);
    const record = createRecordStore({ layout, home, machine });
    const keyring = openKeyring(join(root, 'keys'), layout.root, machine);
    const sealer = createSealer({ layout, machine, record, keyring });
    const append = (log: 'execution' | 'apiAudit') => (): void => {
      for (let n = 0; n < flags.lines; n += 1) record.append(log, line(n));
    };
    const plain = await costOf(append('execution'));
    const sealed = await costOf(async () => sealer.pass());
    const chained = await costOf(append('apiAudit'));
    await sealer.pass();
    const verified = await costOf(() => {
      for (const _step of createVerifier({ layout, files: machine.files, home }).check()) continue;
    });
    rounds.push({ plain, chain: chained - plain, sealed, verified: verified / 2 });
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}
const middle = (key: string): number => rounded(median(rounds.map((round) => round[key] ?? 0)));
tell(
  { ...facts, lines: flags.lines },
  {
    costs: [
      { figure: 'append, without a chain', us_cpu_per_line: middle('plain') },
      { figure: 'the chain, beyond that', us_cpu_per_line: middle('chain') },
      { figure: 'sealing', us_cpu_per_line: middle('sealed') },
      { figure: 'verifying', us_cpu_per_line: middle('verified') },
    ],
  },
  flags.asJson,
);
