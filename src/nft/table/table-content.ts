// What our table holds, or should: the parts' objects side by side, by name, in a form that two of them can be compared in.

import type { Json } from '../json.ts';
import type { TablePart, WishedChain, WishedElement, WishedRule, WishedSet } from './table-part.ts';

export interface TableContent {
  /** Comment by name. */
  readonly counters: ReadonlyMap<string, string>;
  readonly sets: ReadonlyMap<string, SetContent>;
  readonly chains: ReadonlyMap<string, ChainContent>;
}

export interface SetContent {
  /** Without its elements. */
  readonly spec: Omit<WishedSet, 'elements'>;
  /** By `elementKey`. */
  readonly elements: ReadonlyMap<string, WishedElement>;
}

export interface ChainContent {
  readonly base?: WishedChain['base'];
  readonly rules: readonly WishedRule[];
  /** What `rules` are compared by. "" of a chain that was read: nft writes a rule in another form than it was told it in. */
  readonly text: string;
}

export const emptyContent: TableContent = { counters: new Map(), sets: new Map(), chains: new Map() };

export const isEmptyContent = ({ counters, sets, chains }: TableContent): boolean =>
  counters.size + sets.size + chains.size === 0;

/** The same for what nft writes and what it was told: keys in order, numbers as text, since it takes both. */
export function elementKey(value: Json): string {
  if (value === null || typeof value !== 'object') return `${value}`.toLowerCase();
  if (Array.isArray(value)) return `[${value.map((inner: Json) => elementKey(inner)).join(',')}]`;
  const entries = Object.entries(value).map(([key, inner]) => `${key}:${elementKey(inner)}`);
  return `{${entries.sort().join(',')}}`;
}

/** @param now elements whose time is over are left out */
export function contentOf(parts: Iterable<TablePart>, now: number): TableContent {
  const counters = new Map<string, string>();
  const sets = new Map<string, SetContent>();
  const chains = new Map<string, ChainContent>();
  for (const part of parts) {
    for (const { name, comment } of part.counters) counters.set(name, comment);
    for (const { elements, ...spec } of part.sets) {
      const alive = elements.filter(({ until }) => until === undefined || until > now);
      sets.set(spec.name, {
        spec,
        elements: new Map(alive.map((element) => [elementKey(element.value), element])),
      });
    }
    for (const { name, base, rules } of part.chains)
      chains.set(name, { ...(base && { base }), rules, text: JSON.stringify(rules) });
  }
  return { counters, sets, chains };
}
