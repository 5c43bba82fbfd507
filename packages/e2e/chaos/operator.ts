/**
 * Somebody who gives the operator's words in the middle of it all, by the command line: cancel, retry, pause, halt, and adds that are killed half way.
 * Owns nothing. What is said is counted when the command took it; one that fails (a full disk, a killed home) is no fault.
 */
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { CommandLine } from './command-line.ts';
import { pickOf } from './dice.ts';

export interface Operator {
  /** One of `ids`; false when there is none, or the command did not take it. */
  revise(verb: 'cancel' | 'retry', ids: readonly string[], pick: number): Promise<boolean>;
  hold(verb: 'pause' | 'halt'): Promise<boolean>;
  /** Until it is taken: nothing goes on before. */
  resume(): Promise<void>;
  /** What may be deleted at any time: the snapshot, what adds remember of segments, and one lock. */
  loseCaches(pick: number): void;
}

export function createOperator(home: string, cli: CommandLine): Operator {
  const says = async (...words: readonly string[]): Promise<boolean> =>
    (await cli.launch(words).ended).code === 0;
  const remove = (...names: readonly string[]): void =>
    rmSync(join(home, ...names), { force: true, recursive: true });
  return {
    async revise(verb, ids, pick) {
      const id = pickOf(ids, pick);
      return id !== undefined && says(verb, id, '--reason', 'chaos');
    },
    hold: async (verb) => says(verb, '--no-wait', '--reason', 'chaos'),
    async resume() {
      const reason = ['--no-wait', '--reason', 'chaos goes on'];
      while (!(await says('resume', ...reason)) && !(await says('clear-halt', ...reason)));
    },
    loseCaches(pick) {
      remove('run/snapshot.json');
      remove('run/queue.d');
      const locks = join(home, 'task_locks');
      const lock = pickOf(
        (existsSync(locks) ? readdirSync(locks) : []).filter((name) => name.endsWith('.lock')),
        pick,
      );
      if (lock !== undefined) remove('task_locks', lock);
    },
  };
}
