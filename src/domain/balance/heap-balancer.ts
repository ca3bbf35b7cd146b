// roundrobin and leastconn: one heap, ordered by load and then by turn. Turns are a stride schedule (each pick moves a
// candidate's next turn on by 1/weight), which interleaves as evenly as smooth weighted round-robin, in O(log n).

import { activeCandidates } from './active-candidates.ts';
import type { Balancer, Candidate } from './balancer.ts';

/** `loadOf` is 0 for all where only the turn counts. */
export function createHeapBalancer<C extends Candidate>(loadOf: (candidate: C) => number): Balancer<C> {
  let heap: C[] = [];
  /** Turn of the newest pick: nobody may hold turns saved up from before it, or it would get them in one burst. */
  let now = 0;

  function before(a: C, b: C): boolean {
    if (a.slot.full !== b.slot.full) return b.slot.full;
    const load = loadOf(a) - loadOf(b);
    return load < 0 || (load === 0 && a.slot.pass < b.slot.pass);
  }

  function put(candidate: C, place: number): void {
    heap[place] = candidate;
    candidate.slot.place = place;
  }

  function rise(candidate: C): void {
    let { place } = candidate.slot;
    while (place > 0) {
      const parent = heap[(place - 1) >> 1]!;
      if (!before(candidate, parent)) break;
      put(parent, place);
      place = (place - 1) >> 1;
    }
    put(candidate, place);
  }

  function sink(candidate: C): void {
    let { place } = candidate.slot;
    for (;;) {
      const left = 2 * place + 1;
      if (left >= heap.length) break;
      const right = left + 1;
      const least = right < heap.length && before(heap[right]!, heap[left]!) ? right : left;
      if (!before(heap[least]!, candidate)) break;
      put(heap[least]!, place);
      place = least;
    }
    put(candidate, place);
  }

  /** The first of the heap without its root. */
  function second(): C | undefined {
    const left = heap[1];
    const right = heap[2];
    return left !== undefined && right !== undefined && before(right, left) ? right : left;
  }

  return {
    update(candidates) {
      for (const { slot } of heap) slot.place = -1;
      const former = new Set(heap);
      heap = activeCandidates(candidates);
      heap.forEach((candidate, index) => {
        const { slot, weight } = candidate;
        const stride = 1 / weight;
        // What is left until its turn shrinks or grows with the weight, so that a change brings no burst; newcomers
        // are spread over one stride, so that equal ones do not come in a row.
        if (!former.has(candidate)) slot.pass = now + (stride * (index + 0.5)) / heap.length;
        else if (slot.weight !== weight)
          slot.pass = now + Math.max(slot.pass - now, 0) * (slot.weight / weight);
        slot.weight = weight;
        slot.full = candidate.isFull;
        slot.place = index;
      });
      for (let place = (heap.length >> 1) - 1; place >= 0; place--) sink(heap[place]!);
    },
    loadChanged(candidate) {
      const { slot } = candidate;
      if (slot.place === -1) return;
      if (slot.full && !candidate.isFull) slot.pass = Math.max(slot.pass, now);
      slot.full = candidate.isFull;
      rise(candidate);
      sink(candidate);
    },
    pick(_clientHash, avoid) {
      let picked = heap[0];
      if (picked === undefined || picked.slot.full) return undefined;
      if (picked === avoid) {
        const other = second();
        if (other !== undefined && !other.slot.full) picked = other;
      }
      const { slot } = picked;
      now = Math.max(now, slot.pass);
      slot.pass = Math.max(slot.pass + 1 / slot.weight, now);
      sink(picked);
      return picked;
    },
    serves: (candidate) => candidate.slot.place !== -1,
    get serving() {
      return heap.length > 0;
    },
  };
}
