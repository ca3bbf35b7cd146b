// A ruleset as rows, and a window of them. Our own table comes first, whatever the kernel's order: it is what a console of ours
// is opened for. The others follow as nft lists them; chains come before sets, maps and counters. Pure.

import type { RulesetQuery, RulesetRow, RulesetWindow } from '../../domain/kernel.ts';
import { safe } from '../../domain/safe.ts';
import { spokenDuration } from '../../domain/units.ts';
import type { Chain, NamedCounter, NftSet, Rule, Table } from '../../nft/ruleset/ruleset.ts';
import { tableFamily, tableName } from '../../nft/table/table-part.ts';
import type { RulesetIndex } from './ruleset-index.ts';
import { countedId, type Rates } from './ruleset-rates.ts';

export interface RulesetReading {
  readonly index: RulesetIndex;
  readonly rates: Rates;
  /** Wall clock. */
  readonly at: number;
}

export type RulesetEntry =
  | { readonly kind: 'table'; readonly table: Table }
  | { readonly kind: 'chain'; readonly table: Table; readonly chain: Chain }
  | { readonly kind: 'rule'; readonly table: Table; readonly chain: Chain; readonly rule: Rule }
  | { readonly kind: 'set' | 'map'; readonly table: Table; readonly set: NftSet }
  | { readonly kind: 'counter'; readonly table: Table; readonly counter: NamedCounter }
  | { readonly kind: 'other'; readonly table: Table; readonly other: Table['others'][number] };

const longest = 1_000;

export function rulesetWindow(
  { index, rates, at }: RulesetReading,
  query: RulesetQuery,
): { readonly window: RulesetWindow; readonly entries: readonly RulesetEntry[] } {
  const { entries, children } = entriesOf(index, rates, query);
  const seen = entries.slice(query.offset, query.offset + query.limit);
  return {
    entries: seen,
    window: {
      query,
      at,
      rules: index.ruleset.rules,
      total: entries.length,
      rows: seen.map((entry) => rowOf(entry, index, rates, children.get(keyOf(entry)) ?? 0)),
      mostPacketRate: mostRate(index, rates),
    },
  };
}

/** Stable while the object lives; names are foreign, and a key is no place for what a terminal would obey either. */
export function keyOf(entry: RulesetEntry): string {
  const table = tableKey(entry.table);
  switch (entry.kind) {
    case 'table':
      return table;
    case 'chain':
      return chainKey(entry.table, entry.chain);
    case 'rule':
      return `${chainKey(entry.table, entry.chain)} ${entry.rule.handle}`;
    case 'set':
    case 'map':
      return `${table} @${safe(entry.set.name, 256)}`;
    case 'counter':
      return `${table} counter:${safe(entry.counter.name, 256)}`;
    case 'other':
      return `${table} ${safe(entry.other.kind, 40)}:${safe(entry.other.name, 256)}`;
  }
}

const tableKey = ({ family, name }: Table): string => `${safe(family, 20)} ${safe(name, 256)}`;
const chainKey = (table: Table, { name }: Chain): string => `${tableKey(table)} ${safe(name, 256)}`;

export const isOurs = ({ family, name }: Table): boolean => family === tableFamily && name === tableName;

/** Rules that are looked through word by word when something is sought: those whose words are not found yet. */
export function unsought(index: RulesetIndex): readonly (() => void)[] {
  return index.ruleset.tables.flatMap((table) =>
    table.chains.flatMap((chain) => chain.rules.map((rule) => () => void index.sought(rule, chain, table))),
  );
}

