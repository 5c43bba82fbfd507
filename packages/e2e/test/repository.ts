/** The repository as the guards see it: its files, and the tools in it. */
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../..', import.meta.url)).replace(/\/$/, '');

/** The text of a file of the repository; a missing one is told by name. */
export const read = (path: string): string => {
  if (!existsSync(join(root, path))) throw new Error(`${path} is missing`);
  return readFileSync(join(root, path), 'utf8');
};

/** Everything that is committed or about to be: tracked files, and new ones that are not ignored. Deleted ones are left out. */
export const repositoryFiles = (): readonly string[] =>
  execFileSync(
    'git',
    ['-c', 'safe.directory=*', 'ls-files', '-z', '--cached', '--others', '--exclude-standard'],
    {
      cwd: root,
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
    },
  )
    .split('\0')
    .filter((path) => path !== '' && existsSync(join(root, path)));

export const isTest = (path: string): boolean => /\.test\.tsx?$|\/src\/testing\/.*\.ts$/.test(path);

/** Runs a tool with Node and answers how it ended and all it said. */
export const runTool = (
  args: readonly string[],
  cwd: string = root,
): Promise<{ readonly code: number | null; readonly output: string }> =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    }
    child.on('close', (code) => resolve({ code, output }));
  });

/** The section of a Markdown page under `## title`, up to the next of its rank. */
export const section = (page: string, title: string): string => {
  const [, after] = page.split(`\n## ${title}\n`);
  if (after === undefined) throw new Error(`There is no section "## ${title}"`);
  return after.split('\n## ')[0] ?? '';
};

/** The first cell of each row of the tables in a text, without its backticks; headings and rules left out. */
export const rowsOf = (text: string): readonly (readonly string[])[] =>
  text
    .split('\n')
    .filter((line) => /^\| *`/.test(line))
    .map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim().replaceAll('`', '')),
    );
