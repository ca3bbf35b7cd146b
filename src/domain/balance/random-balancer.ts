// random: two candidates drawn by weight, the less loaded of them taken ("power of two choices"): nearly as even as
// leastconn, and many instances that know nothing of each other do not all run to the same server.

import type { Random } from '../clock.ts';
import { activeCandidates } from './active-candidates.ts';
import type { Balancer, Candidate } from './balancer.ts';

export function createRandomBalancer<C extends Candidate>(random: Random): Balancer<C> {
  let active: C[] = [];
  /** Sum of the weights up to and with each candidate. */
  let sums: number[] = [];

  /** Index by weight, leaving out the one at `except` (-1 for none). */
  function draw(except: number): number {
    const total = sums[sums.length - 1]!;
    const weightOf = except === -1 ? 0 : active[except]!.slot.weight;
    let point = random() * (total - weightOf);
    if (except !== -1 && point >= sums[except]! - weightOf) point += weightOf;
    let low = 0;
    let high = sums.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sums[middle]! > point) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  function better(a: C, b: C, avoid: C | undefined): C {
    if (a.isFull !== b.isFull) return a.isFull ? b : a;
    if (a === avoid) return b;
    if (b === avoid) return a;
    return b.streams * a.weight < a.streams * b.weight ? b : a;
  }

  /** Both drawn are full, or the only good one is to be avoided: the rare case may cost a walk. */
  function anyOther(from: number, avoid: C | undefined): C | undefined {
    for (let i = 0; i < active.length; i++) {
      const candidate = active[(from + i) % active.length]!;
      if (candidate !== avoid && !candidate.isFull) return candidate;
    }
    return avoid !== undefined && active.includes(avoid) && !avoid.isFull ? avoid : undefined;
  }

  return {
    update(candidates) {
      for (const { slot } of active) slot.place = -1;
      active = activeCandidates(candidates);
      let sum = 0;
      sums = active.map((candidate, index) => {
        candidate.slot.place = index;
        candidate.slot.weight = candidate.weight;
        sum += candidate.weight;
        return sum;
      });
    },
    loadChanged() {},
    pick(_clientHash, avoid) {
      if (active.length === 0) return undefined;
      const first = draw(-1);
      if (active.length === 1) return anyOther(0, avoid);
      const picked = better(active[first]!, active[draw(first)]!, avoid);
      return picked.isFull || picked === avoid ? anyOther(first, avoid) : picked;
    },
    serves: (candidate) => candidate.slot.place !== -1,
    get serving() {
      return active.length > 0;
    },
  };
}
