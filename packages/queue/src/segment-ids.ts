/**
 * The ids that stand in `queue.d/`, for an `add` that has to know which are taken without reading a million prompts again. Owns a cache beside each
 * segment (run/queue.d/): one line for each stretch that was read, with the ids in it and the place where it ended. The cache may be deleted, cut or stale
 * at any time: one that does not fit its segment, by inode, length and time of change, is made anew. That is so after an edit by hand, and once after an
 * add that was killed before it had remembered what it wrote.
 */
import {
  readOn,
  type Cursor,
  type HomeLayout,
  type RecordStore,
  type SegmentName,
} from '@vivarium/contracts';
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
  /** When the segment was last changed, before it was read to there. */
  readonly modifiedMs: number;
  readonly ids: readonly string[];
  readonly loose: readonly string[];
}

export interface SegmentIdsParts {
  readonly layout: Pick<HomeLayout, 'segments' | 'segmentIds' | 'log' | 'run'>;
  readonly files: Pick<Files, 'list' | 'stat' | 'readText' | 'append' | 'replace' | 'makeDirectory'>;
  readonly record: Pick<RecordStore, 'tail'>;
}

/** To be called under the lock of queue.json: it writes what it had to read. `grew`: nothing but appends of the caller have come since it read them last. */
export function readSegmentIds(
  { layout, files, record }: SegmentIdsParts,
  since: 'any time' | 'grew' = 'any time',
): SegmentIds {
  const ids = new Set<string>();
  const loose = new Set<string>();
  const names = segmentNames(files, layout.segments);
  const take = (stretch: Stretch): void => {
    for (const id of stretch.ids) ids.add(id);
    for (const id of stretch.loose) loose.add(id);
  };

  for (const name of names) {
    const path = layout.segmentIds(name);
    const stat = files.stat(layout.log(name));
    const remembered = stretchesOf(files.readText(path));
    const last = remembered.at(-1);
    const fits =
      since === 'grew' || (last?.to.offset === stat?.size && last?.modifiedMs === stat?.modifiedMs);
    const known = fits ? remembered : [];
    let isAnew = !fits;
    let fresh: string[] = [];
    let depended = new Set<string>();
    let to = last?.to;
    let hasNews = false;
    readOn(record.tail(name, known.at(-1)?.to), ({ entries, restarted, cursor }) => {
      if (restarted) {
        isAnew = true;
        fresh = [];
        depended = new Set();
      }
      to = cursor;
      hasNews ||= entries.length > 0;
      for (const entry of entries) {
        const task = entry.kind === 'line' ? readTask(entry.value) : '';
        if (typeof task === 'string') continue;
        fresh.push(task.id);
        for (const id of task.depends_on) depended.add(id);
      }
    });
    if (!isAnew) known.forEach(take);
    if (to === undefined || (!hasNews && !isAnew)) continue;
    const stretch: Stretch = { to, modifiedMs: stat?.modifiedMs ?? 0, ids: fresh, loose: [] };
    take(stretch);
    const missing = [...depended].filter((id) => !ids.has(id));
    missing.forEach((id) => loose.add(id));
    remember(path, { ...stretch, loose: missing }, isAnew);
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
  const { to, modifiedMs, ids, loose } = value as Readonly<Record<string, unknown>>;
  if (
    typeof modifiedMs !== 'number' ||
    typeof to !== 'object' ||
    to === null ||
    !Array.isArray(ids) ||
    !Array.isArray(loose)
  )
    return false;
  return (
    'generation' in to && typeof to.generation === 'string' && 'offset' in to && typeof to.offset === 'number'
  );
}
