/**
 * What is done to the system and when: a list made from the seed alone, before anything runs. Pure. A disturbance names no process and no task;
 * it carries a `pick`, a fraction that points at one of those there are when its moment comes.
 */
import { createDice, type Dice } from './dice.ts';

export const ROLES = ['worker', 'grind', 'simulator', 'orchestrator'] as const;
export type Role = (typeof ROLES)[number];

export type Act =
  | { readonly kind: 'kill'; readonly role: Role }
  /** Everything at once, as when somebody pulls the plug of all programs. */
  | { readonly kind: 'kill_all' }
  /** SIGSTOP, and SIGCONT after `ms`. */
  | { readonly kind: 'stall'; readonly role: Role; readonly ms: number }
  /** Leaves `spare` pages of 4 KiB, so that some writes still succeed and one is cut in the middle. */
  | { readonly kind: 'fill_disk'; readonly ms: number; readonly spare: number }
  /** The beginning of a line, without its newline, as a writer that died leaves it. */
  | { readonly kind: 'tear'; readonly length: number }
  | { readonly kind: 'edit_prompt'; readonly inPlace: boolean }
  | { readonly kind: 'edit_add'; readonly inPlace: boolean }
  /** A queue.json that does not parse, mended after `ms`. */
  | { readonly kind: 'edit_broken'; readonly ms: number }
  /** The wall clock of one process moves; its monotonic clock does not. */
  | { readonly kind: 'clock'; readonly role: Role; readonly hours: number }
  /** A second run on the same home, with a cap that it will reach, and `fsync`. */
  | { readonly kind: 'second_run' }
  | { readonly kind: 'cancel' }
  /** Of a task that has ended: it runs once more, as its next round. */
  | { readonly kind: 'retry' }
  /** PAUSE or HALT, and `resume` after `ms`. */
  | { readonly kind: 'hold'; readonly verb: 'pause' | 'halt'; readonly ms: number }
  /** An `orchestrator add` is killed after `ms`, and done again. */
  | { readonly kind: 'kill_add'; readonly ms: number }
  /** The caches of run/ and a lock are deleted. */
  | { readonly kind: 'lose_caches' };

export type Disturbance = Act & { readonly atMs: number; readonly pick: number };

/**
 * Longer than the lease of 15 s: the claims of who stands still this long are taken over (Q5), by others that lived through a whole lease beside it.
 * So nothing else begins meanwhile: with a kill every other second nobody lives that long.
 */
export const LONG_STALL_MS = 21_000;
const FIRST_AT_MS = 500;
const SHORTEST_GAP_MS = 300;
const LONGEST_GAP_MS = 2_100;

type Draw = (dice: Dice) => Act;
const kill =
  (role: Role): Draw =>
  () => ({ kind: 'kill', role });
const stall =
  (role: Role): Draw =>
  (dice) => ({ kind: 'stall', role, ms: dice.between(200, 6_000) });
const clock =
  (role: Role): Draw =>
  (dice) => ({ kind: 'clock', role, hours: dice.between(1, 9) * (dice.chance(0.5) ? 1 : -1) });

/** How often each thing happens, beside the others. */
const WEIGHTS: readonly (readonly [weight: number, draw: Draw])[] = [
  [40, kill('worker')],
  [8, kill('grind')],
  [6, kill('simulator')],
  [5, kill('orchestrator')],
  [2, () => ({ kind: 'kill_all' })],
  [4, stall('worker')],
  [1, () => ({ kind: 'stall', role: 'worker', ms: LONG_STALL_MS })],
  [2, stall('grind')],
  [1, stall('simulator')],
  [1, stall('orchestrator')],
  [4, (dice) => ({ kind: 'fill_disk', ms: dice.between(500, 4_000), spare: dice.between(0, 2) })],
  [5, (dice) => ({ kind: 'tear', length: dice.between(1, 60) })],
  [4, (dice) => ({ kind: 'edit_prompt', inPlace: dice.chance(0.5) })],
  [3, (dice) => ({ kind: 'edit_add', inPlace: dice.chance(0.5) })],
  [2, (dice) => ({ kind: 'edit_broken', ms: dice.between(200, 2_000) })],
  [3, clock('worker')],
  [2, clock('grind')],
  [1, clock('orchestrator')],
  [1, clock('simulator')],
  [3, () => ({ kind: 'second_run' })],
  [3, () => ({ kind: 'cancel' })],
  [3, () => ({ kind: 'retry' })],
  [1, (dice) => ({ kind: 'hold', verb: 'pause', ms: dice.between(200, 2_000) })],
  [1, (dice) => ({ kind: 'hold', verb: 'halt', ms: dice.between(200, 2_000) })],
  [3, (dice) => ({ kind: 'kill_add', ms: dice.between(30, 200) })],
  [2, () => ({ kind: 'lose_caches' })],
];

/**
 * First one of each, in an order of the seed and the long stall after all others, so that even a short run sees what its time allows; then by
 * weight until `durationMs`.
 */
export function planDisturbances(seed: string, durationMs: number): readonly Disturbance[] {
  const dice = createDice(seed, 'schedule');
  const total = WEIGHTS.reduce((sum, [weight]) => sum + weight, 0);
  const byWeight = (): Act => {
    let left = dice.fraction() * total;
    for (const [weight, draw] of WEIGHTS) if ((left -= weight) < 0) return draw(dice);
    return { kind: 'kill_all' };
  };
  const first: Act[] = WEIGHTS.map(([, draw]) => draw(dice))
    .map((act) => ({ act, order: isLongStall(act) ? 1 : dice.fraction() }))
    .toSorted((one, other) => one.order - other.order)
    .map(({ act }) => act);

  const plan: Disturbance[] = [];
  for (let atMs = FIRST_AT_MS; atMs < durationMs; atMs += dice.between(SHORTEST_GAP_MS, LONGEST_GAP_MS)) {
    const act = first.shift() ?? byWeight();
    plan.push({ ...act, atMs, pick: dice.fraction() });
    if (isLongStall(act)) atMs += LONG_STALL_MS;
  }
  return plan;
}

const isLongStall = (act: Act): boolean => act.kind === 'stall' && act.ms === LONG_STALL_MS;
