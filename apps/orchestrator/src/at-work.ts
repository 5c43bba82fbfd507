/** Who is at work on a home: what must not be changed under somebody's hands asks here first. Owns nothing. */
import { parseBeat, type BeatFile } from '@vivarium/contracts';
import type { CommandDeps, OpenHome } from './deps.ts';

/** A run or a worker, in words. */
export function whoRuns(home: OpenHome, deps: CommandDeps): string | undefined {
  const [run] = home.runs.liveRuns();
  if (run !== undefined) return `a run (${run.run_id}, pid ${run.pid})`;
  const worker = liveWorker(home, deps);
  return worker && `a worker (${worker.worker_id}, pid ${worker.pid})`;
}

/** A run, a worker, or a grind that waits for some. */
export function whoIsUp(home: OpenHome, deps: CommandDeps): string | undefined {
  const grind = home.runs.liveGrind();
  return whoRuns(home, deps) ?? (grind && `grind (pid ${grind.pid})`);
}

/** Also one that somebody started by hand, without a run. */
function liveWorker({ layout }: OpenHome, { machine }: CommandDeps): BeatFile | undefined {
  const { files, processes } = machine;
  for (const name of files.list(layout.workers)) {
    const beat = parseBeat(files.readText(`${layout.workers}/${name}`));
    if (beat !== undefined && !processes.isGone(beat)) return beat;
  }
  return undefined;
}
