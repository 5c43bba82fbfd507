/**
 * `npm run bench -- pacing [--json] [--workers 20] [--tasks 160] [--limit 6000] [--latency 300]`: workers against a provider that takes `limit` tokens a minute.
 *
 * What came to the provider in every ten seconds, what it took of it and what it refused for its rate; and the whole time beside the best that limit allows: what is asked for beyond a
 * full bucket flows in at an even rate. Every task must have been completed with one paid call, and what was settled must be what was billed, or the bench fails. Everything is simulated.
 */
import { readFileSync } from 'node:fs';
import { addAll, benchTasks, mustAddUp, mustBeDone, openBenchHome, readDone } from './lib/bench-home.ts';
import { mustEndWith } from './lib/command.ts';
import { readFlags } from './lib/flags.ts';
import { factsOf, tell } from './lib/report.ts';
import { startGrind, startRun, startSimulator } from './lib/run.ts';
import { onStage } from './lib/stage.ts';
import { rounded } from './lib/statistics.ts';

const flags = readFlags('pacing', { workers: 20, tasks: 160, limit: 6_000, latency: 300 });
const facts = factsOf('pacing', 'written, not synced');
const EVERY_MS = 10_000;

/** As the simulator of this checkout tells it. */
interface State {
  readonly requests: {
    readonly completions_asked: number;
    readonly billed: number;
    readonly refused: Readonly<Record<string, number>>;
  };
}
interface Billed {
  readonly input_tokens: number;
  readonly output_tokens: number;
}
interface Seen {
  readonly at: number;
  readonly asked: number;
  readonly answered: number;
  readonly refused: number;
}

const tables = await onStage(async (stage) => {
  const home = openBenchHome(stage.makeDirectory('home'));
  await addAll(home, benchTasks('paced', flags.tasks));
  const simulator = await startSimulator(stage, flags.latency, home.layout.simulatorBill, flags.limit);
  await startGrind(stage, home.layout.root, simulator);

  const look = async (): Promise<Seen> => {
    const response = await fetch(new URL('/simulator/state', simulator.url));
    const { requests } = (await response.json()) as State;
    const { completions_asked: asked, billed: answered, refused } = requests;
    return { at: performance.now(), asked, answered, refused: refused['429'] ?? 0 };
  };
  const began = performance.now();
  const seen: Seen[] = [await look()];
  const timer = setInterval(() => void look().then((found) => seen.push(found)), EVERY_MS);
  const run = startRun(stage, home.layout.root, { workers: flags.workers, slots: 1 });
  const end = await run.ended.finally(() => clearInterval(timer));
  mustEndWith(0, 'start', end);
  seen.push(await look());

  const done = mustBeDone(readDone(home), flags.tasks);
  mustAddUp(home, flags.tasks);
  const tokens = readFileSync(home.layout.simulatorBill, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Billed)
    .reduce((sum, line) => sum + line.input_tokens + line.output_tokens, 0);
  const first = Math.min(...done.claims.map(({ at }) => at));
  const took = Math.max(...done.completions.map(({ at }) => at)) - first;
  const best = (Math.max(0, tokens - flags.limit) * 60_000) / flags.limit + flags.latency;
  const last = seen.at(-1);
  return {
    whole: [
      {
        workers: flags.workers,
        calls: flags.tasks,
        tokens,
        refused_for_rate: last?.refused ?? Number.NaN,
        seconds: rounded(took / 1_000),
        best_possible_seconds: rounded(best / 1_000),
        over_best: rounded(took / best),
      },
    ],
    over_time: seen.slice(1).map((now, index) => ({
      until_second: Math.round((now.at - began) / 1_000),
      asked: now.asked - (seen[index]?.asked ?? 0),
      answered: now.answered - (seen[index]?.answered ?? 0),
      refused_for_rate: now.refused - (seen[index]?.refused ?? 0),
    })),
  };
});
tell({ ...facts, limit: `${flags.limit} tokens a minute` }, tables, flags.asJson);
