/**
 * Loaded into a program before its own code (`--import`), leaves a CPU profile of its life in a directory when it ends. Not `--cpu-prof`, which older
 * versions of Node do not take from the environment, by which alone the programs below an orchestrator can be reached.
 */
import { writeFileSync } from 'node:fs';
import { Session } from 'node:inspector';
import { join } from 'node:path';

const directory = process.env['VIVARIUM_BENCH_PROFILES'];
if (directory !== undefined) {
  const session = new Session();
  session.connect();
  session.post('Profiler.enable');
  session.post('Profiler.setSamplingInterval', { interval: 500 });
  session.post('Profiler.start');
  process.on('exit', () =>
    // Answers at once: the session is one of this thread.
    session.post('Profiler.stop', (fault, answer) => {
      if (fault !== null) return;
      const program = /([\w-]+)\/dist\/main\.js$/.exec(process.argv[1] ?? '')?.[1] ?? 'orchestrator';
      writeFileSync(join(directory, `${program}-${process.pid}.cpuprofile`), JSON.stringify(answer.profile));
    }),
  );
}
