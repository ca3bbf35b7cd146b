// Which server gets the next stream: the seam between a backend and its algorithms. Pure; picks allocate nothing.

import type { Random } from '../clock.ts';
import type { BalanceAlgorithm } from '../plan.ts';
import { createHeapBalancer } from './heap-balancer.ts';
import { createRandomBalancer } from './random-balancer.ts';
import { createSourceBalancer } from './source-balancer.ts';

/** A server as an algorithm sees it; the fields may change, the balancer is told by `update` and `loadChanged`. */
export interface Candidate {
  /** Stable over reorderings and reloads. */
  readonly id: number;
  readonly weight: number;
  readonly backup: boolean;
  /** Streams on it now. */
  readonly streams: number;
  /** No place left: passed over, but for `source`, whose clients wait for their own server. */
  readonly isFull: boolean;
  /** May a client without persistence be sent there? */
  readonly takesNew: boolean;
  readonly slot: Slot;
}

/** What an algorithm remembers of a candidate; nobody else touches it. */
export interface Slot {
  /** Where it stands in the heap; -1 outside. */
  place: number;
  /** Virtual time of its next turn. */
  pass: number;
  /** Weight at the last update. */
  weight: number;
  full: boolean;
}

export function createSlot(): Slot {
  return { place: -1, pass: 0, weight: 0, full: false };
}

export interface Balancer<C extends Candidate> {
  /** The candidates, or whether they take new clients, their weights or limits changed. */
  update(candidates: readonly C[]): void;
  /** `streams` or `isFull` of one changed. */
  loadChanged(candidate: C): void;
  /** The best, other than `avoid` where there is another; undefined where none may take the stream now. */
  pick(clientHash: number, avoid: C | undefined): C | undefined;
  /** Is it among those that are balanced over now? A backup is, only while no other takes new clients. */
  serves(candidate: C): boolean;
  /** Does anyone take new clients, full or not? */
  readonly serving: boolean;
}

export function createBalancer<C extends Candidate>(
  algorithm: BalanceAlgorithm,
  random: Random,
): Balancer<C> {
  switch (algorithm) {
    case 'roundrobin':
      return createHeapBalancer<C>(() => 0);
    case 'leastconn':
      return createHeapBalancer<C>((candidate) => candidate.streams / candidate.weight);
    case 'random':
      return createRandomBalancer<C>(random);
    case 'source':
      return createSourceBalancer<C>();
  }
}
