// What an explanation is made with: where the rule stands, and whether everything met so far was understood.

import { safe } from '../../domain/safe.ts';
import { compactJson } from '../compact-json.ts';
import type { Json } from '../json.ts';
import type { NftSet, Table } from '../ruleset/ruleset.ts';
import { expressionText, valueKindOf, type Writing } from './expression-text.ts';

export interface Telling {
  readonly table: Table;
  /** Its rules meet the first packet of each connection alone. */
  readonly nat: boolean;
  /** False once something is told as nft writes it. */
  understood: boolean;
}

/** "a", "a or b", "a, b or c", "a, b, … 12 more". */
export function either(values: readonly string[], most = 6, conjunction = 'or'): string {
  if (values.length > most)
    return `${values.slice(0, most).join(', ')}, … ${(values.length - most).toLocaleString('en')} more`;
  if (values.length < 2) return values[0] ?? 'nothing';
  return `${values.slice(0, -1).join(', ')} ${conjunction} ${values.at(-1)}`;
}

/** Of a long list only what is shown is put into words. */
export function eitherOf<T>(
  values: readonly T[],
  words: (value: T) => string,
  most = 6,
  conjunction = 'or',
): string {
  if (values.length <= most) return either(values.map(words), most, conjunction);
  const rest = (values.length - most).toLocaleString('en');
  return `${values.slice(0, most).map(words).join(', ')}, … ${rest} more`;
}

export function many(count: number, one: string, several = `${one}s`): string {
  return `${count.toLocaleString('en')} ${count === 1 ? one : several}`;
}

/** As nft writes it, marked; and noted. */
export function asWritten(value: Json | undefined, telling: Telling): string {
  telling.understood = false;
  const writing: Writing = { known: true, most: 4, room: 100 };
  const text = value === undefined ? '' : expressionText(value, writing);
  return `⟨${(writing.known ? text : compactJson(value ?? null, 120)).replace(/[⟨⟩]/g, '')}⟩`;
}

/** A constant beside what it is compared with: as nft writes it, without quotes. */
export function constant(value: Json | undefined, beside: Json | undefined, telling: Telling): string {
  const writing: Writing = { known: true, most: 6, room: 100 };
  const text = expressionText(value, writing, valueKindOf(beside ?? null));
  if (!writing.known) return asWritten(value, telling);
  return text.replaceAll('"', '').replace(/0x0*([0-9a-f]+)/g, '0x$1');
}

const sets = new WeakMap<Table, Map<string, NftSet>>();

export function setNamed(name: string, table: Table): NftSet | undefined {
  let known = sets.get(table);
  if (known === undefined) {
    known = new Map(table.sets.map((set) => [set.name, set]));
    sets.set(table, known);
  }
  return known.get(name.replace(/^@/, ''));
}

/** "the set blocked (3 elements, next leaves in 12 min)". */
export function setWords(reference: string, telling: Telling): string {
  const set = setNamed(reference, telling.table);
  const name = safe(reference.replace(/^@/, ''), 80);
  if (set === undefined) return `the set ${name}`;
  return `the ${set.isMap ? 'map' : 'set'} ${name} (${contents(set)})`;
}

const told = new WeakMap<NftSet, string>();

/** Many rules may name one set, and it may have a hundred thousand elements. */
export function contents(set: NftSet): string {
  const known = told.get(set) ?? contentsOf(set);
  told.set(set, known);
  return known;
}

function contentsOf({ elements, flags }: NftSet): string {
  if (elements.length === 0) return flags.includes('dynamic') ? 'filled by rules, empty now' : 'empty now';
  let next = Number.POSITIVE_INFINITY;
  for (const { expiresMs } of elements) if (expiresMs !== undefined && expiresMs < next) next = expiresMs;
  return `${many(elements.length, 'element')}${Number.isFinite(next) ? `, next leaves in ${duration(next)}` : ''}`;
}

export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3_600)} h`;
  return `${Math.round(seconds / 86_400)} days`;
}
