/**
 * Lines of one log that share a write: what is given during a turn of the event loop is written when it ends, with one write, one look at the file and, where
 * lines must outlast a power loss, one sync. Owns the lines that wait. What they are to be written to is the caller's.
 *
 * - S2, M1: whoever gave a line goes on when it stands, and is told when it does not, or when nobody can say: nothing rests on a line that only waits.
 * - Lines stand in the order they were given. `written` is called for all of a write before anything else happens, so what a fold made while writing is what a
 *   fold of the log makes, at every moment another can look at either.
 * - Of a write that ended short (a full disk) the lines that stand count as written; the others are tried once more, each by itself.
 */
export interface GroupCommitOptions<Line> {
  /** Appends with one write; throws when less than all of it was written. Answers where the first begins, and how many bytes each is long. */
  readonly append: (lines: readonly Line[]) => Appended;
  /** How many of the lines that the last `append` was to write stand all the same, where, and how long each is. Throws when that cannot be told or made certain. */
  readonly standing: () => Appended;
  /** Calls back at the end of the turn. Without it a line is written at once. */
  readonly soon: ((then: () => void) => void) | undefined;
}

export interface Appended {
  readonly at: number;
  readonly lengths: readonly number[];
}

export interface GroupCommit<Line> {
  /** Resolves when the line stands; rejects with what kept it from that. `written` is told where it begins. */
  give(line: Line, written: (at: number) => void): Promise<void>;
  /** Writes what waits, now. */
  flush(): void;
}

interface Waiting<Line> {
  readonly line: Line;
  readonly written: (at: number) => void;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export function createGroupCommit<Line>({
  append,
  standing,
  soon,
}: GroupCommitOptions<Line>): GroupCommit<Line> {
  let waiting: Waiting<Line>[] = [];

  const flush = (): void => {
    const group = waiting;
    if (group.length === 0) return;
    waiting = [];
    const outcomes = writeAll(group);
    for (const [index, { resolve, reject }] of group.entries()) {
      const outcome = outcomes[index];
      if (outcome === undefined) resolve();
      else reject(outcome.error);
    }
  };

  /** For each line what kept it from being written, in order. */
  const writeAll = (group: readonly Waiting<Line>[]): readonly (Fault | undefined)[] => {
    try {
      return tell(group, append(group.map(({ line }) => line)));
    } catch (error) {
      return writeRest(group, error);
    }
  };
  const writeRest = (group: readonly Waiting<Line>[], fault: unknown): readonly (Fault | undefined)[] => {
    let stands: Appended;
    try {
      stands = standing();
    } catch {
      return group.map(() => ({ error: fault }));
    }
    const first = group.slice(0, stands.lengths.length);
    const rest = group.slice(stands.lengths.length);
    if (group.length === 1 && rest.length === 1) return [{ error: fault }];
    return [...tell(first, stands), ...rest.flatMap((each) => writeAll([each]))];
  };

  return {
    give: (line, written) =>
      new Promise((resolve, reject) => {
        waiting.push({ line, written, resolve, reject });
        if (soon === undefined) flush();
        else if (waiting.length === 1) soon(flush);
      }),
    flush,
  };
}

interface Fault {
  readonly error: unknown;
}

function tell(
  group: readonly Pick<Waiting<unknown>, 'written'>[],
  { at, lengths }: Appended,
): readonly (Fault | undefined)[] {
  let place = at;
  return group.map(({ written }, index) => {
    const here = place;
    place += lengths[index] ?? 0;
    try {
      written(here);
      return undefined;
    } catch (error) {
      return { error };
    }
  });
}
