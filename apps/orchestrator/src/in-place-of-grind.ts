/** Keeps every grind off a home for as long as a piece of work takes: its logs with one writer are that work's to write. Owns the claim on `run/grind.json` meanwhile. */
import { VivariumError } from '@vivarium/core';
import type { CommandDeps, OpenHome } from './deps.ts';

/** Throws `grind_running` when one is up, or has just begun. */
export async function inPlaceOfGrind<T>(
  home: OpenHome,
  deps: CommandDeps,
  work: () => T | Promise<T>,
): Promise<T> {
  const claim = await home.runs.claimGrind({
    home: home.id,
    ...deps.machine.processes.self,
    port: 0,
    url: 'http://127.0.0.1:0',
    version: '',
    provider: 'none',
    simulated: true,
  });
  if (claim.kind === 'held')
    throw new VivariumError('grind_running', `a grind has just begun at ${claim.by.url}`, {
      remedy: { kind: 'retry' },
      hint: 'Run the command again: it goes by that grind.',
    });
  try {
    return await work();
  } finally {
    home.runs.releaseGrind();
  }
}
