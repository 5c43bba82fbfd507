/** A home in memory and what a command is given on it. */
import { homeLayout, type HomeLayout, type NewTask } from '@vivarium/contracts';
import { initHome } from '@vivarium/home';
import { createMemoryMachine, type MemoryMachine } from '@vivarium/platform/testing';
import type { CommandDeps } from '../deps.ts';
import { memoryTerminal, type Line } from './views.ts';

export interface MemoryHome {
  readonly machine: MemoryMachine;
  readonly layout: HomeLayout;
  /** What was said so far stays in the terminal of each. */
  deps(env?: Readonly<Record<string, string>>): CommandDeps & { terminal: ReturnType<typeof memoryTerminal> };
  /** The lines of a file, parsed. */
  lines(path: string): readonly Line[];
}

export function memoryHome(tasks: readonly NewTask[], record: readonly Line[] = []): MemoryHome {
  const machine = createMemoryMachine();
  const layout = homeLayout('/home');
  machine.files.makeDirectory('/home');
  machine.files.replace(layout.queue, JSON.stringify({ version: '1.0', tasks }));
  initHome(layout, machine.files);
  machine.files.replace(layout.log('execution'), record.map((line) => `${JSON.stringify(line)}\n`).join(''));
  return {
    machine,
    layout,
    deps: (env = {}) => ({ machine, terminal: memoryTerminal(), env, cwd: '/home', repository: '/home' }),
    lines: (path) =>
      (machine.files.readText(path) ?? '')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Line),
  };
}
