/**
 * Puts a panel together over one home: stores, feed, verdicts, door, server, sockets. Owns the order in which they start and stop.
 *
 * - P6: one panel serves a home; a second is told where the first is. `run/panel.json` names it, `run/panel.token` (its owner's alone) opens it.
 */
import {
  homeIdOf,
  homeLayout,
  panelLink,
  parseBeat,
  type BeatFile,
  type SealHead,
} from '@vivarium/contracts';
import { messageOf, VivariumError, type Machine } from '@vivarium/core';
import {
  createControlStore,
  createRecordStore,
  createStrangers,
  createVerifier,
  initHome,
  openKeyring,
  runFiles,
} from '@vivarium/home';
import { watchRecord } from './verdict/record-watch.ts';
import { createControlDesk } from './control-desk.ts';
import { resetBreaker } from './reset-breaker.ts';
import { keepKey, leftoverKey } from './door/session-key.ts';
import { createSessions } from './door/sessions.ts';
import { createQueueReader } from './feed/queue-reader.ts';
import { createRecordFeed } from './feed/record-feed.ts';
import { portsToTry } from './flags.ts';
import { createPanelServer } from './panel-server.ts';
import { createSocketFeed } from './socket-feed.ts';
import { createGrindProbe } from './verdict/grind-probe.ts';
import { createOverview } from './verdict/overview.ts';
import { createWorkerWatch } from './verdict/worker-watch.ts';

export interface PanelOptions {
  /** Where the user keeps the key and the heads of sealed records; undefined when nowhere. */
  readonly keys: string | undefined;
  readonly machine: Machine;
  /** Real path of the home. */
  readonly root: string;
  readonly port: number | undefined;
  /** Directory of the built page. */
  readonly page: string;
  /** For the operator: what cannot be read or kept at the moment. */
  readonly onFault: (message: string) => void;
}

export interface Panel {
  readonly url: string;
  /** Opens the panel: for the terminal of whoever started it. */
  readonly link: string;
  /** Idempotent; resolves when nothing of it is left. */
  stop(): Promise<void>;
}

/** Beats move once a second; reading them at every frame of a busy log would only warm the disk. */
const BEATS_EVERY_MS = 200;

export async function createPanel({
  machine,
  root,
  port,
  page,
  keys,
  onFault,
}: PanelOptions): Promise<Panel> {
  const { clock, files, ids, processes } = machine;
  const layout = homeLayout(root);
  const home = homeIdOf(root);
  initHome(layout, files);
  const run = runFiles(layout, machine);
  refuseSecond(run.livePanel()?.url);

  const record = createRecordStore({ layout, home, machine });
  const control = createControlStore({ layout, machine, record });
  const feed = createRecordFeed({ record, queue: createQueueReader(layout, files, clock, record) });
  const probe = createGrindProbe({ home, clock, readGrind: () => run.liveGrind() });

  /** Read anew for each verifier: the sealer keeps the newest head there. */
  const heldOutside = (): { heldHeads: readonly SealHead[]; publicKey: string | undefined } => {
    try {
      const keyring = keys === undefined ? undefined : openKeyring(keys, root, machine);
      const held = keyring?.heldHead(home);
      return { heldHeads: held === undefined ? [] : [held], publicKey: keyring?.publicKey() };
    } catch (error) {
      onFault(`the record is verified only as far as it vouches for itself: ${messageOf(error)}`);
      return { heldHeads: [], publicKey: undefined };
    }
  };

  let beats: { readonly at: number; readonly found: readonly BeatFile[] } | undefined;
  const readBeats = (): readonly BeatFile[] => {
    const now = clock.monotonic();
    if (beats === undefined || now - beats.at >= BEATS_EVERY_MS) {
      beats = {
        at: now,
        found: files
          .list(layout.workers)
          .flatMap((name) => parseBeat(files.readText(`${layout.workers}/${name}`)) ?? []),
      };
    }
    return beats.found;
  };
  const sealed = watchRecord({
    clock,
    createVerifier: () => createVerifier({ layout, files, home, ...heldOutside() }),
    onFault,
  });
  const overview = createOverview({
    clock,
    feed,
    watch: createWorkerWatch((process) => processes.isGone(process)),
    beats: readBeats,
    runs: () => run.liveRuns(),
    grind: () => {
      // Asked in the background; what it last said is good for a second or two.
      void probe.look();
      return probe.seen;
    },
    control: () => control.read(),
    orders: () => control.orders(),
    record: () => sealed.seen,
  });

  const before = run.readPanel()?.url;
  const sessions = createSessions({
    clock,
    ids,
    ...keyOf(leftoverKey(layout, files, clock)),
    onToken(token) {
      try {
        files.replace(layout.panelToken, token, 'private');
      } catch {
        onFault('the next launch link could not be written to run/panel.token; the one in force still works');
      }
    },
  });
  const server = createPanelServer({
    sessions,
    feed,
    getResult: (sha256) => record.getResult(sha256),
    home,
    root,
    page,
    onStranger: createStrangers('control-panel', { record, clock }).refused,
  });
  const url = await server.listen(portsToTry(port, before));
  let stopping: Promise<void> | undefined;
  try {
    const claim = await run.claimPanel({ home, ...processes.self, url }, sessions.token);
    if (claim.kind === 'held') refuseSecond(claim.by.url);
    keepKey(layout, files, clock, sessions.key);
  } catch (error) {
    sealed.stop();
    await server.stop();
    throw error;
  }
  const sockets = createSocketFeed({
    io: server.io,
    clock,
    home,
    root,
    feed,
    overview,
    order: createControlDesk({
      control,
      clock,
      resetBreaker: (model, reason) => resetBreaker(run.liveGrind()?.url, model, reason),
    }).order,
    watch: (onChange) => {
      const stops = [record.watch(onChange), control.watch(onChange)];
      return () => stops.forEach((stop) => stop());
    },
    isCsrf: (cookieHeader, csrf) => sessions.isCsrf(server.cookieOf(cookieHeader), csrf),
    onFault,
  });
  record.act({
    actor: 'control-panel',
    action_type: 'SYSTEM',
    action: 'STARTED',
    detail: `control panel at ${url}`,
    event: 'panel.started',
  });

  const stopAll = async (): Promise<void> => {
    sealed.stop();
    sockets.stop();
    await server.stop();
    files.remove(layout.panelKey);
    run.releasePanel();
    record.act({
      actor: 'control-panel',
      action_type: 'SYSTEM',
      action: 'STOPPED',
      detail: `control panel at ${url}`,
      event: 'panel.stopped',
    });
  };
  return {
    url,
    link: panelLink(url, sessions.token),
    stop: () => (stopping ??= stopAll()),
  };
}

function refuseSecond(url: string | undefined): void {
  if (url === undefined) return;
  throw new VivariumError('panel_running', `a control panel for this home is already running at ${url}`, {
    remedy: { kind: 'stop' },
    hint: '`orchestrator panel` prints its link.',
  });
}

const keyOf = (key: string | undefined): { readonly key: string } | Record<string, never> =>
  key === undefined ? {} : { key };
