/**
 * Writing what is for watching: action lines and their readable twin. Owns the lines that wait to be written together, and counts what could not be.
 * Where `soon` is given, the lines of one turn share one write to each file; else each is written at once.
 *
 * - Nothing here throws: watching must not stop the work. A twin may be missing where its line is not, never the other way round.
 * - Lines stand in the order they were told, also beside those that others append (`flush` goes first).
 */
import type { ActionLogLine, HomeLayout } from '@vivarium/contracts';
import type { Clock, Files } from '@vivarium/core';
import { twinHeader, twinLine } from './twin.ts';

export interface ActionLogOptions {
  readonly layout: HomeLayout;
  readonly files: Files;
  readonly clock: Clock;
  /** Appends to action_log.jsonl with one write; throws when it cannot. */
  readonly append: (text: string) => void;
  /** Takes secrets out (S6). */
  readonly clean: (text: string) => string;
  /** Calls back at the end of the turn. Whoever gives it calls `flush` before the process ends. */
  readonly soon?: ((then: () => void) => void) | undefined;
}

export interface ActionLog {
  tell(line: ActionLogLine): void;
  /** Writes what waits, now. */
  flush(): void;
  /** Twins of lines that stand in the log. */
  twins(lines: readonly ActionLogLine[]): void;
  readonly unwritten: number;
}

export function createActionLog({ layout, files, clock, append, clean, soon }: ActionLogOptions): ActionLog {
  let waiting: ActionLogLine[] = [];
  let unwritten = 0;

  const twins = (lines: readonly ActionLogLine[]): void => {
    try {
      if (files.stat(layout.actionTwin) === undefined)
        files.createExclusive(layout.actionTwin, twinHeader(clock.now()));
      files.append(layout.actionTwin, clean(lines.map((line) => twinLine(line)).join('')));
    } catch {
      unwritten += lines.length;
    }
  };

  const flush = (): void => {
    if (waiting.length === 0) return;
    const lines: ActionLogLine[] = [];
    let text = '';
    for (const line of waiting) {
      // A line that no JSON can be made of is missing by itself.
      try {
        text += `${clean(JSON.stringify(line))}\n`;
        lines.push(line);
      } catch {
        unwritten += 1;
      }
    }
    waiting = [];
    try {
      if (text !== '') append(text);
    } catch {
      unwritten += lines.length;
      return;
    }
    if (lines.length > 0) twins(lines);
  };

  return {
    tell(line) {
      waiting.push(line);
      if (soon === undefined) flush();
      else if (waiting.length === 1) soon(flush);
    },
    flush,
    twins,
    get unwritten() {
      return unwritten;
    },
  };
}
