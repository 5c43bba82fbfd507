/**
 * `results`: the answer of every completed task of the queue, each in a file of its own that is named after the task. Reads every answer once. Writes into one
 * directory and over nothing: what is there already stays, and is told when it is something else.
 */
import { resolve } from 'node:path';
import { encodeName, viewQueue } from '@vivarium/contracts';
import { createWantedTasks } from '@vivarium/queue';
import { openHome, type CommandDeps, type ExitCode } from '../deps.ts';
import { counted } from '../report/counted.ts';
import { names } from '../report/names.ts';
import { createRunWatch } from '../run-watch.ts';
import { createSnapshotFile } from '../snapshot.ts';

export interface ResultsInput {
  readonly home: string | undefined;
  readonly directory: string;
  readonly json: boolean;
}

interface Wanted {
  readonly id: string;
  readonly simulated: boolean;
}

export async function results(input: ResultsInput, deps: CommandDeps): Promise<ExitCode> {
  const { terminal } = deps;
  const { files, clock } = deps.machine;
  const { layout, record } = openHome(input.home, deps, 'look');
  const directory = resolve(deps.cwd, input.directory);
  const watch = createRunWatch(record, createSnapshotFile(layout, files));
  watch.read();
  const { tasks } = createWantedTasks({ layout, files, clock, record }).read(
    (id) => watch.tasks.get(id).since !== undefined,
  );
  const wanted = new Map<string, Wanted[]>();
  for (const view of viewQueue(tasks, watch.tasks)) {
    const { resultSha256, simulated } = view.record;
    if (view.status !== 'completed' || resultSha256 === undefined) continue;
    const alike = wanted.get(resultSha256) ?? [];
    alike.push({ id: view.task.id, simulated });
    wanted.set(resultSha256, alike);
  }

  files.makeDirectory(directory);
  const report = {
    directory,
    written: 0,
    there: 0,
    simulated: 0,
    different: [] as string[],
    gone: [] as string[],
  };
  const write = ({ id, simulated }: Wanted, text: string): void => {
    const path = `${directory}/${encodeName(id)}.txt`;
    if (files.createExclusive(path, text)) report.written += 1;
    else if (files.readText(path) === text) report.there += 1;
    else return void report.different.push(id);
    if (simulated) report.simulated += 1;
  };
  for (const { sha256, text } of record.results()) {
    for (const each of wanted.get(sha256) ?? []) write(each, text);
    wanted.delete(sha256);
  }
  report.gone.push(...[...wanted.values()].flat().map(({ id }) => id));

  if (input.json) terminal.line(JSON.stringify(report));
  else {
    const there = report.there === 0 ? '' : `, ${report.there} were there already`;
    const simulated = report.simulated === 0 ? '' : `; ${report.simulated} of them simulated`;
    terminal.line(`${counted(report.written, 'result')} written to ${directory}${there}${simulated}`);
  }
  if (report.different.length > 0) {
    terminal.complain(
      `ERROR: something else has the name of the result of ${names(report.different, 5)}: it was left.`,
    );
    terminal.complain('  → Name another directory, or remove those files.');
  }
  if (report.gone.length > 0)
    terminal.complain(
      `ERROR: not there as they were written: the results of ${names(report.gone, 5)}. → orchestrator audit verify says what is wrong with the record`,
    );
  return report.different.length + report.gone.length === 0 ? 0 : 1;
}
