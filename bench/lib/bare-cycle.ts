/** What the queue is measured against: one process that does the bare calls of its hot path (bare-record.ts), task after task. */
import { openBareRecord } from './bare-record.ts';
import { cpuMsSince, report, whenTold } from './bench-process.ts';

const [directory = '', name = '', tasks = '0', durability, lock, claim, finish] = process.argv.slice(2);
const count = Number(tasks);
const record = openBareRecord(
  directory,
  name,
  { lock: Number(lock), claim: Number(claim), finish: Number(finish) },
  durability === 'fsync' ? 'fsync' : 'os',
);

await whenTold();
const working = process.cpuUsage();
const began = performance.now();
for (let task = 0; task < count; task += 1) {
  record.begin(task);
  record.end(task);
}
report({ tasks: count, cpuMs: cpuMsSince(working), elapsedMs: performance.now() - began });
record.close();
