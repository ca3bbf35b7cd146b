// From what our table holds to what it should hold, as one transaction: only what differs, and in an order in which nothing that
// is referred to is taken away.

import type { Json, JsonObject, NftCommand } from '../json.ts';
import { type ChainContent, isEmptyContent, type SetContent, type TableContent } from './table-content.ts';
import { tableFamily, tableName, type WishedElement, type WishedSet } from './table-part.ts';

/** Of a blocklist of a hundred thousand, too, no command is more than some 100 KB. */
const elementsAtOnce = 1_000;
/** What its timeout was rounded up to, and the kernel's own leisure: until then an element may be there still. */
export const lingerMs = 2_000;

const here = { family: tableFamily, table: tableName };

export const addTable: NftCommand = { add: { table: { family: tableFamily, name: tableName } } };
/** Also where it is not there. */
export const removeTable: readonly NftCommand[] = [
  addTable,
  { delete: { table: { family: tableFamily, name: tableName } } },
];

/**
 * Nothing where nothing differs; without our table where nothing is wished.
 * @param has undefined: there is no such table
 * @param now wall clock, which timeouts are reckoned from
 */
export function tableChange(
  has: TableContent | undefined,
  wished: TableContent,
  now: number,
): readonly NftCommand[] {
  if (isEmptyContent(wished)) return has === undefined ? [] : removeTable;
  const before: TableContent = has ?? { counters: new Map(), sets: new Map(), chains: new Map() };
  const anew = (set: string): boolean => {
    const old = before.sets.get(set);
    const next = wished.sets.get(set);
    return old === undefined || next === undefined || !sameSpec(old.spec, next.spec);
  };
  const emptied = changedChains(before, wished, anew);
  const gone = [...before.chains].filter(([name, { base }]) => {
    const next = wished.chains.get(name);
    return next === undefined || !sameBase(base, next.base);
  });
  const differences = [...before.sets]
    .filter(([name]) => !anew(name))
    .map(([name, old]) => [name, elementChange(old, wished.sets.get(name)!, now)] as const);
  const commands: NftCommand[] = [
    // What refers to others first…
    ...[...emptied]
      .filter((name) => before.chains.has(name))
      .map((name): NftCommand => ({ flush: { chain: { ...here, name } } })),
    ...differences.flatMap(([name, { removed }]) => elements('delete', name, removed)),
    ...[...before.sets].filter(([name]) => anew(name)).map(([, { spec }]) => deleteSet(spec)),
    // …then what is referred to; and the other way round.
    ...gone.map(([name]): NftCommand => ({ delete: { chain: { ...here, name } } })),
    ...missing(before.counters, wished.counters).map(
      ([name]): NftCommand => ({ delete: { counter: { ...here, name } } }),
    ),
    ...missing(wished.counters, before.counters).map(
      ([name, comment]): NftCommand => ({
        add: { counter: { ...here, name, ...(comment !== '' && { comment }) } },
      }),
    ),
    ...[...wished.sets].filter(([name]) => anew(name)).map(([, { spec }]) => addSet(spec)),
    // Those that packets enter by come first, for whoever reads the table from the top.
    ...[...wished.chains]
      .filter(([name]) => !before.chains.has(name) || gone.some(([old]) => old === name))
      .sort(([, a], [, b]) => Number(b.base !== undefined) - Number(a.base !== undefined))
      .map(([name, chain]) => addChain(name, chain)),
    ...[...wished.sets].flatMap(([name, set]) => {
      const added = anew(name)
        ? [...set.elements.values()]
        : elementChange(before.sets.get(name)!, set, now).added;
      return elements(
        'add',
        name,
        added.map((element) => elementOf(element, now)),
      );
    }),
    ...[...wished.chains].flatMap(([name, { rules }]) =>
      emptied.has(name)
        ? rules.map(
            ({ comment, expressions }): NftCommand => ({
              add: {
                rule: { ...here, chain: name, ...(comment && { comment }), expr: expressions },
              },
            }),
          )
        : [],
    ),
  ];
  return commands.length === 0 && has !== undefined ? [] : [addTable, ...commands];
}