function entriesOf(
  index: RulesetIndex,
  rates: Rates,
  query: RulesetQuery,
): { readonly entries: readonly RulesetEntry[]; readonly children: ReadonlyMap<string, number> } {
  const words = query.filter.toLowerCase().split(/\s+/).filter(Boolean);
  const folded = new Set(query.folded);
  const entries: RulesetEntry[] = [];
  const children = new Map<string, number>();
  const has = (...texts: readonly string[]): boolean =>
    words.length === 0 || words.every((word) => texts.some((text) => text.toLowerCase().includes(word)));
  const { tables } = index.ruleset;
  for (const table of [...tables.filter(isOurs), ...tables.filter((one) => !isOurs(one))]) {
    const key = tableKey(table);
    const below: RulesetEntry[] = [];
    let direct = 0;
    for (const chain of table.chains) {
      const chainText = chainKey(table, chain);
      const rules = (
        words.length === 0
          ? chain.rules
          : chain.rules.filter((rule) => has(chainText, index.sought(rule, chain, table)))
      ).map((rule): RulesetEntry => ({ kind: 'rule', table, chain, rule }));
      if (rules.length === 0 && !has(chainText, aboutChain(chain, index))) continue;
      direct += 1;
      children.set(chainText, rules.length);
      below.push({ kind: 'chain', table, chain });
      if (folded.has(chainText)) continue;
      for (const rule of query.order === 'traffic' ? byTraffic(rules, rates) : rules) below.push(rule);
    }
    for (const entry of besideChains(table)) {
      if (!has(keyOf(entry), textOf(entry, index), aboutOf(entry, index) ?? '')) continue;
      direct += 1;
      below.push(entry);
    }
    if (direct === 0 && !has(key)) continue;
    children.set(key, direct);
    entries.push({ kind: 'table', table });
    if (folded.has(key)) continue;
    for (const entry of below) entries.push(entry);
  }
  return { entries, children };
}

function besideChains(table: Table): RulesetEntry[] {
  const sets = (isMap: boolean): RulesetEntry[] =>
    table.sets
      .filter((set) => set.isMap === isMap)
      .map((set) => ({ kind: isMap ? 'map' : 'set', table, set }));
  return [
    ...sets(false),
    ...sets(true),
    ...table.counters.map((counter): RulesetEntry => ({ kind: 'counter', table, counter })),
    ...table.others.map((other): RulesetEntry => ({ kind: 'other', table, other })),
  ];
}

/** The kernel's order among equals, and those without a rate last. */
function byTraffic(rules: readonly RulesetEntry[], rates: Rates): readonly RulesetEntry[] {
  const rateOf = (entry: RulesetEntry): number =>
    (entry.kind === 'rule' ? rates.get(countedId(entry.table, entry.rule))?.packetRate : undefined) ?? -1;
  return rules
    .map((entry) => ({ entry, rate: rateOf(entry) }))
    .sort((a, b) => b.rate - a.rate)
    .map(({ entry }) => entry);
}

function mostRate({ ruleset }: RulesetIndex, rates: Rates): number {
  let most = 0;
  for (const table of ruleset.tables)
    for (const { rules } of table.chains)
      for (const rule of rules) {
        const rate = rule.counter && rates.get(countedId(table, rule))?.packetRate;
        if (rate && rate > most) most = rate;
      }
  return most;
}

function rowOf(entry: RulesetEntry, index: RulesetIndex, rates: Rates, children: number): RulesetRow {
  const { table, kind } = entry;
  const about = aboutOf(entry, index);
  const explained =
    entry.kind === 'rule'
      ? index.explain(entry.rule, entry.chain, table)
      : { lines: explanationOf(entry, index), understood: true };
  return {
    key: keyOf(entry),
    kind,
    depth: kind === 'table' ? 0 : kind === 'rule' ? 2 : 1,
    ours: isOurs(table),
    text: textOf(entry, index),
    ...(about !== undefined && { about }),
    ...figuresOf(entry, index, rates),
    explanation: explained.lines,
    understood: explained.understood,
    children,
  };
}

function figuresOf(
  entry: RulesetEntry,
  index: RulesetIndex,
  rates: Rates,
): Pick<RulesetRow, 'counts' | 'packets' | 'bytes' | 'packetRate' | 'byteRate'> {
  const object = entry.kind === 'rule' ? entry.rule : entry.kind === 'counter' ? entry.counter : undefined;
  const count =
    entry.kind === 'rule' ? entry.rule.counter : entry.kind === 'counter' ? entry.counter : undefined;
  if (object === undefined || count === undefined) return { counts: 'none' };
  const rate = rates.get(countedId(entry.table, object));
  return {
    counts:
      entry.kind === 'rule'
        ? index.counts(entry.chain)
        : index.counterCounts(entry.table, entry.kind === 'counter' ? entry.counter : undefined),
    packets: count.packets,
    bytes: count.bytes,
    packetRate: rate?.packetRate ?? null,
    byteRate: rate?.byteRate ?? null,
  };
}

