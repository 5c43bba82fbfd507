/** The work of a chaos run: tasks of the shapes a graph has (single ones, chains, diamonds, fans), made from the seed. Pure. */
import type { Dice } from './dice.ts';

export interface WantedTask {
  readonly id: string;
  readonly type: 'grind';
  readonly prompt: string;
  readonly min_budget: number;
  readonly max_budget: number;
  readonly max_tokens: number;
  readonly depends_on: readonly string[];
}

const SUBJECTS = [
  'a lighthouse that counts ships',
  'how bread rises at altitude',
  'the shortest proof that two is prime',
  'a lock that opens once',
  'why rivers bend',
  'the ledger of a small harbour',
  'three ways to sort a deck of cards',
  'what a clock does when nobody looks',
  'a letter that was delivered twice',
  'the sound of snow',
] as const;
const ORDERS = [
  'Describe',
  'Explain in two sentences',
  'List three facts about',
  'Write a title for',
] as const;

/** More than a dozen calls at worst case fit into it: no task runs out of money because calls of it were cut. */
const MAX_BUDGET = 0.002;
const MIN_BUDGET = 0.0001;

export interface TaskSource {
  /** Whole shapes until there are at least `count` tasks. */
  next(count: number): readonly WantedTask[];
  prompt(): string;
}

export function createTaskSource(dice: Dice): TaskSource {
  let made = 0;
  const prompt = (): string => {
    const order = ORDERS[dice.between(0, ORDERS.length - 1)];
    const subject = SUBJECTS[dice.between(0, SUBJECTS.length - 1)];
    return `${order} ${subject}. Note ${dice.between(1, 1_000_000)}.`;
  };
  const task = (...dependsOn: readonly WantedTask[]): WantedTask => {
    made += 1;
    return {
      id: `c${made}`,
      type: 'grind',
      prompt: prompt(),
      min_budget: MIN_BUDGET,
      max_budget: MAX_BUDGET,
      max_tokens: dice.between(40, 240),
      depends_on: dependsOn.map(({ id }) => id),
    };
  };
  const shapes: readonly (() => readonly WantedTask[])[] = [
    () => [task()],
    () => {
      const chain = [task()];
      for (let link = dice.between(1, 4); link > 0; link -= 1) chain.push(task(...chain.slice(-1)));
      return chain;
    },
    () => {
      const top = task();
      const sides = [task(top), task(top)];
      return [top, ...sides, task(...sides)];
    },
    () => {
      const hub = task();
      return [hub, ...Array.from({ length: dice.between(2, 7) }, () => task(hub))];
    },
    () => {
      const many = Array.from({ length: dice.between(2, 6) }, () => task());
      return [...many, task(...many)];
    },
  ];
  return {
    prompt,
    next(count) {
      const tasks: WantedTask[] = [];
      while (tasks.length < count) tasks.push(...(shapes[dice.between(0, shapes.length - 1)]?.() ?? []));
      return tasks;
    },
  };
}
