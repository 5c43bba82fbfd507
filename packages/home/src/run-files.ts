/**
 * The small files of run/: who serves this home now. Owns nothing; every answer is read from disk, parsed by its schema. What does not parse
 * is as good as absent. All of it may be deleted when nothing runs.
 *
 * One grind and one panel at most hold their file. A file whose owner is gone is taken over; that needs looking and writing in one
 * step, so claims of one kind exclude each other by a lock, and a claimer reads the file again before it believes it.
 */
import { encodeName, GrindFile, OrchestratorFile, PanelFile, type HomeLayout } from '@vivarium/contracts';
import { isVivariumError, type Machine, type ProcessIdentity } from '@vivarium/core';
import { parseJson } from './salvage.ts';

export type ClaimFileAnswer<T> = { readonly kind: 'claimed' } | { readonly kind: 'held'; readonly by: T };

export interface RunFiles {
  /** The grind that announced itself last; perhaps gone by now. */
  readGrind(): GrindFile | undefined;
  /** The same, only while its process is not known to be gone. */
  liveGrind(): GrindFile | undefined;
  /** Makes `file`, which names this process, the grind of the home, unless a live one holds it. Take-over of a dead owner included. */
  claimGrind(file: GrindFile): Promise<ClaimFileAnswer<GrindFile>>;
  /** Removes the file if it is ours. */
  releaseGrind(): void;
  readPanel(): PanelFile | undefined;
  livePanel(): PanelFile | undefined;
  /** As for grind. The launch token is written first, readable by its owner alone (S6). */
  claimPanel(file: PanelFile, token: string): Promise<ClaimFileAnswer<PanelFile>>;
  releasePanel(): void;
  /** The launch token of the panel that is up. */
  readPanelToken(): string | undefined;
  /** Makes the run known to grind, cap and book included. */
  announceRun(file: OrchestratorFile): void;
  endRun(runId: string): void;
  /** What the run announced; undefined when it never did, or has ended. */
  readRun(runId: string): OrchestratorFile | undefined;
  /** Runs whose process is not known to be gone, sorted by id. */
  liveRuns(): readonly OrchestratorFile[];
}

/** Long enough to outlive a claimer that was killed in the middle. */
const CLAIM_WAIT_MS = 15_000;

interface Schema<T> {
  safeParse(value: unknown): { readonly data?: T | undefined };
}

export function runFiles(
  layout: HomeLayout,
  machine: Pick<Machine, 'files' | 'fileLock' | 'processes'>,
): RunFiles {
  const { files, fileLock, processes } = machine;

  const readAs = <T>(path: string, schema: Schema<T>): T | undefined =>
    schema.safeParse(parseJson(files.readText(path) ?? '')).data;
  const ifLive = <T extends ProcessIdentity>(file: T | undefined): T | undefined =>
    file === undefined || processes.isGone(file) ? undefined : file;
  const isOurs = (file: ProcessIdentity | undefined): boolean =>
    file !== undefined &&
    file.pid === processes.self.pid &&
    file.started === processes.self.started &&
    file.host === processes.self.host;

  const claim = async <T extends ProcessIdentity>(
    path: string,
    schema: Schema<T>,
    file: T,
    beforehand?: () => void,
  ): Promise<ClaimFileAnswer<T>> =>
    fileLock.withLock(path, CLAIM_WAIT_MS, (assertHeld) => {
      const held = ifLive(readAs(path, schema));
      if (held !== undefined && !isOurs(held)) return { kind: 'held', by: held };
      assertHeld();
      beforehand?.();
      files.replace(path, format(file));
      // After a stall another may have thought the lock free and written here too: the file decides.
      const stands = readAs(path, schema);
      return stands === undefined || isOurs(stands) ? { kind: 'claimed' } : { kind: 'held', by: stands };
    });
  const release = <T extends ProcessIdentity>(path: string, schema: Schema<T>): boolean => {
    const ours = isOurs(readAs(path, schema));
    if (ours) files.remove(path);
    return ours;
  };
  const runPath = (runId: string): string => `${layout.orchestrators}/${encodeName(runId)}.json`;

  return {
    readGrind: () => readAs(layout.grind, GrindFile),
    liveGrind: () => ifLive(readIfThere(layout.grind, GrindFile)),
    claimGrind: async (file) => claim(layout.grind, GrindFile, file),
    releaseGrind: () => void release(layout.grind, GrindFile),
    readPanel: () => readAs(layout.panel, PanelFile),
    livePanel: () => ifLive(readIfThere(layout.panel, PanelFile)),
    claimPanel: async (file, token) =>
      claim(layout.panel, PanelFile, file, () => files.replace(layout.panelToken, token, 'private')),
    releasePanel() {
      if (release(layout.panel, PanelFile)) files.remove(layout.panelToken);
    },
    readPanelToken: () => orNothing(() => files.readText(layout.panelToken)),
    announceRun: (file) => files.replace(runPath(file.run_id), format(file)),
    endRun: (runId) => files.remove(runPath(runId)),
    readRun: (runId) => readIfThere(runPath(runId), OrchestratorFile),
    liveRuns() {
      const found = (orNothing(() => files.list(layout.orchestrators)) ?? []).map((name) =>
        readIfThere(`${layout.orchestrators}/${name}`, OrchestratorFile),
      );
      return found.flatMap((run) => ifLive(run) ?? []);
    },
  };

  /** A file another process may remove or protect at any moment. */
  function readIfThere<T>(path: string, schema: Schema<T>): T | undefined {
    return orNothing(() => readAs(path, schema));
  }
}

/** run/ is its owner's alone: for anybody else nothing is known to be up. */
function orNothing<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    if (isVivariumError(error)) return undefined;
    throw error;
  }
}

const format = (file: object): string => `${JSON.stringify(file, null, 2)}\n`;
