/**
 * The ids that stand in `queue.d/`, for an `add` that has to know which are taken without reading a million prompts again. Owns a cache beside each
 * segment (run/queue.d/): one line for each stretch that was read, with the ids in it and the place where it ended. The cache may be deleted, cut or stale
 * at any time: what it does not cover is read from the segment, and one that does not fit its segment is made anew.
 */
import { type Cursor, type HomeLayout, type RecordStore, type SegmentName } from '@vivarium/contracts';
import type { Files } from '@vivarium/core';
import { readTask } from './read-task.ts';
import { segmentNames } from './segments.ts';

export interface SegmentIds {
  readonly ids: ReadonlySet<string>;
  /** Ids that were depended on without standing in the queue: tasks that had ended and left it. */
  readonly loose: ReadonlySet<string>;
  readonly newest: SegmentName | undefined;
}

interface Stretch {
  readonly to: Cursor;
  readonly ids: readonly string[];
  readonly loose: readonly string[];
}

export interface SegmentIdsParts {
  readonly layout: Pick<HomeLayout, 'segments' | 'segmentIds' | 'run'>;
  readonly files: Pick<Files, 'list' | 'readText' | 'append' | 'replace' | 'makeDirectory'>;
  readonly record: Pick<RecordStore, 'tail'>;
}

/** To be called under the lock of queue.json: it writes what it had to read. */
export function readSegmentIds({ layout, files, record }: SegmentIdsParts): SegmentIds {
  const ids = new Set<string>();
  const loose = new Set<string>();
  const names = segmentNames(files, layout.segments);
  const take = (stretch: Stretch): void => {
    for (const id of stretch.ids) ids.add(id);
    for (const id of stretch.loose) loose.add(id);
  };

  for (const name of names) {
    const path = layout.segmentIds(name);
    const known = stretchesOf(files.readText(path));
    const { entries, restarted, cursor } = record.tail(name, known.at(-1)?.to).read();
    if (!restarted) known.forEach(take);
    if (entries.length === 0 && !restarted) continue;
    const fresh: string[] = [];
    const depended = new Set<string>();
    for (const entry of entries) {
      const task = entry.kind === 'line' ? readTask(entry.value) : '';
      if (typeof task === 'string') continue;
      fresh.push(task.id);
      for (const id of task.depends_on) depended.add(id);
    }
    const stretch: Stretch = { to: cursor, ids: fresh, loose: [] };
    take(stretch);
    const missing = [...depended].filter((id) => !ids.has(id));
    missing.forEach((id) => loose.add(id));
    remember(path, { ...stretch, loose: missing }, restarted);
  }
  return { ids, loose, newest: names.at(-1) };

  /** A cache that cannot be written is none; the next add reads a little more. */
  function remember(path: string, stretch: Stretch, anew: boolean): void {
    const line = `${JSON.stringify(stretch)}\n`;
    try {
      files.makeDirectory(path.slice(0, path.lastIndexOf('/')));
      if (anew) files.replace(path, line);
      else files.append(path, line);
    } catch {
      return;
    }
  }
}

/** Up to the first line that is not one: what follows a torn line is read again from the segment. */
function stretchesOf(text: string | undefined): readonly Stretch[] {
  const stretches: Stretch[] = [];
  for (const line of (text ?? '').split('\n')) {
    const stretch = parse(line);
    if (stretch === undefined) break;
    stretches.push(stretch);
  }
  return stretches;
}

function parse(line: string): Stretch | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isStretch(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isStretch(value: unknown): value is Stretch {
  if (typeof value !== 'object' || value === null) return false;
  // Looked at field by field; what is missing is undefined and of no kind.
  const { to, ids, loose } = value as Readonly<Record<string, unknown>>;
  if (typeof to !== 'object' || to === null || !Array.isArray(ids) || !Array.isArray(loose)) return false;
  return (
    'generation' in to && typeof to.generation === 'string' && 'offset' in to && typeof to.offset === 'number'
  );
}