/** Chains whose rules are told anew, or that go. Those that name a set which is made anew, too. */
function changedChains(
  before: TableContent,
  wished: TableContent,
  anew: (set: string) => boolean,
): ReadonlySet<string> {
  const changed = new Set<string>();
  const renewed = [...before.sets.keys()].filter((name) => anew(name)).map((name) => `"@${name}"`);
  for (const [name, chain] of before.chains) {
    const next = wished.chains.get(name);
    if (
      next === undefined ||
      !sameBase(chain.base, next.base) ||
      chain.text !== next.text ||
      renewed.some((reference) => chain.text.includes(reference))
    )
      changed.add(name);
  }
  for (const name of wished.chains.keys()) if (!before.chains.has(name)) changed.add(name);
  return changed;
}

function missing<T>(of: ReadonlyMap<string, T>, from: ReadonlyMap<string, T>): (readonly [string, T])[] {
  return [...of].filter(([name]) => !from.has(name));
}

function elementChange(
  has: SetContent,
  wished: SetContent,
  now: number,
): { readonly removed: readonly Json[]; readonly added: readonly WishedElement[] } {
  const removed: Json[] = [];
  const added: WishedElement[] = [];
  for (const [key, element] of has.elements) {
    // The kernel let it go by itself, and would refuse to be told to.
    if (element.until !== undefined && element.until + lingerMs <= now) continue;
    const next = wished.elements.get(key);
    if (next === undefined || !sameElement(element, next)) removed.push(element.value);
  }
  for (const [key, element] of wished.elements) {
    if (element.until !== undefined && element.until <= now) continue;
    const old = has.elements.get(key);
    const isThere = old !== undefined && (old.until === undefined || old.until + lingerMs > now);
    if (!isThere || !sameElement(old, element)) added.push(element);
  }
  return { removed, added };
}

/** A kernel's time and ours are never the same to the millisecond. */
const sameMomentMs = 3_000;

export function sameElement(a: WishedElement, b: WishedElement): boolean {
  const sameTime =
    a.until === undefined || b.until === undefined
      ? a.until === b.until
      : Math.abs(a.until - b.until) <= sameMomentMs;
  return (
    sameTime && (a.comment ?? '') === (b.comment ?? '') && JSON.stringify(a.data) === JSON.stringify(b.data)
  );
}

function sameSpec(a: SetContent['spec'], b: SetContent['spec']): boolean {
  return (
    a.type.join(' . ') === b.type.join(' . ') &&
    a.to === b.to &&
    a.counted === b.counted &&
    [...a.flags].sort().join() === [...b.flags].sort().join()
  );
}

const sameBase = (a: ChainContent['base'], b: ChainContent['base']): boolean =>
  a?.type === b?.type && a?.hook === b?.hook && a?.priority === b?.priority;

function addSet({ name, type, to, flags, counted }: Omit<WishedSet, 'elements'>): NftCommand {
  const set: JsonObject = {
    ...here,
    name,
    type: type.length === 1 ? type[0]! : type,
    ...(flags.length > 0 && { flags }),
    ...(counted && { stmt: [{ counter: null }] }),
  };
  if (to === undefined) return { add: { set } };
  const targets = to.split(' . ');
  return { add: { map: { ...set, map: targets.length === 1 ? to : targets } } };
}

function deleteSet({ name, to }: Omit<WishedSet, 'elements'>): NftCommand {
  return { delete: { [to === undefined ? 'set' : 'map']: { ...here, name } } };
}

function addChain(name: string, { base }: ChainContent): NftCommand {
  return {
    add: {
      chain: {
        ...here,
        name,
        ...(base && { type: base.type, hook: base.hook, prio: base.priority, policy: 'accept' }),
      },
    },
  };
}

function elementOf({ value, data, comment, until }: WishedElement, now: number): Json {
  const timed = until === undefined ? {} : { timeout: Math.max(1, Math.ceil((until - now) / 1_000)) };
  const plain = until === undefined && (comment === undefined || comment === '');
  const key: Json = plain ? value : { elem: { val: value, ...timed, ...(comment && { comment }) } };
  return data === undefined ? key : [key, data];
}

function elements(verb: 'add' | 'delete', name: string, of: readonly Json[]): NftCommand[] {
  const commands: NftCommand[] = [];
  for (let at = 0; at < of.length; at += elementsAtOnce)
    commands.push({ [verb]: { element: { ...here, name, elem: of.slice(at, at + elementsAtOnce) } } });
  return commands;
}
