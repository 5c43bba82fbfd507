/**
 * Who waits for whom within one task file. Pure.
 *
 * - An id of the same file is meant before any other. Ids that are not in the file are left for the queue to judge (Q10).
 * - An entry waits for every entry of the phase before its own; through those, for all earlier phases. Phases that are all numbers, or texts
 *   with one number each, are ordered by it; otherwise in order of first appearance. Entries without a phase wait for none and hold up none.
 * - `all_phase_X` names everything of that phase in this file.
 * - `parallel_group` orders nothing.
 */
import type { Fault } from './documents.ts';
import type { Draft } from './draft.ts';

export interface Linked {
  readonly draft: Draft;
  readonly dependsOn: readonly string[];
}

export interface Links {
  readonly linked: readonly Linked[];
  readonly faults: readonly Fault[];
}

/** One for all that wait for none, of which there may be a million. */
const NONE: readonly string[] = [];
const WHOLE_PHASE = /^all_phase_(.+)$/;

export function linkDrafts(drafts: readonly Draft[]): Links {
  const inFile = new Set(drafts.map(({ id }) => id));
  const phases = groupPhases(drafts);
  const linked: Linked[] = [];
  const faults: Fault[] = [];

  for (const draft of drafts) {
    const before = phases.before(draft);
    if (before.length === 0 && draft.dependsOn.length === 0) {
      linked.push({ draft, dependsOn: NONE });
      continue;
    }
    const waits = new Set<string>(before);
    let fault: Fault | undefined;
    for (const name of draft.dependsOn) {
      const phase = inFile.has(name) ? undefined : WHOLE_PHASE.exec(name)?.[1];
      const members = phase === undefined ? [name] : phases.members(phase);
      if (members === undefined) {
        const reason = `it depends on '${name}', but no entry of this file is in phase ${phase}`;
        fault ??= { at: draft.dependsOnAt(), reason, index: draft.index, id: draft.id };
      }
      for (const member of members ?? []) if (phase === undefined || member !== draft.id) waits.add(member);
    }
    if (fault === undefined) linked.push({ draft, dependsOn: [...waits] });
    else faults.push(fault);
  }
  return { linked, faults };
}

interface Phases {
  /** Ids of the phase directly before the draft's own. */
  before(draft: Draft): readonly string[];
  members(phase: string): readonly string[] | undefined;
}

function groupPhases(drafts: readonly Draft[]): Phases {
  const groups = new Map<string, string[]>();
  for (const { id, phase } of drafts) {
    if (phase === undefined || phase === '') continue;
    const group = groups.get(String(phase));
    if (group === undefined) groups.set(String(phase), [id]);
    else group.push(id);
  }
  const order = orderPhases([...groups.keys()]);
  const earlier = new Map(order.map((phase, place) => [phase, groups.get(order[place - 1] ?? '') ?? []]));
  return {
    before: (draft) => (draft.phase === undefined ? NONE : (earlier.get(String(draft.phase)) ?? NONE)),
    members: (phase) => groups.get(phase),
  };
}

/** In order of first appearance unless each has exactly one number in it. `Phase 10` comes after `Phase 9`. */
export function orderPhases(phases: readonly string[]): readonly string[] {
  const numbered = phases.map((phase) => ({ phase, numbers: phase.match(/-?\d+(\.\d+)?/g) ?? [] }));
  if (!numbered.every(({ numbers }) => numbers.length === 1)) return phases;
  return numbered.toSorted((a, b) => Number(a.numbers[0]) - Number(b.numbers[0])).map(({ phase }) => phase);
}
