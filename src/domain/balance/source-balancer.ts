// source: weighted rendezvous hashing over the servers' stable ids. When a server leaves, only its own clients move;
// when a weight changes, only the proportional share does; the order of the list means nothing.

import { activeCandidates } from './active-candidates.ts';
import type { Balancer, Candidate } from './balancer.ts';
import { mixHash } from './client-hash.ts';

export function createSourceBalancer<C extends Candidate>(): Balancer<C> {
  let active: C[] = [];
  let hashes = new Int32Array(0);
  let weights = new Float64Array(0);

  /** Linear in the servers, but a few instructions each: a ring would pay its O(log n) with a rebuild at every change. */
  function best(clientHash: number, avoid: C | undefined): C | undefined {
    let found: C | undefined;
    let lowest = Number.POSITIVE_INFINITY;
    for (let i = 0; i < hashes.length; i++) {
      const draw = (mixHash(clientHash ^ hashes[i]!) + 0.5) / 2 ** 32;
      const weight = weights[i]!;
      // -log(x) is never below 1 - x: all but a few are out without the logarithm.
      if (1 - draw >= lowest * weight) continue;
      // The lowest exponential variate of rate `weight` wins with probability weight / total.
      const score = -Math.log(draw) / weight;
      if (score >= lowest || active[i] === avoid) continue;
      lowest = score;
      found = active[i];
    }
    return found;
  }

  return {
    update(candidates) {
      for (const { slot } of active) slot.place = -1;
      active = activeCandidates(candidates);
      active.forEach((candidate, index) => {
        candidate.slot.place = index;
        candidate.slot.weight = candidate.weight;
      });
      hashes = Int32Array.from(active, ({ id }) => mixHash(id ^ 0x9e3779b9));
      weights = Float64Array.from(active, ({ weight }) => weight);
    },
    loadChanged() {},
    pick: (clientHash, avoid) =>
      best(clientHash, avoid) ?? (avoid !== undefined && avoid.slot.place !== -1 ? avoid : undefined),
    serves: (candidate) => candidate.slot.place !== -1,
    get serving() {
      return active.length > 0;
    },
  };
}
