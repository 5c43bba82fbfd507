/** `npm run chaos`: reads the words, runs, prints. Exit codes: 0 every promise held · 1 one was broken · 2 usage · 130 cut short by Ctrl-C. */
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { canLook } from './processes.ts';
import { reportLines, reportRecord } from './report.ts';
import { runChaos } from './run-chaos.ts';

const USAGE = `npm run chaos -- [--minutes M] [--seed S] [--tasks N] [--json]

  --minutes M   how long things are disturbed (1); finishing and checking comes on top
  --seed S      what the disturbances and the tasks are drawn from (a new one, which is printed)
  --tasks N     most tasks (as many as the time takes)
  --json        print one line of JSON at the end, and nothing else on standard output`;

const MOST_MINUTES = 24 * 60;

function readWords(): { minutes: number; seed: string; tasks: number | undefined; json: boolean } | string {
  try {
    const { values } = parseArgs({
      options: {
        minutes: { type: 'string', default: '1' },
        seed: { type: 'string' },
        tasks: { type: 'string' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) return '';
    const minutes = Number(values.minutes);
    const tasks = values.tasks === undefined ? undefined : Number(values.tasks);
    if (!(minutes > 0 && minutes <= MOST_MINUTES))
      return `--minutes ${values.minutes}: more than 0 and up to ${MOST_MINUTES}`;
    if (tasks !== undefined && !(Number.isInteger(tasks) && tasks > 0))
      return `--tasks ${values.tasks}: a whole number above 0`;
    return { minutes, seed: values.seed ?? String(randomInt(1_000_000_000)), tasks, json: values.json };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

async function main(): Promise<number> {
  const words = readWords();
  if (typeof words === 'string') {
    process.stderr.write(words === '' ? `${USAGE}\n` : `${words}\n\n${USAGE}\n`);
    return words === '' ? 0 : 2;
  }
  if (!canLook()) {
    process.stderr.write('Chaos finds the processes it ends in /proc, which this system does not have.\n');
    return 2;
  }
  const say = (line: string): void => void (words.json ? process.stderr : process.stdout).write(`${line}\n`);
  const cut = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => cut.abort());
  say(`Chaos for ${words.minutes} minutes, seed ${words.seed}`);
  try {
    const result = await runChaos({ ...words, signal: cut.signal, say });
    if (words.json) process.stdout.write(`${JSON.stringify(reportRecord(result))}\n`);
    else for (const line of reportLines(result)) say(line);
    return result.violations.length === 0 ? 0 : 1;
  } catch (error) {
    if (!cut.signal.aborted) throw error;
    say(`Cut short; run it again with --seed ${words.seed}.`);
    return 130;
  }
}

// Not by itself: what was to go on for some seconds, when the run was cut short, has nothing left to do.
process.exit(await main());
