// How a scheme spreads a population over so many instances, and who moves when one comes, goes, or is away for a while.

import { evenness } from '../../../src/domain/evenness.ts';
import { median } from '../report.ts';
import type { Population } from './populations.ts';
import type { Members, Scheme } from './schemes.ts';

export interface Moves {
  /** Share of all clients. */
  readonly moved: number;
  /** Of them, those who moved from one that stays to another that stays: nobody has to. */
  readonly needless: number;
}

export interface Spread {
  readonly scheme: string;
  readonly population: string;
  readonly instances: number;
  /** Of clients: the largest share against the mean, and what chance alone would make of it. */
  readonly maxOverMean: number;
  readonly chance: number;
  readonly added: Moves;
  readonly removed: Moves;
  readonly absent: Moves;
  readonly buildMs: number;
  readonly bytes: number;
}

export function measureSpread(scheme: Scheme, { name, hashes }: Population, instances: number): Spread {
  const middle = Math.ceil(instances / 2);
  const owners = (members: Members): Uint16Array => {
    const { memberOf } = scheme.build(members);
    return Uint16Array.from(hashes, (hash) => memberOf(hash));
  };
  const before = owners({ count: instances });
  const counts = new Array<number>(instances).fill(0);
  for (const owner of before) counts[owner - 1]! += 1;
  const { maxOverMean, chance } = evenness(counts)!;
  return {
    scheme: scheme.name,
    population: name,
    instances,
    maxOverMean,
    chance,
    added: movesBetween(before, owners({ count: instances + 1 }), instances + 1),
    removed: movesBetween(before, owners({ count: instances - 1 }), instances),
    absent: movesBetween(before, owners({ count: instances, absent: middle }), middle),
    buildMs: buildTime(scheme, instances),
    bytes: scheme.build({ count: instances }).bytes,
  };
}

/** @param who comes or goes: clients that move to it or from it have to */
function movesBetween(before: Uint16Array, after: Uint16Array, who: number): Moves {
  let moved = 0;
  let needless = 0;
  for (let i = 0; i < before.length; i += 1) {
    if (before[i] === after[i]) continue;
    moved += 1;
    if (before[i] !== who && after[i] !== who) needless += 1;
  }
  return { moved: moved / before.length, needless: needless / before.length };
}

function buildTime(scheme: Scheme, count: number): number {
  const times = Array.from({ length: 5 }, () => {
    const from = performance.now();
    scheme.build({ count });
    return performance.now() - from;
  });
  return median(times);
}
