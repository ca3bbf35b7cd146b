// How much passes by each rule and named counter, a second: from what was counted at two readings. Where nothing honest can be
// said it is null: known for the first time, made anew (another handle), or reset by somebody in between. Pure.

import type { Count, NamedCounter, Rule, Table } from '../../nft/ruleset/ruleset.ts';

export interface Rated extends Count {
  readonly packetRate: number | null;
  readonly byteRate: number | null;
  /** What the next rate is taken from. */
  readonly base: Count & { readonly at: number };
}

/** By `countedId`. */
export type Rates = ReadonlyMap<string, Rated>;

/** Less says more of the moment of reading than of the traffic. */
const shortestMs = 400;
/** Nobody looked meanwhile: that was no moment, and a mean of it would be taken for one. */
const longestMs = 60_000;

/** A table's handle is given to one table only, and inside it each handle to one object only: what is made anew has another one. */
export function countedId(table: Pick<Table, 'handle'>, object: { readonly handle: number }): string {
  return `${table.handle}/${object.handle}`;
}

/** @param at of a clock that only goes forward, milliseconds */
export function ratedAt(before: Rated | undefined, { packets, bytes }: Count, at: number): Rated {
  const anew: Rated = { packets, bytes, packetRate: null, byteRate: null, base: { packets, bytes, at } };
  if (before === undefined || packets < before.packets || bytes < before.bytes) return anew;
  const { base } = before;
  const elapsed = at - base.at;
  if (elapsed > longestMs) return anew;
  if (elapsed < shortestMs) return { ...before, packets, bytes };
  return {
    ...anew,
    packetRate: ((packets - base.packets) * 1_000) / elapsed,
    byteRate: ((bytes - base.bytes) * 1_000) / elapsed,
  };
}

/** What is to be known of these; what is not among them is forgotten with `before`. */
export function ratesOf(
  before: Rates,
  counted: Iterable<readonly [table: Table, object: Rule | NamedCounter]>,
  at: number,
): Map<string, Rated> {
  const rates = new Map<string, Rated>();
  for (const [table, object] of counted) {
    const count = countOf(object);
    if (count === undefined) continue;
    const id = countedId(table, object);
    rates.set(id, ratedAt(before.get(id), count, at));
  }
  return rates;
}

function countOf(object: Rule | NamedCounter): Count | undefined {
  return 'expressions' in object ? object.counter : object;
}

export function* countedIn(table: Table): Iterable<readonly [Table, Rule | NamedCounter]> {
  for (const { rules } of table.chains) for (const rule of rules) yield [table, rule];
  for (const counter of table.counters) yield [table, counter];
}
