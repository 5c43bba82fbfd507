/**
 * Everything that changes queue.json: adds by the command line, and the hand of somebody with an editor. One thing at a time: an editor does not
 * know of other writers, and what it overwrites is its own doing, not the product's. Owns what was promised to be in the queue.
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CommandLine } from './command-line.ts';
import { pickOf } from './dice.ts';
import { queueOf } from './home-queue.ts';
import type { TaskSource, WantedTask } from './wanted-tasks.ts';

export interface QueueDesk {
  /** Tasks whose adding was acknowledged. */
  readonly promised: ReadonlySet<string>;
  /** Adds a batch by `orchestrator add`; tried again until it is acknowledged, for a full disk refuses it. */
  add(count: number, goesOn: () => boolean): Promise<void>;
  /** One whose first try is killed after `ms`; false when it had been quicker. */
  addKilled(ms: number, goesOn: () => boolean): Promise<boolean>;
  /** False when there was nothing to edit. */
  editPrompt(pick: number, inPlace: boolean, mayEdit: (id: string) => boolean): Promise<boolean>;
  editAdd(inPlace: boolean): Promise<boolean>;
  editBroken(ms: number): Promise<boolean>;
  /** Runs while nobody edits. */
  alone<T>(work: () => T | Promise<T>): Promise<T>;
}

interface QueueText {
  readonly tasks: readonly WantedTask[];
}

const AGAIN_MS = 250;
/** Enough that a kill may come in the middle of writing them. */
const KILLED_BATCH = 40;

export function createQueueDesk(options: {
  readonly home: string;
  readonly scratch: string;
  readonly cli: CommandLine;
  readonly source: TaskSource;
  readonly canWrite: () => boolean;
}): QueueDesk {
  const { home, scratch, cli, source, canWrite } = options;
  const path = join(home, 'queue.json');
  const promised = new Set<string>();
  let last: Promise<unknown> = Promise.resolve();
  const alone = <T>(work: () => T | Promise<T>): Promise<T> => {
    const mine = last.then(work);
    last = mine.catch(() => undefined);
    return mine;
  };

  const read = (): QueueText => JSON.parse(readFileSync(path, 'utf8')) as QueueText; // `as`: written by the product and by us
  /** As editors do it: a new file moved over the old one, or the old one written anew. */
  const save = (text: string, inPlace: boolean): void => {
    if (inPlace) writeFileSync(path, text);
    else {
      writeFileSync(`${path}~`, text);
      renameSync(`${path}~`, path);
    }
  };
  const edit = (change: (queue: QueueText) => QueueText | undefined, inPlace: boolean): Promise<boolean> =>
    alone(() => {
      if (!canWrite()) return false;
      const changed = change(read());
      if (changed === undefined) return false;
      save(`${JSON.stringify(changed, null, 2)}\n`, inPlace);
      for (const { id } of changed.tasks) promised.add(id);
      return true;
    });

  /** Two may be under way. */
  let batches = 0;
  const writeBatch = (count: number): { readonly batch: readonly WantedTask[]; readonly file: string } => {
    const batch = source.next(count);
    const file = join(scratch, `batch-${(batches += 1)}.jsonl`);
    writeFileSync(file, batch.map((task) => JSON.stringify(task)).join('\n'));
    return { batch, file };
  };
  const addAll = async (
    { batch, file }: ReturnType<typeof writeBatch>,
    goesOn: () => boolean,
  ): Promise<void> => {
    const isThere = (): boolean => {
      const ids = new Set(queueOf(home).map(({ id }) => id));
      return batch.every(({ id }) => ids.has(id));
    };
    while (goesOn()) {
      // What an add that was cut short had already done is refused by name the next time: the queue itself tells.
      const done = await alone(
        async () => (await cli.launch(['add', '--file', file]).ended).code === 0 || isThere(),
      );
      if (done) {
        for (const { id } of batch) promised.add(id);
        return;
      }
      await sleep(AGAIN_MS);
    }
  };

  return {
    promised,
    alone,
    add: async (count, goesOn) => addAll(writeBatch(count), goesOn),
    async addKilled(ms, goesOn) {
      const written = writeBatch(KILLED_BATCH);
      const code = await alone(async () => {
        const adding = cli.launch(['add', '--file', written.file]);
        const timer = setTimeout(() => adding.child.kill('SIGKILL'), ms);
        const { code } = await adding.ended;
        clearTimeout(timer);
        return code;
      });
      await addAll(written, goesOn);
      return code === 'SIGKILL';
    },
    editPrompt: (pick, inPlace, mayEdit) =>
      edit((queue) => {
        const chosen = pickOf(
          queue.tasks.filter(({ id }) => mayEdit(id)),
          pick,
        );
        if (chosen === undefined) return undefined;
        const prompt = source.prompt();
        return { ...queue, tasks: queue.tasks.map((task) => (task === chosen ? { ...task, prompt } : task)) };
      }, inPlace),
    editAdd: (inPlace) =>
      edit((queue) => {
        return { ...queue, tasks: [...queue.tasks, ...source.next(1)] };
      }, inPlace),
    editBroken: (ms) =>
      alone(async () => {
        if (!canWrite()) return false;
        const good = readFileSync(path, 'utf8');
        save(good.replace(/,(?=[^,]*$)/, ' '), true);
        await sleep(ms);
        save(good, true);
        return true;
      }),
  };
}