function textOf(entry: RulesetEntry, index: RulesetIndex): string {
  switch (entry.kind) {
    case 'table':
      return tableKey(entry.table);
    case 'chain':
      return safe(entry.chain.name, 256);
    case 'rule':
      return safe(index.text(entry.rule, entry.chain, entry.table), longest);
    case 'set':
    case 'map':
      return `${entry.kind} ${safe(entry.set.name, 256)}`;
    case 'counter':
      return `counter ${safe(entry.counter.name, 256)}`;
    case 'other':
      return `${safe(entry.other.kind, 40)} ${safe(entry.other.name, 256)}`;
  }
}

function explanationOf(entry: RulesetEntry, { words }: RulesetIndex): readonly string[] {
  switch (entry.kind) {
    case 'table':
      return words.explainTable(entry.table);
    case 'chain':
      return words.explainChain(entry.chain, entry.table);
    case 'set':
    case 'map':
      return words.explainSet(entry.set, entry.table);
    case 'counter':
      return entry.counter.comment === undefined ? [] : [safe(entry.counter.comment, 200)];
    default:
      return [];
  }
}

function aboutOf(entry: RulesetEntry, index: RulesetIndex): string | undefined {
  switch (entry.kind) {
    case 'table':
      return aboutTable(entry.table);
    case 'chain':
      return aboutChain(entry.chain, index);
    case 'set':
    case 'map':
      return aboutSet(entry.set);
    default:
      return undefined;
  }
}

function aboutTable({ chains, sets, flags }: Table): string {
  const rules = chains.reduce((sum, chain) => sum + chain.rules.length, 0);
  return [
    numberOf(chains.length, 'chain'),
    numberOf(rules, 'rule'),
    ...(sets.length > 0 ? [numberOf(sets.length, 'set')] : []),
    ...flags.map((flag) => safe(flag, 40)),
  ].join(', ');
}

function aboutChain(chain: Chain, index: RulesetIndex): string {
  const { base } = chain;
  if (base !== undefined)
    return [
      safe(base.type, 40),
      `hook ${safe(base.hook, 40)}${base.device === undefined ? '' : ` device ${safe(base.device, 100)}`}`,
      `priority ${base.priority}`,
      `policy ${safe(base.policy, 40)}`,
    ].join(', ');
  const callers = index.callers(chain);
  return callers === 0
    ? 'no rule leads here'
    : `${numberOf(callers, 'rule')} lead${callers === 1 ? 's' : ''} here`;
}

function aboutSet({ type, to, isMap, elements, size, flags }: NftSet): string {
  const key = type.map((part) => safe(part, 60)).join(' . ');
  const lead = isMap ? `${key} → ${(to ?? []).map((part) => safe(part, 60)).join(' . ') || 'verdict'}` : key;
  let next = Number.POSITIVE_INFINITY;
  for (const { expiresMs } of elements) if (expiresMs !== undefined && expiresMs < next) next = expiresMs;
  return [
    lead,
    ...flags.filter((flag) => flag === 'interval' || flag === 'dynamic').map((flag) => safe(flag, 40)),
    size === undefined
      ? numberOf(elements.length, 'element')
      : `${elements.length} of ${numberOf(size, 'element')}`,
    ...(Number.isFinite(next) ? [`next leaves in ${roughly(next)}`] : []),
  ].join(', ');
}

const numberOf = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

/** To the second below a minute, to the minute below an hour … */
function roughly(ms: number): string {
  const unit = ms < 60_000 ? 1_000 : ms < 3_600_000 ? 60_000 : 3_600_000;
  return spokenDuration(Math.max(unit, Math.round(ms / unit) * unit));
}
