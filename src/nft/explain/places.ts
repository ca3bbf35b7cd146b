// Where connections are sent: "10.1.0.5:8080", "one of 3 places, at random: …".

import { safe } from '../../domain/safe.ts';
import type { Json } from '../json.ts';
import { fieldOf, listOf, onlyEntry, textField } from '../json-fields.ts';
import { type Choice, choiceOf, pairsOf } from '../ruleset/alternatives.ts';
import { noun } from './nouns.ts';
import { asWritten, constant, many, setWords, type Telling } from './telling.ts';

const shown = 6;

/** Of { addr, port }: dnat, snat, redirect. Undefined where there is neither. */
export function placeWords(body: Json, telling: Telling): string | undefined {
  const addr = fieldOf(body, 'addr');
  const port = fieldOf(body, 'port');
  if (addr === undefined && port === undefined) return undefined;
  if (addr === undefined) return portWords(port!, telling);
  const address = mapped(addr, 'addresses', telling) ?? placeText(addr, telling);
  if (port === undefined) return address;
  const to = mapped(port, 'ports', telling);
  if (to !== undefined) return `${address}, ${to}`;
  const simple = typeof addr === 'string' && onlyEntry(port) === undefined;
  return simple ? withPort(addr, port) : `${address}, port ${rangeOr(port, telling)}`;
}

function portWords(port: Json, telling: Telling): string {
  return mapped(port, 'ports', telling) ?? `port ${rangeOr(port, telling)}`;
}

function rangeOr(value: Json, telling: Telling): string {
  const range = onlyEntry(value)?.[0] === 'range' ? listOf(fieldOf(value, 'range')) : undefined;
  if (range !== undefined)
    return `${constant(range[0], undefined, telling)}–${constant(range[1], undefined, telling)}`;
  return onlyEntry(value) === undefined || onlyEntry(value)?.[0] === 'prefix'
    ? constant(value, undefined, telling)
    : `its ${noun(value, telling)}`;
}

/** What a map chooses; undefined where it is no map. */
function mapped(value: Json, several: string, telling: Telling): string | undefined {
  const [kind, map] = onlyEntry(value) ?? [];
  if (kind !== 'map' || map === undefined) return undefined;
  const choice = choiceOf(map, telling.table);
  if (choice !== undefined) return choiceWords(choice, several, (one) => placeText(one, telling), telling);
  const key = noun(fieldOf(map, 'key'), telling);
  const data = fieldOf(map, 'data');
  if (typeof data === 'string') return `what ${setWords(data, telling)} holds for its ${key}`;
  const pairs = pairsOf(data, telling.table);
  const told = pairs
    .slice(0, shown)
    .map(([from, to]) => `${placeText(from, telling)} → ${placeText(to, telling)}`);
  if (pairs.length > shown) told.push(`… ${pairs.length - shown} more`);
  return `where its ${key} says (${told.join(', ')})`;
}

/** "one of 3 addresses, at random: a, b (60%), …". */
export function choiceWords(
  { pick, hashed, alternatives, missing }: Choice,
  several: string,
  words: (outcome: Json) => string,
  telling: Telling,
): string {
  const even = alternatives.every(({ share }) => Math.abs(share - alternatives[0]!.share) < 0.005);
  const told = alternatives
    .slice(0, shown)
    .map(({ outcome, share }) => `${words(outcome)}${even ? '' : ` (${percent(share)})`}`);
  if (alternatives.length > shown) told.push(`… ${(alternatives.length - shown).toLocaleString('en')} more`);
  const rest = missing > 0.0005 ? `; ${percent(missing)} to none of them` : '';
  const of =
    alternatives.length === 1 ? 'always the same' : `one of ${many(alternatives.length, '', several).trim()}`;
  return `${of}, ${howPicked(pick, hashed, telling)}: ${told.join(', ')}${rest}`;
}

export function howPicked(pick: Choice['pick'], hashed: Json | undefined, telling: Telling): string {
  if (pick === 'random') return 'at random';
  if (pick === 'inc') return 'in turn';
  if (hashed === undefined) return 'by a hash of the connection';
  return `by a hash of its ${noun(visible(hashed), telling)} (always the same one)`;
}

/** A counter with one value only fills up what is hashed. */
function visible(hashed: Json): Json {
  const parts = listOf(fieldOf(hashed, 'concat')).filter((part) => onlyEntry(part)?.[0] !== 'numgen');
  if (parts.length === 0) return hashed;
  return parts.length === 1 ? parts[0]! : { concat: parts };
}

const percent = (share: number): string => {
  const value = share * 100;
  return `${value >= 10 || value === 0 ? Math.round(value) : Number(value.toPrecision(2))}%`;
};

/** An address, with its port where it has one. */
export function placeText(place: Json, telling: Telling, depth = 0): string {
  if (depth > 4) return asWritten(place, telling);
  const parts = listOf(fieldOf(place, 'concat'));
  if (parts.length === 2 && typeof parts[0] === 'string') return withPort(parts[0], parts[1]!);
  const range = onlyEntry(place)?.[0] === 'range' ? listOf(fieldOf(place, 'range')) : undefined;
  if (range !== undefined)
    return `${constant(range[0], undefined, telling)}–${constant(range[1], undefined, telling)}`;
  const kind = onlyEntry(place)?.[0];
  if (kind === undefined || kind === 'prefix') return constant(place, undefined, telling);
  return kind === 'concat'
    ? parts.map((part) => placeText(part, telling, depth + 1)).join(' . ')
    : `its ${noun(place, telling)}`;
}

export function withPort(address: string, port: Json): string {
  return safe(address.includes(':') ? `[${address}]:${String(port)}` : `${address}:${String(port)}`, 80);
}

/** "is accepted", "goes to chain x". */
export function verdictWords(verdict: Json | undefined, telling: Telling): string {
  const [kind, body] = onlyEntry(verdict) ?? [];
  const target = safe(textField(body, 'target') ?? '', 120);
  switch (kind) {
    case 'accept':
      return 'accept';
    case 'drop':
      return 'drop';
    case 'continue':
      return 'the next rule';
    case 'return':
      return 'back';
    case 'jump':
      return `through chain ${target}`;
    case 'goto':
      return `chain ${target}`;
    default:
      return asWritten(verdict, telling);
  }
}
