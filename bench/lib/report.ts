/** How a bench tells what it found: tables for people, one JSON line for programs, and beside both what they were measured on. */
import { availableParallelism, loadavg } from 'node:os';

export interface Facts {
  readonly bench: string;
  readonly node: string;
  readonly cores: number;
  /** Of the minute before the bench began: what else the machine had to do. */
  readonly load_average: number;
  readonly durability: string;
}

/** To be taken before the work begins: the bench is a load too. */
export function factsOf(bench: string, durability: string): Facts {
  return {
    bench,
    node: process.version,
    cores: availableParallelism(),
    load_average: Number((loadavg()[0] ?? Number.NaN).toFixed(2)),
    durability,
  };
}

type Row = Readonly<Record<string, unknown>>;

/** `tables`: under the name each has in the JSON. */
export function tell(
  facts: Facts & Row,
  tables: Readonly<Record<string, readonly object[]>>,
  asJson: boolean,
): void {
  if (asJson) {
    process.stdout.write(`${JSON.stringify({ ...facts, ...tables })}\n`);
    return;
  }
  const { bench, node, cores, load_average, durability, ...more } = facts;
  process.stdout.write(
    `${bench}: Node ${node}, ${cores} cores, load average ${load_average}, durability: ${durability}\n`,
  );
  for (const [name, value] of Object.entries(more)) process.stdout.write(`${name}: ${String(value)}\n`);
  for (const [name, rows] of Object.entries(tables)) {
    if (rows.length === 0) continue;
    process.stdout.write(`\n${name}\n`);
    console.table(names(rows).length > MOST_COLUMNS ? turned(rows) : rows);
  }
}

/** What has more columns than a screen is shown with its figures one below the other. */
const MOST_COLUMNS = 7;

const names = (rows: readonly object[]): readonly string[] => [...new Set(rows.flatMap(Object.keys))];

const turned = (rows: readonly object[]): object =>
  Object.fromEntries(
    names(rows).map((name) => [
      name,
      Object.fromEntries(rows.map((row, index) => [index, new Map(Object.entries(row)).get(name) ?? ''])),
    ]),
  );
