/**
 * `results`: the answer of every completed task of the queue, each in a file of its own that is named after the task. Reads every answer once. Writes into one
 * directory, over nothing but earlier answers of this record: what somebody changed stays, and is told.
 */
import { resolve } from 'node:path';
import { encodeName, sha256, viewQueue } from '@vivarium/contracts';
import { VivariumError } from '@vivarium/core';
import { createWantedTasks } from '@vivarium/queue';
import { openHome, type CommandDeps, type ExitCode } from '../deps.ts';
import { counted } from '../report/counted.ts';
import { names } from '../report/names.ts';
import { createRunWatch } from '../run-watch.ts';
import { createSnapshotFile } from '../snapshot.ts';
import type { Terminal } from '../terminal.ts';

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
  const open: string[] = [];
  for (const view of viewQueue(tasks, watch.tasks)) {
    const { resultSha256, simulated } = view.record;
    if (view.status !== 'completed' || resultSha256 === undefined) {
      open.push(view.task.id);
      continue;
    }
    const alike = wanted.get(resultSha256) ?? [];
    alike.push({ id: view.task.id, simulated });
    wanted.set(resultSha256, alike);
  }

  const isOurs = OWN_DIRECTORIES.some((of) => `${directory}/`.startsWith(`${layout[of]}/`));
  if (isOurs)
    throw new VivariumError('usage', `${directory} belongs to the home: nothing else may stand there`, {
      remedy: { kind: 'stop' },
      hint: 'Name another directory.',
    });
  files.makeDirectory(directory);
  const report = {
    directory,
    written: 0,
    renewed: 0,
    there: 0,
    simulated: 0,
    files: [] as { readonly task_id: string; readonly file: string }[],
    different: [] as string[],
    gone: [] as string[],
    outdated: [] as string[],
  };
  const contentOf = (path: string): string | undefined =>
    files.stat(path)?.isDirectory === true ? undefined : files.readText(path);
  const write = ({ id, simulated }: Wanted, text: string): void => {
    const file = fileOf(id);
    const path = `${directory}/${file}`;
    if (files.createExclusive(path, text)) report.written += 1;
    else {
      const content = contentOf(path);
      // As it can stand in a file: half a character cannot.
      if (content === Buffer.from(text).toString()) report.there += 1;
      else if (content !== undefined && record.getResult(sha256(content)) !== undefined) {
        files.replace(path, text);
        report.renewed += 1;
      } else return void report.different.push(id);
    }
    report.files.push({ task_id: id, file });
    if (simulated) report.simulated += 1;
  };
  try {
    for (const each of record.results()) {
      for (const one of wanted.get(each.sha256) ?? []) write(one, each.text);
      wanted.delete(each.sha256);
    }
    report.gone.push(...[...wanted.values()].flat().map(({ id }) => id));
    report.outdated.push(...open.filter((id) => files.stat(`${directory}/${fileOf(id)}`) !== undefined));
  } finally {
    // Also of what stopped half way.
    tell(report, input.json, terminal);
  }
  return report.different.length + report.gone.length === 0 ? 0 : 1;
}

/** What reads them would take our files for its own. */
const OWN_DIRECTORIES = ['logs', 'run', 'control', 'locks', 'segments'] as const;
const fileOf = (id: string): string => `${encodeName(id)}.txt`;

interface Report {
  readonly directory: string;
  readonly written: number;
  readonly renewed: number;
  readonly there: number;
  readonly simulated: number;
  readonly different: readonly string[];
  readonly gone: readonly string[];
  readonly outdated: readonly string[];
}

function tell(report: Report, asJson: boolean, terminal: Terminal): void {
  const { directory, written, renewed, there, simulated, different, gone, outdated } = report;
  if (asJson) terminal.line(JSON.stringify(report));
  else {
    const more = [
      ...(renewed === 0 ? [] : [`${renewed} in place of earlier answers`]),
      ...(there === 0 ? [] : [`${there} there already`]),
      ...(simulated === 0 ? [] : [`${simulated} of all simulated`]),
    ];
    terminal.line([`${counted(written, 'result')} written to ${directory}`, ...more].join(', '));
  }
  if (outdated.length > 0)
    terminal.complain(
      `WARNING: an earlier answer stands there of ${names(outdated, 5)}: not completed as the queue wants it now.`,
    );
  if (different.length > 0) {
    terminal.complain(
      `ERROR: something that is no answer of this record has the name of the result of ${names(different, 5)}: it was left.`,
    );
    terminal.complain('  → Name another directory, or move those files away.');
  }
  if (gone.length > 0)
    terminal.complain(
      `ERROR: not there as they were written: the results of ${names(gone, 5)}. → orchestrator audit verify says what is wrong with the record`,
    );
}
