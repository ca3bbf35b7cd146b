// Which way packets come to a chain: by a hook of the kernel, or sent there by rules of other chains of its table. Found once for
// each table as read.

import type { Json } from '../json.ts';
import { fieldOf, listOf, onlyEntry, textField } from '../json-fields.ts';
import type { Chain, Rule, Table } from '../ruleset/ruleset.ts';

export interface Ways {
  /** Chains whose rules send packets here. */
  readonly from: readonly string[];
  /** Hooks by which they can have come, directly or through others. */
  readonly hooks: ReadonlySet<string>;
  /** It sees the first packet of each connection alone: all that leads here are nat chains. */
  readonly nat: boolean;
}

const nowhere: Ways = { from: [], hooks: new Set(), nat: false };
const known = new WeakMap<Table, ReadonlyMap<string, Ways>>();

export function waysTo(chain: Chain, table: Table): Ways {
  let ways = known.get(table);
  if (ways === undefined) {
    ways = waysOf(table);
    known.set(table, ways);
  }
  return ways.get(chain.name) ?? nowhere;
}

function waysOf(table: Table): ReadonlyMap<string, Ways> {
  const targets = new Map<string, ReadonlySet<string>>();
  const from = new Map<string, string[]>();
  const ofMaps = new Map<string, readonly string[]>();
  for (const chain of table.chains) {
    const named = new Set<string>();
    for (const rule of chain.rules) addTargets(rule, table, ofMaps, named);
    targets.set(chain.name, named);
    for (const name of named) {
      const list = from.get(name);
      if (list === undefined) from.set(name, [chain.name]);
      else list.push(chain.name);
    }
  }
  const hooks = new Map<string, Set<string>>();
  const types = new Map<string, Set<string>>();
  for (const chain of table.chains) {
    if (chain.base === undefined) continue;
    spread(chain.name, chain.base.hook, targets, hooks);
    spread(chain.name, chain.base.type, targets, types);
  }
  return new Map(
    table.chains.map(({ name }) => {
      const ofTypes = types.get(name) ?? new Set();
      return [
        name,
        {
          from: from.get(name) ?? [],
          hooks: hooks.get(name) ?? new Set(),
          nat: ofTypes.size === 1 && ofTypes.has('nat'),
        },
      ];
    }),
  );
}

/** There are few hooks and types: each chain is come to at most once for each. */
function spread(
  start: string,
  mark: string,
  targets: ReadonlyMap<string, ReadonlySet<string>>,
  marks: Map<string, Set<string>>,
): void {
  const open = [start];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    const has = marks.get(name);
    if (has?.has(mark)) continue;
    if (has === undefined) marks.set(name, new Set([mark]));
    else has.add(mark);
    for (const target of targets.get(name) ?? []) open.push(target);
  }
}

function addTargets(
  { expressions }: Rule,
  table: Table,
  ofMaps: Map<string, readonly string[]>,
  into: Set<string>,
): void {
  for (const expression of expressions) {
    const [kind, body] = onlyEntry(expression) ?? [];
    if (body === undefined) continue;
    const target = verdictTarget(expression);
    if (target !== undefined) into.add(target);
    if (kind !== 'vmap') continue;
    const elements = fieldOf(body, 'data');
    const verdicts =
      typeof elements === 'string'
        ? targetsOfMap(elements.replace(/^@/, ''), table, ofMaps)
        : listOf(fieldOf(elements, 'set')).flatMap((pair) => verdictTarget(listOf(pair)[1]) ?? []);
    for (const name of verdicts) into.add(name);
  }
}

function targetsOfMap(name: string, table: Table, ofMaps: Map<string, readonly string[]>): readonly string[] {
  const before = ofMaps.get(name);
  if (before !== undefined) return before;
  const set = table.sets.find((one) => one.name === name);
  const found = [...new Set((set?.elements ?? []).flatMap(({ data }) => verdictTarget(data) ?? []))];
  ofMaps.set(name, found);
  return found;
}

/** Of a jump or goto. */
export function verdictTarget(verdict: Json | undefined): string | undefined {
  const [kind, body] = onlyEntry(verdict) ?? [];
  return kind === 'jump' || kind === 'goto' ? textField(body, 'target') : undefined;
}
