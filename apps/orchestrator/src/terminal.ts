/** Where a command speaks: standard output for what was asked for, standard error for what went wrong. The one place that knows both. */
import pc from 'picocolors';

export type Colours = ReturnType<typeof pc.createColors>;

export interface Terminal {
  /** True when a person watches standard output. */
  readonly isTty: boolean;
  readonly columns: number;
  readonly colours: Colours;
  line(text?: string): void;
  /** As it is, without a line's end. */
  write(text: string): void;
  complain(text: string): void;
  /** Calls back when a line could not be written because nobody reads any more: `| head` has enough. */
  whenReaderLeaves(leave: () => void): void;
  /** The same terminal without colours. */
  plain(): Terminal;
  /** Asks a person; undefined when nobody is there to answer. */
  ask(question: string): Promise<string | undefined>;
  /** All of standard input. */
  readInput(): Promise<string>;
}

export function createTerminal(options: { readonly noColor: boolean; readonly dumb: boolean }): Terminal {
  const isTty = process.stdout.isTTY === true;
  const terminal = (coloured: boolean): Terminal => ({
    isTty,
    get columns() {
      return process.stdout.columns ?? 80;
    },
    colours: pc.createColors(coloured),
    line: (text = '') => void process.stdout.write(`${text}\n`),
    write: (text) => void process.stdout.write(text),
    complain: (text) => void process.stderr.write(`${text}\n`),
    whenReaderLeaves: (leave) =>
      void process.stdout.on('error', (error) => {
        if (isReaderGone(error, isTty)) leave();
      }),
    plain: () => terminal(false),
    ask,
    readInput,
  });
  return terminal(isTty && !options.noColor && !options.dumb);
}

/** Whether output failed because nobody reads it any more: a pipe that was left, or a terminal that was closed. */
export const isReaderGone = (error: NodeJS.ErrnoException, isTty: boolean): boolean =>
  error.code === 'EPIPE' || (isTty && error.code === 'EIO');

async function ask(question: string): Promise<string | undefined> {
  if (process.stdin.isTTY !== true || process.stdout.isTTY !== true) return undefined;
  const { createInterface } = await import('node:readline/promises');
  const lines = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return await lines.question(question);
  } finally {
    lines.close();
  }
}

async function readInput(): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString('utf8');
}

/** Text from models, files and other people, on one line and without anything a terminal would obey. */
export const printable = (text: string): string =>
  // oxlint-disable-next-line no-control-regex -- control characters are what this line takes out
  text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ').trim();

/** The same of a line whose indentation means something: its blanks and tabs stay. */
export const printableLine = (text: string): string =>
  // oxlint-disable-next-line no-control-regex -- control characters are what this line takes out
  text.replace(/[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ').trimEnd();

/** Cut between characters, and marked when cut. */
export function shorten(text: string, length: number): string {
  const characters = Array.from(text);
  return characters.length <= length ? text : `${characters.slice(0, Math.max(0, length - 1)).join('')}…`;
}
