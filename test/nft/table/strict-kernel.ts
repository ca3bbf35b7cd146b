// Plays the kernel for transactions on our table: takes nothing away that is referred to, knows no reference into nothing, and
// does all of a transaction or nothing.
import type { Json, JsonObject, NftCommand } from '../../../src/nft/json.ts';
import { elementKey } from '../../../src/nft/table/table-content.ts';

interface Objects {
  counters: Map<string, JsonObject>;
  sets: Map<string, { readonly spec: JsonObject; readonly elements: Map<string, Json> }>;
  chains: Map<string, { readonly spec: JsonObject; rules: JsonObject[] }>;
}

export interface StrictKernel {
  /** Undefined: there is no table. */
  readonly table: Objects | undefined;
  /** @throws where the kernel would refuse; then nothing changed */
  transact(commands: readonly NftCommand[]): void;
}

export function strictKernel(): StrictKernel {
  let table: Objects | undefined;
  return {
    get table() {
      return table;
    },
    transact(commands) {
      const next = { table: structuredClone(table) };
      for (const command of commands) {
        const [verb, what] = Object.entries(command)[0] as [string, JsonObject];
        const [kind, object] = Object.entries(what)[0] as [string, JsonObject];
        act(next, verb, kind, object);
      }
      table = next.table;
    },
  };
}

function act(place: { table: Objects | undefined }, verb: string, kind: string, object: JsonObject): void {
  const name = `${object.name}`;
  if (kind === 'table') {
    if (verb === 'add') place.table ??= { counters: new Map(), sets: new Map(), chains: new Map() };
    else if (place.table === undefined) refuse('no table');
    else place.table = undefined;
    return;
  }
  const table = place.table ?? refuse('no table');
  const doing = `${verb} ${kind === 'map' ? 'set' : kind}`;
  switch (doing) {
    case 'add counter':
      if (table.counters.has(name)) refuse(`counter ${name} is there, and would keep its comment`);
      table.counters.set(name, object);
      return;
    case 'add set':
      if (table.sets.has(name)) refuse(`set ${name} is there`);
      table.sets.set(name, { spec: object, elements: new Map() });
      return;
    case 'add chain':
      if (table.chains.has(name)) refuse(`chain ${name} is there`);
      table.chains.set(name, { spec: object, rules: [] });
      return;
    case 'add rule': {
      const chain = table.chains.get(`${object.chain}`) ?? refuse(`no chain ${object.chain}`);
      chain.rules.push(object);
      for (const reference of references(object.expr ?? null)) meet(table, reference);
      return;
    }
    case 'add element':
    case 'delete element': {
      const set = table.sets.get(name) ?? refuse(`no set ${name}`);
      for (const entry of object.elem as readonly Json[]) {
        const [key, data] = Array.isArray(entry) ? (entry as Json[]) : [entry, undefined];
        const value = isObject(key) && isObject(key.elem) ? key.elem.val! : key!;
        const id = elementKey(value);
        if (verb === 'delete') {
          if (!set.elements.delete(id)) refuse(`no element ${id} in ${name}`);
        } else {
          if (set.elements.has(id)) refuse(`element ${id} of ${name} is there`);
          if ('map' in set.spec !== (data !== undefined)) refuse('of another kind');
          set.elements.set(id, entry);
          for (const reference of references(data ?? null, set.spec.map === 'counter'))
            meet(table, reference);
        }
      }
      return;
    }
    case 'flush chain':
      (table.chains.get(name) ?? refuse(`no chain ${name}`)).rules = [];
      return;
    case 'delete chain': {
      const chain = table.chains.get(name) ?? refuse(`no chain ${name}`);
      if (chain.rules.length > 0) refuse(`chain ${name} has rules`);
      if (isReferred(table, `chain ${name}`)) refuse(`chain ${name} is referred to`);
      table.chains.delete(name);
      return;
    }
    case 'delete set':
      if (!table.sets.has(name)) refuse(`no set ${name}`);
      if ('map' in table.sets.get(name)!.spec !== (kind === 'map')) refuse('of another kind');
      if (isReferred(table, `set ${name}`)) refuse(`set ${name} is referred to`);
      table.sets.delete(name);
      return;
    case 'delete counter':
      if (!table.counters.has(name)) refuse(`no counter ${name}`);
      if (isReferred(table, `counter ${name}`)) refuse(`counter ${name} is referred to`);
      table.counters.delete(name);
      return;
    default:
      refuse(doing);
  }
}

function meet(table: Objects, reference: string): void {
  const [kind, name] = reference.split(' ') as [string, string];
  const there = kind === 'set' ? table.sets : kind === 'counter' ? table.counters : table.chains;
  if (!there.has(name)) refuse(`no ${reference}`);
}

function isReferred(table: Objects, reference: string): boolean {
  for (const { rules } of table.chains.values())
    for (const { expr } of rules) if (references(expr ?? null).includes(reference)) return true;
  for (const { spec, elements } of table.sets.values())
    for (const entry of elements.values())
      if (Array.isArray(entry) && references(entry[1] as Json, spec.map === 'counter').includes(reference))
        return true;
  return false;
}

function references(json: Json, isCounter = false): string[] {
  if (typeof json === 'string')
    return json.startsWith('@') ? [`set ${json.slice(1)}`] : isCounter ? [`counter ${json}`] : [];
  if (json === null || typeof json !== 'object') return [];
  return Object.entries(json).flatMap(([key, value]: [string, Json]) =>
    (key === 'jump' || key === 'goto') && isObject(value)
      ? [`chain ${value.target}`]
      : references(value, key === 'counter' || (isCounter && Array.isArray(json))),
  );
}

const isObject = (json: Json | undefined): json is JsonObject =>
  json !== null && typeof json === 'object' && !Array.isArray(json);

function refuse(text: string): never {
  throw new Error(`the kernel refuses: ${text}`);
}
