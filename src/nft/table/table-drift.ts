// Whether our table is still what we made of it. Somebody's `nft flush ruleset` must not go unnoticed.

import type { OwnTableRead } from './read-own-table.ts';
import { elementKey, isEmptyContent, type TableContent } from './table-content.ts';

/** What differs, in a few words; undefined where nothing does. What may have gone by itself is not missed. */
export function driftOf(read: OwnTableRead | undefined, believed: TableContent): string | undefined {
  if (read === undefined) return isEmptyContent(believed) ? undefined : 'the table was removed';
  const { content, rules, elements } = read;
  for (const [name, chain] of believed.chains) {
    const there = content.chains.get(name);
    if (there === undefined) return `chain "${name}" was removed`;
    // Of one that was only read nobody knows its rules.
    if (chain.text !== '' && (rules.get(name) ?? 0) !== chain.rules.length)
      return `rules of chain "${name}" were changed`;
    if (there.base?.hook !== chain.base?.hook || there.base?.priority !== chain.base?.priority)
      return `chain "${name}" was changed`;
  }
  for (const [name, set] of believed.sets) {
    const there = content.sets.get(name);
    if (there === undefined) return `set "${name}" was removed`;
    const listed = new Set(elements.get(name)?.map(({ value }) => elementKey(value)));
    for (const [key, { until }] of set.elements)
      if (until === undefined && !listed.has(key)) return `elements of set "${name}" were removed`;
  }
  for (const name of believed.counters.keys())
    if (!content.counters.has(name)) return `counter "${name}" was removed`;
  for (const kind of ['chains', 'sets', 'counters'] as const)
    for (const name of content[kind].keys()) if (!believed[kind].has(name)) return `"${name}" was added`;
  return undefined;
}
