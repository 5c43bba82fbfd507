/** The words after the name of a bench, read strictly: what is not known or makes no sense ends it with 2 and the list of what there is. */
import { parseArgs } from 'node:util';
import type { Durability } from '@vivarium/contracts';

/** Every flag with what it is when nobody gives it. A number is a whole one, a list is written `1,4,8`, a text is taken as it is. */
type Defaults = Readonly<Record<string, number | readonly number[] | string>>;
type Values<D extends Defaults> = {
  readonly [Name in keyof D]: D[Name] extends number
    ? number
    : D[Name] extends readonly number[]
      ? readonly number[]
      : string;
};

export function readFlags<const D extends Defaults>(
  bench: string,
  defaults: D,
): Values<D> & { readonly asJson: boolean; readonly given: ReadonlySet<string> } {
  const usage = [
    bench,
    '[--json]',
    ...Object.entries(defaults).map(([name, value]) => `[${shown(name, value)}]`),
  ];
  try {
    const { values }: { values: Readonly<Record<string, unknown>> } = parseArgs({
      options: {
        json: { type: 'boolean' },
        ...Object.fromEntries(Object.keys(defaults).map((name) => [name, { type: 'string' } as const])),
      },
    });
    const read = Object.entries(defaults).map(([name, otherwise]) => {
      const text = values[name];
      return [name, typeof text === 'string' ? readValue(name, text, otherwise) : otherwise];
    });
    // As many and of the same kinds as the defaults: they were made from them one by one.
    return {
      ...(Object.fromEntries(read) as Values<D>),
      asJson: values['json'] === true,
      given: new Set(Object.keys(values)),
    };
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.stderr.write(`Usage: npm run bench -- ${usage.join(' ')}\n`);
    process.exit(2);
  }
}

function readValue(name: string, text: string, otherwise: Defaults[string]): Defaults[string] {
  if (typeof otherwise === 'string') return text;
  const numbers = text.split(',').map((part) => (/^[1-9]\d{0,8}$/.test(part) ? Number(part) : undefined));
  const [first] = numbers;
  if (!numbers.every((number) => number !== undefined) || first === undefined)
    throw new Error(`--${name} ${text}: whole numbers above 0 are needed`);
  if (typeof otherwise !== 'number') return numbers;
  if (numbers.length > 1) throw new Error(`--${name} ${text}: one number is needed`);
  return first;
}

const shown = (name: string, value: Defaults[string]): string =>
  typeof value === 'string' ? `--${name} …` : `--${name} ${String(value)}`;

/** The text of a flag `--durability`: one class, or several with commas between. */
export const durabilitiesOf = (text: string): readonly Durability[] =>
  text.split(',').map((word) => {
    if (word === 'os' || word === 'fsync') return word;
    process.stderr.write(`--durability ${text}: os or fsync is needed\n`);
    process.exit(2);
  });
