import { type Balancer, type Candidate, createSlot } from '../../../src/domain/balance/balancer.ts';

/** A server reduced to what an algorithm sees, its fields writable. */
export interface TestCandidate extends Candidate {
  readonly name: string;
  id: number;
  weight: number;
  backup: boolean;
  streams: number;
  isFull: boolean;
  takesNew: boolean;
}

export function candidate(name: string, weight = 1, fields: Partial<TestCandidate> = {}): TestCandidate {
  return {
    name,
    id: [...name].reduce((hash, character) => hash * 31 + character.charCodeAt(0), 7) | 0,
    weight,
    backup: false,
    streams: 0,
    isFull: false,
    takesNew: weight > 0,
    slot: createSlot(),
    ...fields,
  };
}

export function pickNames(balancer: Balancer<TestCandidate>, picks: number): string[] {
  return Array.from({ length: picks }, () => balancer.pick(0, undefined)?.name ?? '-');
}

export function tally(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

/** A repeatable source of values in [0, 1) (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
