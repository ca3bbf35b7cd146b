// A condition of a rule in plain English, by where in the sentence it stands.

import type { Expression, Json } from '../json.ts';
import { countField, fieldOf, listOf, onlyEntry, textField } from '../json-fields.ts';
import { layerNames, noun } from './nouns.ts';
import { specialCondition } from './special-conditions.ts';
import { asWritten, constant, either, eitherOf, many, setWords, type Telling } from './telling.ts';

/** from, to: an address; fromPort, toPort: "TCP port 80". which: "whose mark is 1". tail: "while …", after all else. */
export interface Condition {
  readonly place: 'from' | 'to' | 'fromPort' | 'toPort' | 'which' | 'tail';
  readonly text: string;
  /** A layer it speaks of: "ip", "tcp". */
  readonly layer?: string;
  /** It says no more than that layer: left out where another says it, too. */
  readonly bare?: boolean;
}

/** Undefined: it is no condition. */
export function conditionOf(statement: Expression, telling: Telling): Condition | undefined {
  const [kind, body] = onlyEntry(statement) ?? [];
  if (kind === undefined || body === undefined) return undefined;
  switch (kind) {
    case 'match':
      return matchCondition(body, telling);
    case 'limit':
      return tail(typeof body === 'string' ? `as far as limit ${body} lets through` : limitWords(body));
    case 'quota':
      return tail(quotaWords(body));
    case 'ct count': {
      const most = countField(body, 'val') ?? 0;
      return tail(
        fieldOf(body, 'inv') === true
          ? `while there are more than ${many(most, 'such connection')}`
          : `while there are no more than ${many(most, 'such connection')}`,
      );
    }
    case 'meter':
      return tail(eachWords(fieldOf(body, 'key'), fieldOf(body, 'stmt'), telling));
    default:
      return undefined;
  }
}

const tail = (text: string): Condition => ({ place: 'tail', text });

/** Statements of a set that let some pass only: "for each source address …". */
export function eachWords(key: Json | undefined, statements: Json | undefined, telling: Telling): string {
  const of = noun(fieldOf(fieldOf(key, 'elem'), 'val') ?? key, telling);
  const limits = listOf(statements)
    .slice(0, 8)
    .map((one) => {
      const [kind, body] = onlyEntry(one) ?? [];
      if (kind === 'limit' && body !== undefined && typeof body !== 'string') return limitWords(body);
      if (kind === 'ct count' || kind === 'quota') return conditionOf(one as Expression, telling)!.text;
      return asWritten(one, telling);
    });
  return `${either(limits, 4, 'and')}, counted for each ${of} by itself`;
}

function limitWords(body: Json): string {
  const unit = textField(body, 'rate_unit');
  const bytes = unit !== undefined && unit !== 'packets';
  const rate = `${(countField(body, 'rate') ?? 0).toLocaleString('en')}${bytes ? ` ${unit}` : ''} a ${textField(body, 'per') ?? 'second'}`;
  const burst = countField(body, 'burst') ?? 0;
  const bursts =
    burst > 0
      ? ` (bursts of ${burst.toLocaleString('en')}${bytes ? ` ${textField(body, 'burst_unit') ?? 'bytes'}` : ''})`
      : '';
  return fieldOf(body, 'inv') === true
    ? `beyond ${rate}${bursts}`
    : `as long as they are no more than ${rate}${bursts}`;
}

function quotaWords(body: Json): string {
  if (typeof body === 'string') return `as quota ${body} says`;
  const amount = `${(countField(body, 'val') ?? 0).toLocaleString('en')} ${textField(body, 'val_unit') ?? 'bytes'}`;
  return fieldOf(body, 'inv') === true ? `once ${amount} have come by` : `until ${amount} have come by`;
}

function matchCondition(body: Json, telling: Telling): Condition {
  const op = textField(body, 'op') ?? '==';
  const left = fieldOf(body, 'left');
  const right = fieldOf(body, 'right');
  const special = specialCondition(op, left, right, telling);
  if (special !== undefined) return special;
  const [kind, payload] = onlyEntry(left) ?? [];
  if (kind === 'payload') {
    const protocol = textField(payload, 'protocol') ?? '';
    const field = textField(payload, 'field') ?? '';
    const isIp = protocol === 'ip' || protocol === 'ip6';
    if (isIp && (field === 'saddr' || field === 'daddr') && fieldOf(payload, 'tunnel') === undefined) {
      const text = comparison(op, left, right, 'any address but', 'an address', telling);
      return { place: field === 'saddr' ? 'from' : 'to', text, layer: protocol };
    }
    if (field === 'sport' || field === 'dport')
      return {
        place: field === 'sport' ? 'fromPort' : 'toPort',
        text: portWords(op, protocol, left, right, telling),
        layer: protocol,
      };
    const told = `whose ${noun(left, telling)} ${isWords(op, left, right, telling)}`;
    return { place: 'which', text: told, layer: protocol };
  }
  return { place: 'which', text: `whose ${noun(left, telling)} ${isWords(op, left, right, telling)}` };
}

