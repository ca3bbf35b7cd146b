// What `nft -j list …` answers → a Ruleset. Foreign: an object that nobody knows is kept by its kind and name, a field of the
// wrong kind is as if it were not there, and nothing here takes longer than the list is.

import { compactJson } from '../compact-json.ts';
import type { Expression, Json, JsonObject } from '../json.ts';
import { countField, fieldOf, isObject, listOf, onlyEntry, textField, textsOf } from '../json-fields.ts';
import { readElements } from './read-elements.ts';
import type { Chain, Count, NamedCounter, NftSet, Rule, Ruleset, Table } from './ruleset.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type OpenChain = Mutable<Chain> & { rules: Rule[] };

interface OpenTable {
  readonly family: string;
  readonly name: string;
  handle: number;
  flags: readonly string[];
  readonly chains: Map<string, OpenChain>;
  readonly sets: NftSet[];
  readonly counters: Map<string, NamedCounter>;
  readonly others: { readonly kind: string; readonly name: string }[];
}

/** The list of its answer, "metainfo" included or not; `add` around an object is looked through. Never throws. */
export function readRuleset(objects: readonly Json[]): Ruleset {
  const tables = new Map<string, OpenTable>();
  for (const object of objects) read(unwrapped(object), tables);
  let rules = 0;
  const finished = [...tables.values()].map((table): Table => {
    for (const chain of table.chains.values()) {
      chain.rules = chain.rules.map((rule) => counted(rule, table.counters));
      rules += chain.rules.length;
    }
    return { ...table, chains: [...table.chains.values()], counters: [...table.counters.values()] };
  });
  return { tables: finished, rules };
}

function unwrapped(object: Json): Json {
  const entry = onlyEntry(object);
  return entry !== undefined && ['add', 'create', 'insert'].includes(entry[0]) ? entry[1] : object;
}

function read(object: Json, tables: Map<string, OpenTable>): void {
  const entry = onlyEntry(object);
  if (entry === undefined) return;
  const [kind, body] = entry;
  if (kind === 'metainfo' || !isObject(body)) return;
  if (kind === 'table') {
    const table = tableOf(tables, textField(body, 'family'), textField(body, 'name'));
    table.handle = countField(body, 'handle') ?? table.handle;
    table.flags = textsOf(fieldOf(body, 'flags'));
    return;
  }
  const tableName = textField(body, 'table');
  if (tableName === undefined) return;
  const table = tableOf(tables, textField(body, 'family'), tableName);
  const name = textField(body, 'name') ?? '';
  const handle = countField(body, 'handle') ?? 0;
  switch (kind) {
    case 'chain': {
      const chain = chainOf(table, name);
      chain.handle = handle;
      const base = baseOf(body);
      if (base !== undefined) chain.base = base;
      return;
    }
    case 'rule':
      chainOf(table, textField(body, 'chain') ?? '').rules.push(ruleOf(body, handle));
      return;
    case 'set':
    case 'map':
      table.sets.push(setOf(body, name, handle, kind === 'map'));
      return;
    case 'counter':
      table.counters.set(name, {
        name,
        handle,
        packets: countField(body, 'packets') ?? 0,
        bytes: countField(body, 'bytes') ?? 0,
        ...commentOf(body),
      });
      return;
    default:
      table.others.push({ kind, name });
  }
}

/** A list of one chain does not name its table before. */
function tableOf(tables: Map<string, OpenTable>, family = 'ip', name = ''): OpenTable {
  // A family has no blank in it, so no two tables have one key.
  const key = `${family} ${name}`;
  const known = tables.get(key);
  if (known !== undefined) return known;
  const made: OpenTable = {
    family,
    name,
    handle: 0,
    flags: [],
    chains: new Map(),
    sets: [],
    counters: new Map(),
    others: [],
  };
  tables.set(key, made);
  return made;
}

function chainOf(table: OpenTable, name: string): OpenChain {
  const known = table.chains.get(name);
  if (known !== undefined) return known;
  const made: OpenChain = { name, handle: 0, rules: [] };
  table.chains.set(name, made);
  return made;
}

function baseOf(body: JsonObject): Chain['base'] {
  const hook = textField(body, 'hook');
  if (hook === undefined) return undefined;
  const priority = fieldOf(body, 'prio');
  const devices = textsOf(fieldOf(body, 'dev'));
  return {
    type: textField(body, 'type') ?? 'filter',
    hook,
    priority: typeof priority === 'number' && Number.isFinite(priority) ? priority : 0,
    policy: textField(body, 'policy') ?? 'accept',
    ...(devices.length > 0 && { device: devices.join(', ') }),
  };
}

function ruleOf(body: JsonObject, handle: number): Rule {
  return {
    handle,
    ...commentOf(body),
    expressions: listOf(fieldOf(body, 'expr')).filter((one): one is Expression => isObject(one)),
  };
}

function counted(rule: Rule, named: ReadonlyMap<string, NamedCounter>): Rule {
  for (const expression of rule.expressions) {
    const counter = fieldOf(expression, 'counter');
    if (counter === undefined) continue;
    const found = counterOf(counter, named);
    if (found !== undefined) return { ...rule, counter: found };
  }
  return rule;
}

function counterOf(counter: Json, named: ReadonlyMap<string, NamedCounter>): Rule['counter'] {
  if (typeof counter === 'string') {
    const known = named.get(counter);
    return known && { packets: known.packets, bytes: known.bytes, name: counter };
  }
  return countOf(counter);
}

function countOf(counter: Json | undefined): Count | undefined {
  const packets = countField(counter, 'packets');
  const bytes = countField(counter, 'bytes');
  return packets === undefined || bytes === undefined ? undefined : { packets, bytes };
}

function setOf(body: JsonObject, name: string, handle: number, isMap: boolean): NftSet {
  const to = typesOf(fieldOf(body, 'map'));
  const size = countField(body, 'size');
  const timeout = countField(body, 'timeout');
  return {
    name,
    handle,
    isMap,
    type: typesOf(fieldOf(body, 'type')),
    ...(isMap && { to }),
    flags: textsOf(fieldOf(body, 'flags')),
    ...(size !== undefined && { size }),
    ...(timeout !== undefined && { timeoutMs: timeout * 1_000 }),
    elements: readElements(fieldOf(body, 'elem'), isMap),
  };
}

/** A concatenation is a list, or one text with dots; where the type has no name, a newer nft writes { typeof: … }. */
function typesOf(value: Json | undefined): readonly string[] {
  return listOf(value).flatMap((one) =>
    typeof one === 'string' ? one.split(' . ') : [compactJson(one, 80)],
  );
}

function commentOf(body: JsonObject): { readonly comment?: string } {
  const comment = textField(body, 'comment');
  return comment === undefined || comment === '' ? {} : { comment };
}
