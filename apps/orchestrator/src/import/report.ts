/** What an import did, as people read it. Pure. */
import type { Task } from '@vivarium/contracts';
import { printable, type Colours } from '../terminal.ts';
import { PRIORITY_WORDS, type PriorityWord } from './priority-words.ts';

export interface Rejection {
  readonly file: string;
  readonly line: number | null;
  readonly column: number | null;
  /** Entry of the file, from 0; null when it is the file. */
  readonly index: number | null;
  readonly id: string | null;
  readonly reason: string;
}

export interface ImportReport {
  readonly added: readonly Task[];
  readonly alreadyThere: number;
  readonly rejected: readonly Rejection[];
  readonly files: readonly { readonly file: string; readonly entries: number; readonly added: number }[];
  /** Words for priorities of what was added → how many tasks had them. */
  readonly priorityWords: ReadonlyMap<PriorityWord, number>;
  /** Keys that nothing reads → how many entries have them. */
  readonly ignoredKeys: ReadonlyMap<string, number>;
  /** Added, although the gate as it stands would refuse them. */
  readonly doubtful: readonly string[];
}

const MOST_SHOWN = 20;

export function importLines(report: ImportReport, colours: Colours): readonly string[] {
  const lines: string[] = [];
  for (const { file, added } of report.files) {
    if (report.files.length > 1 || added > 0)
      lines.push(`${String(added).padStart(5)} added  ${printable(file)}`);
  }
  for (const each of report.rejected.slice(0, MOST_SHOWN))
    lines.push(`${colours.red('✗')} ${placeOf(each)}: ${printable(each.reason)}`);
  if (report.rejected.length > MOST_SHOWN)
    lines.push(`  and ${report.rejected.length - MOST_SHOWN} more; --json lists all`);
  const mapped = mappings(report.added);
  if (mapped.length > 0)
    lines.push('models that are not on the whitelist were mapped:', ...mapped.map((text) => `  ${text}`));
  if (report.priorityWords.size > 0) {
    const words = [...report.priorityWords].map(
      ([word, count]) => `${word} → ${PRIORITY_WORDS[word]} (${count})`,
    );
    lines.push(`priorities, the highest first: ${words.join(', ')}`);
  }
  if (report.ignoredKeys.size > 0) {
    const keys = [...report.ignoredKeys].map(([key, count]) => `${printable(key)} (${count})`).join(', ');
    lines.push(`keys that nothing reads: ${keys}`);
  }
  if (report.doubtful.length > 0) {
    const shown = report.doubtful.slice(0, MOST_SHOWN).map(printable).join(', ');
    lines.push(colours.yellow(`the safety gate will refuse ${report.doubtful.length} of them: ${shown}`));
  }
  lines.push(
    `${report.added.length} added, ${report.alreadyThere} already there, ${report.rejected.length} rejected`,
  );
  return lines;
}

function placeOf({ file, line, column, id }: Rejection): string {
  const place = line === null ? printable(file) : `${printable(file)}:${line}:${column ?? 1}`;
  return id === null ? place : `${place} (${printable(id)})`;
}

/** `groq/compound → openai/gpt-oss-120b (70)` */
function mappings(tasks: readonly Task[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const { model, requested_model } of tasks) {
    if (requested_model === undefined) continue;
    const text = `${printable(requested_model)} → ${model ?? ''}`;
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  return [...counts].map(([text, count]) => `${text} (${count})`);
}
