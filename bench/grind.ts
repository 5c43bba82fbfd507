/**
 * `npm run bench -- grind [--json]`: what grind costs over the least a proxy can do, in one run on one machine. Both stand before the same
 * simulator at zero latency; the simulator asked directly gives the latency there is without any proxy. Three rounds, taken in turn, medians.
 * CPU is that of the server process alone. Ratios are to be quoted; absolute figures are this machine's, today.
 */
import { openBenchHome } from './lib/bench-home.ts';
import { readFlags } from './lib/flags.ts';
import { load } from './lib/load.ts';
import { cpuMs } from './lib/process-cost.ts';
import { factsOf } from './lib/report.ts';
import { startGrind, startSimulator } from './lib/run.ts';
import type { Service } from './lib/service.ts';
import { onStage } from './lib/stage.ts';
import { median } from './lib/statistics.ts';

const ROUNDS = 3;
const LOADS = [
  { concurrency: 1, requests: 500 },
  { concurrency: 16, requests: 2_000 },
  { concurrency: 64, requests: 2_000 },
] as const;
const WARM_UP = 300;
let asked = 0;
/** Each asks for something else, so that every reply is a new text to be stored. */
const nextPrompt = (): string => {
  asked += 1;
  return `Explain in three sentences why write-ahead log number ${asked} is written before the change it describes.`;
};

interface Target {
  readonly name: 'direct' | 'bare' | 'grind';
  readonly url: string;
  readonly service: Service;
  readonly bodyOf: (index: number) => string;
}
interface Row {
  readonly concurrency: number;
  readonly target: Target['name'];
  readonly requests_per_second: number;
  readonly cpu_ms_per_request: number;
  readonly p50_ms: number;
  readonly p99_ms: number;
}

const { asJson } = readFlags('grind', {});
const facts = factsOf('grind', 'written, not synced');

report(
  await onStage(async (stage) => {
    const home = openBenchHome(stage.makeDirectory('home'));
    const simulator = await startSimulator(stage, 0, home.layout.simulatorBill);
    const bare = await stage.service('bench/dist/lib/bare-proxy.js', [simulator.url]);
    const grind = await startGrind(stage, home.layout.root, simulator);

    const grindBody = (index: number): string =>
      JSON.stringify({
        prompt: nextPrompt(),
        task_id: `bench-${index}`,
        max_tokens: 128,
        max_budget: 0.1,
        idempotency_key: `bench-${process.hrtime.bigint()}-${index}`,
      });
    const chatBody = (): string =>
      JSON.stringify({
        model: 'llama-3.1-8b-instant',
        messages: [{ role: 'user', content: nextPrompt() }],
        max_completion_tokens: 128,
        temperature: 0.2,
      });
    const targets: readonly Target[] = [
      {
        name: 'direct',
        url: `${simulator.url}/openai/v1/chat/completions`,
        service: simulator,
        bodyOf: chatBody,
      },
      {
        name: 'bare',
        url: `${bare.url}/grind`,
        service: bare,
        bodyOf: (index) =>
          JSON.stringify({ prompt: nextPrompt(), task_id: `bench-${index}`, max_tokens: 128 }),
      },
      { name: 'grind', url: `${grind.url}/grind`, service: grind, bodyOf: grindBody },
    ];

    const rows: Row[] = [];
    for (const { concurrency, requests } of LOADS) {
      const measured = new Map<
        Target['name'],
        { cpu: number[]; rate: number[]; p50: number[]; p99: number[] }
      >();
      for (const target of targets) await load(target.url, target.bodyOf, concurrency, WARM_UP);
      for (let round = 0; round < ROUNDS; round += 1) {
        for (const target of targets) {
          const before = cpuMs(target.service.pid);
          const result = await load(target.url, target.bodyOf, concurrency, requests);
          const of = measured.get(target.name) ?? { cpu: [], rate: [], p50: [], p99: [] };
          of.cpu.push((cpuMs(target.service.pid) - before) / requests);
          of.rate.push((requests / result.elapsedMs) * 1_000);
          of.p50.push(result.p50Ms);
          of.p99.push(result.p99Ms);
          measured.set(target.name, of);
        }
      }
      for (const [target, of] of measured) {
        rows.push({
          concurrency,
          target,
          requests_per_second: Math.round(median(of.rate)),
          cpu_ms_per_request: round3(median(of.cpu)),
          p50_ms: round3(median(of.p50)),
          p99_ms: round3(median(of.p99)),
        });
      }
    }
    return rows;
  }),
);

function report(rows: readonly Row[]): void {
  const row = (concurrency: number, target: Target['name']): Row => {
    const found = rows.find((each) => each.concurrency === concurrency && each.target === target);
    if (found === undefined) throw new Error(`nothing was measured for ${target} at ${concurrency}`);
    return found;
  };
  const summary = LOADS.map(({ concurrency }) => {
    const [direct, bare, grind] = [
      row(concurrency, 'direct'),
      row(concurrency, 'bare'),
      row(concurrency, 'grind'),
    ];
    return {
      concurrency,
      cpu_ratio_grind_to_bare: round3(grind.cpu_ms_per_request / bare.cpu_ms_per_request),
      added_p50_ms_over_bare: round3(grind.p50_ms - bare.p50_ms),
      added_p99_ms_over_bare: round3(grind.p99_ms - bare.p99_ms),
      added_p50_ms_over_direct: round3(grind.p50_ms - direct.p50_ms),
    };
  });
  if (asJson) {
    process.stdout.write(
      `${JSON.stringify({ ...facts, upstream: 'simulator, zero latency', rounds: ROUNDS, rows, summary })}\n`,
    );
    return;
  }
  process.stdout.write(
    `Node ${facts.node}, ${facts.cores} cores, load average ${facts.load_average}, durability: ${facts.durability}\n`,
  );
  const line = (cells: readonly (string | number)[]): void =>
    void process.stdout.write(`${cells.map((cell) => String(cell).padStart(12)).join('')}\n`);
  line(['concurrency', 'target', 'requests/s', 'CPU ms/req', 'p50 ms', 'p99 ms']);
  for (const each of rows)
    line([
      each.concurrency,
      each.target,
      each.requests_per_second,
      each.cpu_ms_per_request,
      each.p50_ms,
      each.p99_ms,
    ]);
  process.stdout.write('\n');
  for (const each of summary) {
    process.stdout.write(
      `concurrency ${each.concurrency}: grind uses ${each.cpu_ratio_grind_to_bare} x the CPU of the bare proxy and adds ${each.added_p50_ms_over_bare} ms (p50), ${each.added_p99_ms_over_bare} ms (p99)\n`,
    );
  }
}

function round3(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}
