/** A binary heap of things that fall due at a time. Entries are never taken out of the middle: the owner ignores those that no longer hold. */
export interface Due {
  readonly at: number;
  readonly id: string;
}

export interface TimeHeap {
  readonly earliest: Due | undefined;
  push(due: Due): void;
  pop(): Due | undefined;
}

export function createTimeHeap(): TimeHeap {
  const heap: Due[] = [];
  const at = (index: number): number => heap[index]?.at ?? Number.POSITIVE_INFINITY;
  const swap = (a: number, b: number): void => {
    const [first, second] = [heap[a], heap[b]];
    if (first === undefined || second === undefined) return;
    heap[a] = second;
    heap[b] = first;
  };
  return {
    get earliest() {
      return heap[0];
    },
    push(due) {
      let index = heap.push(due) - 1;
      for (let parent = (index - 1) >> 1; index > 0 && at(parent) > at(index); parent = (index - 1) >> 1) {
        swap(parent, index);
        index = parent;
      }
    },
    pop() {
      swap(0, heap.length - 1);
      const due = heap.pop();
      let index = 0;
      for (;;) {
        const left = 2 * index + 1;
        const least = at(left + 1) < at(left) ? left + 1 : left;
        if (at(least) >= at(index)) return due;
        swap(least, index);
        index = least;
      }
    },
  };
}
