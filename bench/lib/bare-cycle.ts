/**
 * What the queue is measured against: the system calls of its hot path and nothing else. Per task a lock file that appears complete (temporary
 * file, link, unlink of the temporary), two appends of the same size to an open log, and the lock's removal.
 */
import { closeSync, linkSync, openSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { cpuMsSince, report, whenTold } from './bench-process.ts';

const [directory = '', name = '', tasks = '0', lockBytes = '0', claimBytes = '0', finishBytes = '0'] =
  process.argv.slice(2);
const count = Number(tasks);
const lock = Buffer.alloc(Number(lockBytes), 'x');
const claim = Buffer.alloc(Number(claimBytes), 'x');
const finish = Buffer.alloc(Number(finishBytes), 'x');
const log = openSync(join(directory, 'bare.jsonl'), 'a');

await whenTold();
const working = process.cpuUsage();
const began = performance.now();
for (let task = 0; task < count; task += 1) {
  const path = join(directory, `${name}-${task}.lock`);
  const temporary = `${path}.tmp`;
  const fd = openSync(temporary, 'wx');
  writeSync(fd, lock);
  closeSync(fd);
  linkSync(temporary, path);
  unlinkSync(temporary);
  writeSync(log, claim);
  writeSync(log, finish);
  unlinkSync(path);
}
report({ tasks: count, cpuMs: cpuMsSince(working), openCpuMs: 0, elapsedMs: performance.now() - began });
closeSync(log);
