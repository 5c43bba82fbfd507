/**
 * Tasks that may be claimed, in the order in which they became so: a doubly linked list, so that taking one out of the middle costs the same
 * as taking the first, however long the list is (Q6).
 */
export interface ReadyLink {
  readonly id: string;
  previous: ReadyLink | undefined;
  next: ReadyLink | undefined;
}

export interface ReadyList {
  readonly first: ReadyLink | undefined;
  append(id: string): ReadyLink;
  remove(link: ReadyLink): void;
}

export function createReadyList(): ReadyList {
  let first: ReadyLink | undefined;
  let last: ReadyLink | undefined;
  return {
    get first() {
      return first;
    },
    append(id) {
      const link: ReadyLink = { id, previous: last, next: undefined };
      if (last === undefined) first = link;
      else last.next = link;
      last = link;
      return link;
    },
    remove(link) {
      if (link.previous === undefined) first = link.next;
      else link.previous.next = link.next;
      if (link.next === undefined) last = link.previous;
      else link.next.previous = link.previous;
    },
  };
}
