/** What a principal is told of itself: its own money and its own tasks, of the book this grind writes in, and nothing of anybody else. */
import { committed, type Book, type MeReply, type Sums } from '@vivarium/contracts';
import { nanoUsd, subtractUsd } from '@vivarium/core';
import { nameOfOwn } from './order.ts';
import type { Principal } from './principal.ts';

/** The last ones are what somebody looks for. */
const MOST_TASKS = 200;

export function describePrincipal(principal: Principal, book: Book, simulated: boolean): MeReply {
  const { user, role, budget, requestsPerMinute } = principal;
  const sums = book.of('principal', user);
  const left = budget === undefined ? null : Math.max(0, subtractUsd(budget, committed(sums)));
  return {
    user,
    role,
    budget_nano_usd: budget ?? null,
    left_nano_usd: left === null ? null : nanoUsd(left),
    ...moneyOf(sums),
    requests_per_minute: requestsPerMinute ?? null,
    tasks: book
      .tasksOf(user)
      .slice(-MOST_TASKS)
      .map((task) => ({ task_id: nameOfOwn(task.taskId, principal), ...moneyOf(task.sums) })),
    simulated,
  };
}

const moneyOf = ({ settled, unknown, held, calls }: Sums) => ({
  settled_nano_usd: settled,
  unknown_nano_usd: unknown,
  held_nano_usd: held,
  calls,
});
