/**
 * Tasks that may be claimed: the highest priority first, and among equals in the order in which they became so. A doubly linked list, so that taking
 * one out of the middle costs the same as taking the first, however long the list is (Q6). Priorities are few: finding the place of a new one looks at
 * the last of each, not at the tasks.
 */
export interface ReadyLink {
  readonly id: string;
  readonly priority: number;
  previous: ReadyLink | undefined;
  next: ReadyLink | undefined;
}

export interface ReadyList {
  readonly first: ReadyLink | undefined;
  append(id: string, priority: number): ReadyLink;
  remove(link: ReadyLink): void;
}

export function createReadyList(): ReadyList {
  let first: ReadyLink | undefined;
  /** The last link of each priority that has any, highest first. */
  const lasts: ReadyLink[] = [];

  return {
    get first() {
      return first;
    },
    append(id, priority) {
      const level = lasts.findIndex((last) => last.priority <= priority);
      const at = level === -1 ? lasts.length : level;
      const isNew = lasts[at]?.priority !== priority;
      const previous = isNew ? lasts[at - 1] : lasts[at];
      const link: ReadyLink = {
        id,
        priority,
        previous,
        next: previous === undefined ? first : previous.next,
      };
      if (previous === undefined) first = link;
      else previous.next = link;
      if (link.next !== undefined) link.next.previous = link;
      lasts.splice(at, isNew ? 0 : 1, link);
      return link;
    },
    remove(link) {
      if (link.previous === undefined) first = link.next;
      else link.previous.next = link.next;
      if (link.next !== undefined) link.next.previous = link.previous;
      const at = lasts.indexOf(link);
      if (at === -1) return;
      if (link.previous?.priority === link.priority) lasts[at] = link.previous;
      else lasts.splice(at, 1);
    },
  };
}