/** Without a verb: "10.0.0.1", "any address but 10.0.0.0/8", "an address in the set blocked (…)". */
function comparison(
  op: string,
  left: Json | undefined,
  right: Json | undefined,
  not: string,
  one: string,
  telling: Telling,
): string {
  const value =
    typeof right === 'string' && right.startsWith('@')
      ? op === '!='
        ? `those in ${setWords(right, telling)}`
        : `${one} in ${setWords(right, telling)}`
      : valueWords(left, right, telling);
  switch (op) {
    case '==':
    case 'in':
      return value;
    case '!=':
    case '!':
      return `${not} ${value}`;
    default:
      return `${one} ${orderWords(op)} ${value}`;
  }
}

function portWords(
  op: string,
  protocol: string,
  left: Json | undefined,
  right: Json | undefined,
  telling: Telling,
): string {
  const layer =
    protocol === 'th' ? '' : `${Object.hasOwn(layerNames, protocol) ? layerNames[protocol] : protocol} `;
  const ranged = onlyEntry(right)?.[0] === 'range';
  if (op === '==' && !(typeof right === 'string' && right.startsWith('@')))
    return `${layer}port${ranged ? 's' : ''} ${valueWords(left, right, telling)}`;
  const article = /^[aeiou]/i.test(layer) && !/^U/.test(layer) ? 'an' : 'a';
  return comparison(op, left, right, `any ${layer}port but`, `${article} ${layer}port`, telling);
}

/** With its verb: "is 7", "is not between 1 and 5", "is in the set s (…)". */
export function isWords(
  op: string,
  left: Json | undefined,
  right: Json | undefined,
  telling: Telling,
): string {
  if (right === true) return op === '!=' ? 'is not there' : 'is there';
  if (right === false) return op === '!=' ? 'is there' : 'is not there';
  const not = op === '!=' || op === '!' ? ' not' : '';
  const is = onlyEntry(left)?.[0] === 'concat' ? 'are' : 'is';
  if (!['==', '!=', 'in', '!', '<', '>', '<=', '>='].includes(op))
    return asWritten({ op, right: right ?? null }, telling);
  if (typeof right === 'string' && right.startsWith('@')) return `${is}${not} in ${setWords(right, telling)}`;
  const value = valueWords(left, right, telling);
  if (op === 'in') return `has ${value}`;
  if (op === '!') return `has none of ${value}`;
  return op === '==' || op === '!=' ? `${is}${not} ${value}` : `${is} ${orderWords(op)} ${value}`;
}

function orderWords(op: string): string {
  return { '<': 'less than', '>': 'more than', '<=': 'at most', '>=': 'at least' }[op] ?? op;
}

/** "80", "80 or 443", "1024 to 65535", "10.0.0.0/8". */
export function valueWords(
  left: Json | undefined,
  right: Json | undefined,
  telling: Telling,
  depth = 0,
): string {
  if (depth > 4) return asWritten(right, telling);
  if (typeof right === 'string' && right.startsWith('@')) return setWords(right, telling);
  if (Array.isArray(right))
    return eitherOf(right as readonly Json[], (one) => constant(one, left, telling), 8);
  const [kind, body] = onlyEntry(right) ?? [];
  if (kind === 'set')
    return eitherOf(listOf(body), (one) => valueWords(left, elementValue(one), telling, depth + 1), 8);
  if (kind === 'range') {
    const [from, to] = listOf(body);
    return `${constant(from, left, telling)}–${constant(to, left, telling)}`;
  }
  if (kind === 'concat') {
    const parts = listOf(fieldOf(left, 'concat'));
    return listOf(body)
      .map((one, index) => valueWords(parts[index], one, telling, depth + 1))
      .join(' with ');
  }
  if (kind !== undefined && kind !== 'prefix' && kind !== '|') return `its ${noun(right, telling)}`;
  return constant(right, left, telling);
}

function elementValue(element: Json): Json {
  return fieldOf(fieldOf(element, 'elem'), 'val') ?? element;
}
