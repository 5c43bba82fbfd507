/** Which directory is the home, and what must stand in it. */
import { isAbsolute, join, parse, resolve } from 'node:path';
import { EMPTY_QUEUE, type HomeLayout } from '@vivarium/contracts';
import { VivariumError, type Files } from '@vivarium/core';

export interface HomeChoice {
  /** `--home`. */
  readonly flag: string | undefined;
  /** VIVARIUM_HOME. */
  readonly env: string | undefined;
  /** Working directory, absolute. */
  readonly cwd: string;
  /** The repository itself. */
  readonly fallback: string;
}

const QUEUE = 'queue.json';

/**
 * The home in use, as its real path: `--home`, else VIVARIUM_HOME, else the nearest directory upwards that holds a queue.json, else the
 * fallback. What was named and is no home is a fault, never a reason to take the next best: work and money would go elsewhere unnoticed.
 */
export const resolveHome = (choice: HomeChoice, files: Files): string => chooseHome(choice, files).root;

export interface ChosenHome {
  readonly root: string;
  /** Nobody named it and nothing above the working directory is one: a person is to be told, for it is easily not the one meant. */
  readonly isFallback: boolean;
}

/** The same, and whether it is the home of last resort. */
export function chooseHome({ flag, env, cwd, fallback }: HomeChoice, files: Files): ChosenHome {
  if (flag !== undefined) return { root: named(flag, '--home', cwd, files), isFallback: false };
  if (env !== undefined && env !== '')
    return { root: named(env, 'VIVARIUM_HOME', cwd, files), isFallback: false };
  const found = nearest(cwd, files);
  return { root: named(found ?? fallback, 'the repository', cwd, files), isFallback: found === undefined };
}

function nearest(cwd: string, files: Files): string | undefined {
  for (let directory = cwd; ; directory = resolve(directory, '..')) {
    if (files.stat(join(directory, QUEUE)) !== undefined) return directory;
    if (directory === parse(directory).root) return undefined;
  }
}

function named(path: string, by: string, cwd: string, files: Files): string {
  const missing = (what: string): VivariumError =>
    new VivariumError('home_missing', what, {
      remedy: { kind: 'stop' },
      hint: `Create a home with \`orchestrator init ${path === '' ? '<directory>' : path}\`, or name another.`,
    });
  if (path === '') throw missing(`the home named by ${by} is empty`);
  const absolute = isAbsolute(path) ? path : resolve(cwd, path);
  const root = files.realPath(absolute);
  if (root === undefined) throw missing(`there is no directory ${absolute} (named by ${by})`);
  if (files.stat(join(root, QUEUE)) === undefined)
    throw missing(`${absolute} holds no queue.json (named by ${by})`);
  return root;
}

/** Creates what is missing, and leaves what is there as it is. `created`: names under the root, in the order they were made. */
export function initHome(layout: HomeLayout, files: Files): { readonly created: readonly string[] } {
  const created: string[] = [];
  const note = (path: string): void => {
    created.push(path === layout.root ? '.' : path.slice(layout.root.length + 1));
  };
  const directories = [
    layout.root,
    layout.segments,
    layout.locks,
    layout.logs,
    layout.results,
    layout.archive,
    layout.workspace,
    layout.control,
  ];
  for (const path of directories) {
    if (files.stat(path) !== undefined) continue;
    files.makeDirectory(path);
    note(path);
  }
  // The addresses and tokens of this home's services are nobody else's business (S6).
  const isNew = files.stat(layout.run) === undefined;
  files.makeDirectory(layout.run, 'private');
  if (isNew) note(layout.run);
  for (const path of [layout.workers, layout.orchestrators]) {
    if (files.stat(path) !== undefined) continue;
    files.makeDirectory(path);
    note(path);
  }
  // Looked for first: on a full disk even a file that is there already cannot be made, and who starts then has nothing to make.
  if (
    files.stat(layout.queue) === undefined &&
    files.createExclusive(layout.queue, `${JSON.stringify(EMPTY_QUEUE, null, 2)}\n`)
  )
    note(layout.queue);
  return { created };
}
