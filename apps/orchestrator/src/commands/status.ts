/** `status`: where every task stands and what it cost. Only reads, but for a snapshot that makes the next look quick; a home may be read-only. */
import { viewQueue, type PaceView } from '@vivarium/contracts';
import type { VivariumError } from '@vivarium/core';
import { createWantedTasks } from '@vivarium/queue';
import { openHome, type CommandDeps, type ExitCode } from '../deps.ts';
import { probeGrind } from '../grind-probe.ts';
import { graphLines, graphOf } from '../graph/graph-lines.ts';
import { statusLines, statusReport } from '../report/status-report.ts';
import { createRunWatch } from '../run-watch.ts';
import { createSnapshotFile } from '../snapshot.ts';

export interface StatusInput {
  readonly home: string | undefined;
  /** One line for every task. */
  readonly all: boolean;
  /** Waves and the critical path. */
  readonly graph: boolean;
  readonly json: boolean;
}

/** A grind that does not answer at once is told of nothing: where the tasks stand is not to wait for it. */
const ANSWER_MS = 300;
const pacesAt = async (url: string): Promise<readonly PaceView[]> => {
  const answer = await probeGrind(url, ANSWER_MS);
  return answer.kind === 'healthy' ? answer.health.paces : [];
};

export async function status(input: StatusInput, deps: CommandDeps): Promise<ExitCode> {
  const home = openHome(input.home, deps, 'look');
  const { layout, runs } = home;
  const { files, clock } = deps.machine;
  const watch = createRunWatch(home.record, createSnapshotFile(layout, files));
  watch.read();
  watch.remember();
  const onProblem = ({ message, hint }: VivariumError): void =>
    deps.terminal.complain(`WARNING: ${message}${hint === undefined ? '' : `\n  → ${hint}`}`);
  const { tasks } = createWantedTasks({ layout, files, clock, record: home.record, onProblem }).read(
    (id) => watch.tasks.get(id).since !== undefined,
  );
  const views = viewQueue(tasks, watch.tasks);
  const grind = runs.liveGrind();
  const report = statusReport({
    layout,
    views,
    money: watch.money.money,
    breakers: watch.money.breakers.open(),
    paces: grind === undefined ? [] : await pacesAt(grind.url),
    control: home.control.read(),
    orders: home.control.orders(),
    runs: runs.liveRuns(),
    grind:
      grind === undefined
        ? undefined
        : { url: grind.url, provider: grind.provider, simulated: grind.simulated },
    unreadableLines: watch.unreadable + watch.money.unreadable,
  });
  if (input.json) {
    const { waves, path } = graphOf(views);
    const graph = {
      waves: waves.map((ids) => [...ids]),
      critical_path: [...path.ids],
      expected_ms: path.expectedMs ?? null,
    };
    deps.terminal.line(JSON.stringify(input.graph ? { ...report, graph } : report));
  } else if (input.graph)
    for (const line of graphLines(views, deps.terminal.colours)) deps.terminal.line(line);
  else
    for (const line of statusLines(report, views, deps.terminal.colours, input.all)) deps.terminal.line(line);
  return 0;
}
