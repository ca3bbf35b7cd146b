// What is known of a ruleset's shape between two changes of it: who calls which chain, what its counters count, and the words
// for its rules, found when they are first asked for.

import type { Json } from '../../nft/json.ts';
import type { Chain, NamedCounter, NftSet, Rule, Ruleset, Table } from '../../nft/ruleset/ruleset.ts';
import { countedId } from './ruleset-rates.ts';

/** The words for rules, as src/nft/explain has them. Safe text. */
export interface RuleWords {
  text(rule: Rule, chain: Chain, table: Table): string;
  explain(rule: Rule, chain: Chain, table: Table): RuleExplanation;
  explainTable(table: Table): readonly string[];
  explainChain(chain: Chain, table: Table): readonly string[];
  explainSet(set: NftSet, table: Table): readonly string[];
}

export interface RuleExplanation {
  readonly lines: readonly string[];
  readonly understood: boolean;
}

export interface RulesetIndex {
  readonly ruleset: Ruleset;
  readonly words: RuleWords;
  text(rule: Rule, chain: Chain, table: Table): string;
  explain(rule: Rule, chain: Chain, table: Table): RuleExplanation;
  /** Lower case: text and explanation. */
  sought(rule: Rule, chain: Chain, table: Table): string;
  /** Of a nat chain, and of one that only nat chains lead to, only the first packet of each connection comes by. */
  counts(chain: Chain): 'packets' | 'connections';
  /** Of a named one: as the chains of all the rules that refer to it. */
  counterCounts(table: Table, counter: NamedCounter | undefined): 'packets' | 'connections';
  /** Rules that jump or go to it. */
  callers(chain: Chain): number;
  /** The same shape with other counts. */
  with(ruleset: Ruleset): RulesetIndex;
}

interface Words {
  readonly texts: Map<string, string>;
  readonly explanations: Map<string, RuleExplanation>;
  readonly sought: Map<string, string>;
}

/** Rules never change but get another handle: `before` lends their texts. What explains them may lie elsewhere. */
export function indexRuleset(ruleset: Ruleset, words: RuleWords, before?: RulesetIndex): RulesetIndex {
  const known: Words = { texts: new Map(), explanations: new Map(), sought: new Map() };
  if (before !== undefined)
    for (const table of ruleset.tables)
      for (const chain of table.chains)
        for (const rule of chain.rules) {
          const id = countedId(table, rule);
          const text = textsOf.get(before)?.get(id);
          if (text !== undefined) known.texts.set(id, text);
        }
  const callers = new Map<string, number>();
  const kinds = new Map<string, 'packets' | 'connections'>();
  for (const table of ruleset.tables) {
    const calls = callsIn(table);
    for (const chain of table.chains) {
      for (const target of calls.get(chain.name) ?? []) {
        const key = `${table.handle}/${target.name}`;
        callers.set(key, (callers.get(key) ?? 0) + target.rules);
      }
    }
    const reached = { nat: reachedFrom(table, calls, true), other: reachedFrom(table, calls, false) };
    for (const { name } of table.chains)
      kinds.set(
        `${table.handle}/${name}`,
        reached.nat.has(name) && !reached.other.has(name) ? 'connections' : 'packets',
      );
  }
  const byPackets = new Set<string>();
  const byConnections = new Set<string>();
  for (const table of ruleset.tables)
    for (const { name, rules } of table.chains) {
      const seen = kinds.get(`${table.handle}/${name}`) === 'connections' ? byConnections : byPackets;
      for (const { counter } of rules)
        if (counter?.name !== undefined) seen.add(`${table.handle}/${counter.name}`);
    }
  const tableOfChain = new WeakMap<Chain, Table>();

  function indexed(of: Ruleset): RulesetIndex {
    for (const table of of.tables) for (const chain of table.chains) tableOfChain.set(chain, table);
    const keyOf = (chain: Chain): string => `${tableOfChain.get(chain)?.handle}/${chain.name}`;
    const text = (rule: Rule, chain: Chain, table: Table): string =>
      kept(known.texts, countedId(table, rule), () => words.text(rule, chain, table));
    const explain = (rule: Rule, chain: Chain, table: Table): RuleExplanation =>
      kept(known.explanations, countedId(table, rule), () => words.explain(rule, chain, table));
    const index: RulesetIndex = {
      ruleset: of,
      words,
      text,
      explain,
      sought: (rule, chain, table) =>
        kept(known.sought, countedId(table, rule), () =>
          [text(rule, chain, table), ...explain(rule, chain, table).lines].join('\n').toLowerCase(),
        ),
      counts: (chain) => kinds.get(keyOf(chain)) ?? 'packets',
      counterCounts(table, counter) {
        const key = `${table.handle}/${counter?.name}`;
        return byConnections.has(key) && !byPackets.has(key) ? 'connections' : 'packets';
      },
      callers: (chain) => callers.get(keyOf(chain)) ?? 0,
      with: indexed,
    };
    textsOf.set(index, known.texts);
    return index;
  }
  return indexed(ruleset);
}

