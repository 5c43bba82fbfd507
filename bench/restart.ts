/**
 * `npm run bench -- restart [--json] [--lines 1000000] [--rounds 3]`: how long a grind takes to be up on a log of money of that many lines, and on one of ten thousand: the first
 * start, which reads all of it and leaves a checkpoint, and those after it. From the start of the process to its word that it is up; with the most memory it held.
 */
import { homeIdOf, homeLayout } from '@vivarium/contracts';
import { createRecordStore, initHome } from '@vivarium/home';
import { createNodeMachine } from '@vivarium/platform';
import { readFlags } from './lib/flags.ts';
import { peakMemoryMb } from './lib/process-cost.ts';
import { factsOf, tell } from './lib/report.ts';
import { startGrind, startSimulator } from './lib/run.ts';
import { onStage, type Stage } from './lib/stage.ts';
import { median, rounded } from './lib/statistics.ts';

const flags = readFlags('restart', { lines: 1_000_000, rounds: 3 });
const facts = factsOf('restart', 'written, not synced');
const SHORT = 10_000;

/** Two lines a call, as grind writes them: a hold and what settled it. */
function writeLog(root: string, lines: number): void {
  const machine = createNodeMachine();
  const layout = homeLayout(root);
  initHome(layout, machine.files);
  const home = homeIdOf(root);
  const record = createRecordStore({ layout, home, machine });
  const timestamp = '2026-11-27T08:00:00.000Z';
  const who = { user: 'admin', role: 'admin', model: 'llama-3.1-8b-instant' };
  for (let n = 0; n < lines / 2; n += 1) {
    const id = n.toString(16).padStart(32, '0');
    const joins = {
      call_id: `call_${id}`, idempotency_key: `${home}:task-${n}:1:1`, prompt_hash: id.slice(16), home, run_id: 'run_long', task_id: `task-${n}`, round: 1,
      attempt: 1, task_digest: `sha256:${id}${id}`, worker_id: 'worker_1', request_id: `req_${id}`, provider: 'simulator', simulated: true,
    }; // prettier-ignore
    record.appendAll('apiAudit', [
      { timestamp, event: 'call.held', ...who, held: 0.0001, held_nano_usd: 100_000, input_token_bound: 300, max_completion_tokens: 1_024, event_id: `api_h${id}`, ...joins },
      { timestamp, event: 'API_CALL_SUCCESS', ...who, cost: 0.0000102, input_tokens: 60, output_tokens: 90, cost_nano_usd: 10_200, result_sha256: id + id, event_id: `api_s${id}`, ...joins },
    ]); // prettier-ignore
  }
}

async function upAfter(stage: Stage, root: string): Promise<{ ms: number; mb: number }> {
  const simulator = await startSimulator(stage, 0, `${root}/logs/simulator_bill.jsonl`);
  const began = performance.now();
  const grind = await startGrind(stage, root, simulator);
  const ms = performance.now() - began;
  const mb = peakMemoryMb(grind.pid) ?? Number.NaN;
  await grind.stop();
  await simulator.stop();
  return { ms, mb };
}

const rows = await onStage(async (stage) => {
  const found = [];
  for (const lines of [SHORT, flags.lines]) {
    const root = stage.makeDirectory('home');
    writeLog(root, lines);
    const first = await upAfter(stage, root);
    const later = [];
    for (let round = 0; round < flags.rounds; round += 1) later.push(await upAfter(stage, root));
    found.push({
      lines,
      first_start_ms: Math.round(first.ms),
      first_start_mb: Math.round(first.mb),
      later_start_ms: Math.round(median(later.map(({ ms }) => ms))),
      later_start_mb: Math.round(median(later.map(({ mb }) => mb))),
    });
  }
  return found;
});
const [short, long] = rows.map(({ later_start_ms }) => later_start_ms);
const ratio = rounded((long ?? 0) / (short ?? 1));
tell(
  { ...facts },
  { starts: rows, ratios: [{ figure: 'later starts, long log over short', ratio }] },
  flags.asJson,
);
