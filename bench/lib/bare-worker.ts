/**
 * One process of the bare path that `pipeline` is measured against: per task the bare calls of the record and one request to a proxy, as many at
 * a time as it is told, over kept connections. No queue to read, no rules, no results.
 */
import { Pool } from 'undici';
import { openBareRecord } from './bare-record.ts';
import { cpuMsSince, report, whenTold } from './bench-process.ts';

const [directory = '', name = '', url = '', tasks = '0', slots = '1', warmUp = '0', durability] =
  process.argv.slice(2);
const target = new URL(url);
const pool = new Pool(target.origin, { connections: Number(slots), pipelining: 1 });
const record = openBareRecord(
  directory,
  name,
  { lock: 150, claim: 500, finish: 1_200 },
  durability === 'fsync' ? 'fsync' : 'os',
);
const headers = { 'content-type': 'application/json' };

let next = 0;
async function slot(last: number): Promise<void> {
  while (next < last) {
    const task = next++;
    record.begin(task);
    const id = `${name}-${task}`;
    const { statusCode, body } = await pool.request({
      method: 'POST',
      path: target.pathname,
      headers,
      body: JSON.stringify({
        prompt: `Explain in three sentences why write-ahead log ${id} is written before the change it describes.`,
        task_id: id,
        max_tokens: 128,
      }),
    });
    const answer = (await body.json()) as { readonly status?: string };
    if (statusCode !== 200 || answer.status !== 'completed')
      throw new Error(`the proxy answered ${statusCode}`);
    record.end(task);
  }
}
const work = async (last: number): Promise<void> => {
  await Promise.all(Array.from({ length: Number(slots) }, () => slot(last)));
};

await work(Number(warmUp));
await whenTold();
const working = process.cpuUsage();
const began = performance.now();
await work(Number(warmUp) + Number(tasks));
report({
  tasks: Number(tasks),
  cpuMs: cpuMsSince(working),

  elapsedMs: performance.now() - began,
});
record.close();
await pool.close();
