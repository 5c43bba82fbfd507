/**
 * What a call must fit in: the caps of its task, its run, its UTC day and its principal, all at once. A run is announced by who may write this home
 * (`run/orchestrators/`), with its cap and its book; each cap becomes a line of api_audit.log before anything is held against it. Owns nothing: the fold
 * of that log says which caps are in force.
 *
 * - M1: a hold counts from the step in which it is admitted, also while its line is still being written: what is being held is owned here until it is in the fold.
 * - M1: a restart of grind changes no cap. Who only reaches the port cannot open a run: requests that name none share one cap for the UTC day. Those of a
 *   token are a run of their own, at the token's budget: its holder takes nothing of what the admin's have.
 * - M1: the day of a call is the day its hold is admitted; a call that is tried again after midnight counts for the new one.
 * - M5: a run announced for one book is not opened in the other, and each book has days and principals of its own.
 */
import type { Cap } from '@vivarium/budget';
import {
  committed,
  dayOf,
  type ApiAuditLine,
  type BudgetStore,
  type CapScope,
  type OrchestratorFile,
  type Sums,
} from '@vivarium/contracts';
import { addUsd, nanoUsd, subtractUsd, zeroUsd, type Clock, type NanoUsd } from '@vivarium/core';
import type { CallLines } from './call-lines.ts';
import type { Limits } from './live-limits.ts';
import { recordUnwritable } from './money-refusals.ts';
import type { Order } from './order.ts';
import type { Principal } from './principal.ts';
import { refuse, type Refusal } from './refusal.ts';

export interface CapsDeps {
  readonly budget: BudgetStore;
  readonly lines: Pick<CallLines, 'runOpened' | 'capSet'>;
  /** What the run announced; undefined when nobody did. */
  readonly announced: (runId: string) => Pick<OrchestratorFile, 'run_cap_nano_usd' | 'simulated'> | undefined;
  /** Asked anew for each call: an operator may change them. */
  readonly limits: Limits;
  readonly simulated: boolean;
  /** Tells the operator; the caller is told by the refusal. */
  readonly onUnwritable: (order: Order, error: unknown) => void;
}

/** A cap that outlives the call, and what is gone of it for good: settled and unknown. */
export interface SpentOf {
  readonly scope: CapScope;
  readonly spent: NanoUsd;
  readonly cap: NanoUsd;
}

export interface FilledCap extends Cap {
  /** Of what is committed, what is gone for good: what is held may come back. */
  readonly gone: NanoUsd;
}

export interface Caps {
  /** Opens the order's run unless it is open. A refusal when it cannot be. */
  openRun(order: Order): Refusal | undefined;
  /** All that a hold admitted at `at` must fit in, each in the record by now. `charged`: what the order has cost so far. */
  over(order: Order, at: string, charged: NanoUsd): readonly FilledCap[] | Refusal;
  /** Counts a hold admitted at `at` as committed against all of them, until what is answered is called: by then its line counts, or never will. */
  holding(order: Order, at: string, amount: NanoUsd): () => void;
  spent(order: Order, at: string): readonly SpentOf[];
}

const DIRECT = 'direct_';
/** The run of requests that name none: the admin's of this day, or those of one token. */
export function directRunId(clock: Clock, { user, role }: Principal): string {
  const day = `${DIRECT}${clock.now().toISOString().slice(0, 10)}`;
  return role === 'admin' ? day : `${day}_${user}`;
}

