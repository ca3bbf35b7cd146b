// A map whose key is drawn or hashed is a choice: what may come of it, each with its share.

import { compactJson } from '../compact-json.ts';
import type { Json } from '../json.ts';
import { countField, fieldOf, listOf, onlyEntry, textField } from '../json-fields.ts';
import type { Table } from './ruleset.ts';

export interface Choice {
  readonly pick: 'random' | 'inc' | 'hash';
  /** Of a hash: what is hashed. */
  readonly hashed?: Json;
  readonly alternatives: readonly Alternative[];
  /** Of keys that the map does not have: nothing happens with them. */
  readonly missing: number;
}

export interface Alternative {
  readonly outcome: Json;
  /** 0 to 1; of all alternatives with what is missing 1. */
  readonly share: number;
}

/** Undefined where its key is a fact about the packet. @param map { key, data } of a map or vmap */
export function choiceOf(map: Json | undefined, table: Table): Choice | undefined {
  const [kind, draw] = onlyEntry(fieldOf(map, 'key')) ?? [];
  if (draw === undefined || (kind !== 'numgen' && kind !== 'jhash' && kind !== 'symhash')) return undefined;
  const mod = countField(draw, 'mod') ?? 0;
  const offset = countField(draw, 'offset') ?? 0;
  if (mod < 1) return undefined;
  const weights = new Map<string, { readonly outcome: Json; weight: number }>();
  let covered = 0;
  for (const [key, outcome] of pairsOf(fieldOf(map, 'data'), table)) {
    const weight = slotsOf(key, offset, offset + mod - 1);
    if (weight === 0) continue;
    covered += weight;
    const name = compactJson(outcome, 1_000);
    const known = weights.get(name);
    if (known === undefined) weights.set(name, { outcome, weight });
    else known.weight += weight;
  }
  const of = Math.max(mod, covered);
  return {
    pick: kind === 'numgen' ? (textField(draw, 'mode') === 'inc' ? 'inc' : 'random') : 'hash',
    ...(kind === 'jhash' && { hashed: fieldOf(draw, 'expr') ?? null }),
    alternatives: [...weights.values()].map(({ outcome, weight }) => ({ outcome, share: weight / of })),
    missing: Math.max(0, of - covered) / of,
  };
}

/** Of an anonymous map or of a named one. */
export function pairsOf(data: Json | undefined, table: Table): readonly (readonly [key: Json, data: Json])[] {
  if (typeof data === 'string') {
    const name = data.replace(/^@/, '');
    const set = table.sets.find((one) => one.name === name);
    return (set?.elements ?? []).map(({ value, data: outcome }) => [value, outcome ?? null]);
  }
  return listOf(fieldOf(data, 'set')).flatMap((pair) => {
    if (!Array.isArray(pair) || pair.length !== 2) return [];
    const [key, outcome]: readonly Json[] = pair;
    return [[fieldOf(fieldOf(key, 'elem'), 'val') ?? key!, outcome!]];
  });
}

function slotsOf(key: Json, first: number, last: number): number {
  const [from, to] = onlyEntry(key)?.[0] === 'range' ? listOf(fieldOf(key, 'range')) : [key, key];
  if (typeof from !== 'number' || typeof to !== 'number') return 0;
  return Math.max(0, Math.min(to, last) - Math.max(from, first) + 1);
}
