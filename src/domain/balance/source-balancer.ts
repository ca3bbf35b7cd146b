// source: weighted rendezvous hashing over the servers' stable ids. When a server leaves, only its own clients move;
// when a weight changes, only the proportional share does; the order of the list means nothing.

import { activeCandidates } from './active-candidates.ts';
import type { Balancer, Candidate } from './balancer.ts';
import { mixHash } from './client-hash.ts';

export function createSourceBalancer<C extends Candidate>(): Balancer<C> {
  let active: C[] = [];
  let hashes: number[] = [];
  let equalWeights = true;

  /** Linear in the servers, but a few instructions each: a ring would pay its O(log n) with a rebuild at every change. */
  function best(clientHash: number, avoid: C | undefined): C | undefined {
    let found: C | undefined;
    let lowest = Number.POSITIVE_INFINITY;
    for (let i = 0; i < active.length; i++) {
      const candidate = active[i]!;
      if (candidate === avoid) continue;
      const draw = (mixHash(clientHash ^ hashes[i]!) + 0.5) / 2 ** 32;
      // The lowest exponential variate of rate `weight` wins with probability weight / total.
      const score = equalWeights ? draw : -Math.log(draw) / candidate.slot.weight;
      if (score < lowest) {
        lowest = score;
        found = candidate;
      }
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
      hashes = active.map((candidate) => mixHash(candidate.id ^ 0x9e3779b9));
      equalWeights = active.every((candidate) => candidate.weight === active[0]!.weight);
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