const textsOf = new WeakMap<RulesetIndex, Map<string, string>>();

function kept<T>(in_: Map<string, T>, id: string, find: () => T): T {
  const known = in_.get(id);
  if (known !== undefined) return known;
  const found = find();
  in_.set(id, found);
  return found;
}

/** The same tables, chains, rules and sets, in the same order. */
export function sameShape(a: Ruleset, b: Ruleset): boolean {
  return (
    a === b ||
    (a.tables.length === b.tables.length &&
      a.tables.every((table, index) => sameTable(table, b.tables[index]!)))
  );
}

function sameTable(a: Table, b: Table): boolean {
  if (a === b) return true;
  if (a.handle !== b.handle || a.name !== b.name || a.family !== b.family) return false;
  return (
    sameHandles(a.chains, b.chains) &&
    a.chains.every(({ rules }, index) => sameHandles(rules, b.chains[index]!.rules)) &&
    sameHandles(a.sets, b.sets) &&
    a.sets.every(({ elements }, index) => elements.length === b.sets[index]!.elements.length) &&
    sameHandles(a.counters, b.counters)
  );
}

function sameHandles(
  a: readonly { readonly handle: number }[],
  b: readonly { readonly handle: number }[],
): boolean {
  return a.length === b.length && a.every(({ handle }, index) => handle === b[index]!.handle);
}

type Calls = ReadonlyMap<string, readonly { readonly name: string; readonly rules: number }[]>;

function callsIn(table: Table): Calls {
  const verdicts = new Map<string, ReadonlySet<string>>();
  for (const set of table.sets) {
    if (!set.isMap) continue;
    const targets = new Set<string>();
    for (const { data } of set.elements) if (data !== undefined) findTargets(data, targets);
    if (targets.size > 0) verdicts.set(set.name, targets);
  }
  const calls = new Map<string, readonly { readonly name: string; readonly rules: number }[]>();
  for (const { name, rules } of table.chains) {
    const counted = new Map<string, number>();
    for (const { expressions } of rules) {
      const targets = new Set<string>();
      for (const expression of expressions) findTargets(expression, targets, verdicts);
      for (const target of targets) counted.set(target, (counted.get(target) ?? 0) + 1);
    }
    calls.set(
      name,
      [...counted].map(([target, number]) => ({ name: target, rules: number })),
    );
  }
  return calls;
}

/** nft's JSON may be of any depth; what is deeper than rules ever are is not looked into. */
const deepest = 40;

function findTargets(
  json: Json,
  found: Set<string>,
  verdicts?: ReadonlyMap<string, ReadonlySet<string>>,
  depth = 0,
): void {
  if (json === null || typeof json !== 'object' || depth > deepest) return;
  if (Array.isArray(json)) {
    for (const inner of json) findTargets(inner as Json, found, verdicts, depth + 1);
    return;
  }
  for (const [key, value] of Object.entries(json)) {
    if ((key === 'jump' || key === 'goto') && typeof value === 'object' && value !== null) {
      const target = (value as { readonly target?: Json }).target;
      if (typeof target === 'string') found.add(target);
    } else if (key === 'vmap' && typeof value === 'object' && value !== null) {
      const data = (value as { readonly data?: Json }).data;
      if (typeof data === 'string')
        for (const target of verdicts?.get(data.replace(/^@/, '')) ?? []) found.add(target);
      else findTargets(value, found, verdicts, depth + 1);
    } else findTargets(value, found, verdicts, depth + 1);
  }
}

function reachedFrom(table: Table, calls: Calls, nat: boolean): ReadonlySet<string> {
  const reached = new Set<string>();
  const open = table.chains
    .filter(({ base }) => base !== undefined && (base.type === 'nat') === nat)
    .map(({ name }) => name);
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (reached.has(name)) continue;
    reached.add(name);
    for (const { name: next } of calls.get(name) ?? []) open.push(next);
  }
  return reached;
}
