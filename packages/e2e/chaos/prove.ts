/** `npm run prove`: reads the words, runs a proof, prints one page. Exit codes: 0 it held · 1 it did not · 2 usage. */
import { parseArgs } from 'node:util';
import { budgetPage } from './budget-page.ts';
import { proveBudget } from './budget-proof.ts';
import { proveControl, type Rounds } from './control-proof.ts';
import { canLook } from './processes.ts';

const USAGE = `npm run prove -- budget [--minutes M] [--seed S]
npm run prove -- control [--halts N] [--pauses N]

  budget        64 slots, faults and kills against caps that are met; checked by code of its own; all simulated
  --minutes M   how long (10)
  --seed S      what chance is drawn from (the time of day)

  control       HALT with 32 calls in flight, PAUSE and resume under load; all simulated
  --halts N     how often (200)
  --pauses N    how often (1000)`;

async function main(): Promise<number> {
  let words;
  try {
    words = parseArgs({
      allowPositionals: true,
      options: {
        halts: { type: 'string', default: '200' },
        pauses: { type: 'string', default: '1000' },
        minutes: { type: 'string', default: '10' },
        seed: { type: 'string', default: new Date().toISOString() },
      },
    });
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error));
  }
  if (words.positionals.join() === 'budget') return budget(Number(words.values.minutes), words.values.seed);
  const counts = [words.values.halts, words.values.pauses].map(Number);
  const [halts = 0, pauses = 0] = counts;
  if (words.positionals.join() !== 'control') return refuse('what to prove: budget or control');
  if (!counts.every((count) => Number.isInteger(count) && count > 0 && count <= 100_000))
    return refuse('--halts and --pauses: whole numbers from 1 to 100000');
  if (!canLook()) return refuse('This proof needs /proc, which this system does not have.');
  const say = (line: string): void => void process.stdout.write(`${line}\n`);
  const proof = await proveControl({ halts, pauses, say });
  say(roundsText('HALT until 32 calls were cut and their tasks queued', proof.halts));
  say(roundsText('PAUSE until every worker obeyed', proof.pauses));
  const { cut, charged, settled, bill } = proof.money;
  say(
    `money (simulated, nano-dollars): ${settled} settled <= ${bill} billed <= ${settled + charged} with ${cut} cut calls charged in full`,
  );
  for (const violation of proof.violations) say(`VIOLATION ${violation}`);
  say(
    proof.violations.length === 0
      ? 'Every order acted as it says.'
      : `${proof.violations.length} violations.`,
  );
  return proof.violations.length === 0 ? 0 : 1;
}

async function budget(minutes: number, seed: string): Promise<number> {
  if (!(minutes > 0 && minutes <= 600)) return refuse('--minutes: more than 0, at most 600');
  if (!canLook()) return refuse('This proof needs /proc, which this system does not have.');
  const cut = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => cut.abort());
  const say = (line: string): void => void process.stdout.write(`${line}\n`);
  const proof = await proveBudget({ minutes, seed, signal: cut.signal, say });
  for (const line of budgetPage(proof)) say(line);
  if (cut.signal.aborted) say('It was cut short: what it met until then is above.');
  return proof.violations.length === 0 ? 0 : 1;
}

function roundsText(what: string, { rounds, effectMs }: Rounds): string {
  const at = (share: number): string =>
    (effectMs[Math.min(effectMs.length - 1, Math.floor(share * effectMs.length))] ?? 0).toFixed(0);
  return `${rounds} × ${what}: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, longest ${at(1)} ms`;
}

function refuse(why: string): number {
  process.stderr.write(`${why}\n\n${USAGE}\n`);
  return 2;
}

process.exit(await main());
