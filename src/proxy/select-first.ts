// The first `count` of many in order, without sorting the many: a heap of those chosen, its worst on top.

export interface Selection<T> {
  add(item: T): void;
  /** Those chosen, in order. Nothing is added afterwards. */
  chosen(): readonly T[];
}

export function selectFirst<T>(count: number, compare: (a: T, b: T) => number): Selection<T> {
  const heap: T[] = [];
  return {
    add(item) {
      if (heap.length < count) {
        heap.push(item);
        siftUp(heap, compare);
      } else if (count > 0 && compare(item, heap[0]!) < 0) {
        heap[0] = item;
        siftDown(heap, compare);
      }
    },
    chosen: () => heap.sort(compare),
  };
}

function siftUp<T>(heap: T[], compare: (a: T, b: T) => number): void {
  let at = heap.length - 1;
  const item = heap[at]!;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (compare(item, heap[parent]!) <= 0) break;
    heap[at] = heap[parent]!;
    at = parent;
  }
  heap[at] = item;
}

function siftDown<T>(heap: T[], compare: (a: T, b: T) => number): void {
  const item = heap[0]!;
  let at = 0;
  for (;;) {
    let child = at * 2 + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && compare(heap[child + 1]!, heap[child]!) > 0) child += 1;
    if (compare(heap[child]!, item) <= 0) break;
    heap[at] = heap[child]!;
    at = child;
  }
  heap[at] = item;
}