export function createCaps(deps: CapsDeps): Caps {
  const { budget, lines, announced, limits, simulated } = deps;
  const book = budget.money.book(simulated);

  /** A run that is not open may spend nothing. That of a token has the token's cap, and its principal's sums are never less than its own. */
  const capsOf = ({ runId, caller: { principal } }: Order, at: string): readonly Scoped[] => [
    principal.budget === undefined
      ? { scope: 'run', name: runId, cap: book.capOf('run', runId) ?? zeroUsd }
      : { scope: 'principal', name: principal.user, cap: principal.budget },
    { scope: 'day', name: dayOf(at), cap: limits.dayCap },
  ];

  /** By what it is held against. Tasks are many, and let go of. */
  const beingHeld = {
    task: new Map<string, NanoUsd>(),
    run: new Map<string, NanoUsd>(),
    day: new Map<string, NanoUsd>(),
    principal: new Map<string, NanoUsd>(),
  };
  const hold = ({ scope, name }: HeldAgainst, amount: NanoUsd): void => {
    const sum = addUsd(beingHeld[scope].get(name) ?? zeroUsd, amount);
    if (sum === zeroUsd && scope === 'task') beingHeld.task.delete(name);
    else beingHeld[scope].set(name, sum);
  };
  const withBeingHeld = ({ scope, name }: HeldAgainst, { committed: sum, gone }: Filled): Filled => ({
    committed: addUsd(sum, beingHeld[scope].get(name) ?? zeroUsd),
    gone,
  });

  return {
    openRun(order) {
      const { runId, namesRun } = order;
      const cap = book.capOf('run', runId);
      if (!namesRun) {
        const directCap = order.caller.principal.budget ?? limits.directCap;
        return cap === directCap ? undefined : write(order, lines.runOpened(order, directCap));
      }
      if (runId.startsWith(DIRECT))
        return refuse(
          'unknown_run',
          `Names that begin with ${DIRECT} are not for callers: leave run_id out.`,
        );
      if (cap !== undefined) return undefined;
      const run = announced(runId);
      if (run === undefined) return refuse('unknown_run', 'No such run is announced in this home.');
      if (run.simulated !== simulated) return refuse('unknown_run', otherBook(simulated));
      return write(order, lines.runOpened(order, nanoUsd(run.run_cap_nano_usd)));
    },
    over(order, at, charged) {
      const { taskId, round, maxBudget } = order;
      const caps = capsOf(order, at);
      for (const { scope, name, cap } of caps) {
        if (scope === 'run' || book.capOf(scope, name) === cap) continue;
        const refusal = write(order, lines.capSet(order, { scope, name, cap }));
        if (refusal !== undefined) return refusal;
      }
      const task =
        taskId === undefined
          ? { committed: charged, gone: charged }
          : withBeingHeld(taskOf(taskId, round), filledBy(book.task(taskId, round)));
      return [
        { name: 'task', cap: maxBudget, committed: task.committed, gone: task.gone },
        ...caps.map(({ scope, name, cap }) => {
          const filled = withBeingHeld({ scope, name }, filledBy(book.of(scope, name)));
          return { name: scope, cap, committed: filled.committed, gone: filled.gone };
        }),
      ];
    },
    holding(order, at, amount) {
      const { taskId, round } = order;
      const against: HeldAgainst[] = [...capsOf(order, at)];
      if (taskId !== undefined) against.push(taskOf(taskId, round));
      for (const each of against) hold(each, amount);
      let isOver = false;
      return () => {
        if (isOver) return;
        isOver = true;
        for (const each of against) hold(each, subtractUsd(zeroUsd, amount));
      };
    },
    spent: (order, at) =>
      capsOf(order, at).map(({ scope, name, cap }) => ({ scope, cap, spent: goneOf(book.of(scope, name)) })),
  };

  function write(order: Order, line: ApiAuditLine): Refusal | undefined {
    try {
      budget.write(line);
      return undefined;
    } catch (error) {
      deps.onUnwritable(order, error);
      return recordUnwritable();
    }
  }
}

interface Scoped {
  readonly scope: CapScope;
  readonly name: string;
  readonly cap: NanoUsd;
}

interface HeldAgainst {
  readonly scope: CapScope | 'task';
  readonly name: string;
}
const taskOf = (taskId: string, round: number): HeldAgainst => ({
  scope: 'task',
  name: `${round} ${taskId}`,
});

type Filled = Pick<FilledCap, 'committed' | 'gone'>;
const filledBy = (sums: Sums): Filled => ({
  committed: committed(sums),
  gone: goneOf(sums),
});
const goneOf = ({ settled, unknown }: Sums): NanoUsd => addUsd(settled, unknown);

const otherBook = (simulated: boolean): string =>
  simulated
    ? 'The run was begun for real money, and this grind asks the simulator.'
    : 'The run was begun on the simulator, and this grind spends real money.';
