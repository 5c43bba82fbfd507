/**
 * What killed processes left lying in a home: beats and run files that nobody stands behind, files that never got their name. Takes away only what belongs to
 * a process known to be gone, or has not been touched for an hour. Nothing reads them (a beat that is missing says the same as one of a dead worker),
 * so a sweep that fails is no reason not to work.
 */
import { BeatFile, OrchestratorFile, type HomeLayout } from '@vivarium/contracts';
import { isVivariumError, type Machine, type Milliseconds, type ProcessIdentity } from '@vivarium/core';
import { parseJson } from './salvage.ts';

const LONG_UNTOUCHED_MS: Milliseconds = 3_600_000;

export function sweepHome(
  layout: HomeLayout,
  { files, processes }: Pick<Machine, 'files' | 'processes'>,
): void {
  const sweepDead = (
    directory: string,
    schema: { safeParse(value: unknown): { readonly data?: ProcessIdentity | undefined } },
  ): void => {
    for (const name of files.list(directory)) {
      const path = `${directory}/${name}`;
      const owner = schema.safeParse(parseJson(files.readText(path) ?? '')).data;
      if (owner !== undefined && processes.isGone(owner)) files.remove(path);
    }
  };
  try {
    sweepDead(layout.workers, BeatFile);
    sweepDead(layout.orchestrators, OrchestratorFile);
    for (const directory of [layout.root, layout.run, layout.workers, layout.orchestrators, layout.locks])
      files.sweepTemporaries(directory, LONG_UNTOUCHED_MS);
  } catch (error) {
    if (!isVivariumError(error)) throw error;
  }
}
