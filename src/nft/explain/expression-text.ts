// An expression of a rule as nft writes it: "ip saddr", "{ 80, 443 }", "numgen random mod 3 map { … }". What is of no known form
// is written as JSON in ⟨ ⟩, and noted.

import { compactJson } from '../compact-json.ts';
import type { Json, JsonObject } from '../json.ts';
import { countField, fieldOf, isObject, listOf, onlyEntry, textField, textsOf } from '../json-fields.ts';

/** One text being written. */
export interface Writing {
  /** False once something was met that nobody knows. */
  known: boolean;
  /** Elements of an anonymous set or map that are written; the rest are counted. */
  readonly most: number;
  /** Expressions that may still be written: foreign ones have no end. */
  room: number;
  /** Data of maps are names of objects. */
  readonly naming?: boolean;
}

/** How constants beside an expression are written. Of a concatenation, part by part. */
export type ValueKind = 'plain' | 'mark' | 'name' | 'raw' | 'seconds' | readonly ValueKind[];

const deepest = 16;
const namedMeta = new Set(
  'iifname oifname iif oif ibrname obrname iifkind oifkind sdif sdifname day hour time'.split(' '),
);
const shortMeta = new Set('iif oif iifname oifname iiftype oiftype iifgroup oifgroup'.split(' '));

export function valueKindOf(expression: Json, depth = 0): ValueKind {
  const [kind, body] = onlyEntry(expression) ?? [];
  if (kind === undefined || body === undefined || depth > deepest) return 'plain';
  const key = textField(body, 'key') ?? '';
  switch (kind) {
    case 'meta':
      return key === 'mark' ? 'mark' : namedMeta.has(key) ? 'name' : 'plain';
    case 'ct':
      return key === 'mark' ? 'mark' : key === 'helper' ? 'name' : key === 'expiration' ? 'seconds' : 'plain';
    case 'socket':
      return key === 'mark' ? 'mark' : key === 'cgroupv2' ? 'name' : 'plain';
    case 'fib':
      return textField(body, 'result') === 'type' ? 'plain' : 'name';
    case 'osf':
      return 'name';
    case 'payload':
      return fieldOf(body, 'base') === undefined ? 'plain' : 'raw';
    case 'concat':
      return listOf(body).map((part) => valueKindOf(part, depth + 1));
    case '&':
    case '|':
    case '^':
    case '<<':
    case '>>':
      return valueKindOf(listOf(body)[0] ?? null, depth + 1);
    default:
      return 'plain';
  }
}

export function expressionText(
  expression: Json | undefined,
  writing: Writing,
  as: ValueKind = 'plain',
  depth = 0,
): string {
  writing.room -= 1;
  if (writing.room < 0) {
    writing.known = false;
    return '…';
  }
  if (expression === undefined || depth > deepest) return unknownText(expression ?? null, writing);
  if (typeof expression === 'string' || typeof expression === 'number' || typeof expression === 'boolean')
    return constantText(expression, as);
  const inner = (one: Json | undefined, kind: ValueKind = as): string =>
    expressionText(one, writing, kind, depth + 1);
  if (Array.isArray(expression)) return listText(expression, inner, writing);
  const [kind, body] = onlyEntry(expression) ?? [];
  if (kind === undefined || body === undefined) return unknownText(expression, writing);
  const plain = selectorText(kind, body);
  if (plain !== undefined) return plain;
  switch (kind) {
    case 'prefix':
      return `${inner(fieldOf(body, 'addr'))}/${countField(body, 'len') ?? '?'}`;
    case 'range': {
      const [from, to] = listOf(body);
      return `${inner(from)}-${inner(to)}`;
    }
    case 'concat':
      return listOf(body)
        .map((part, index) => inner(part, typeof as === 'string' ? as : (as[index] ?? 'plain')))
        .join(' . ');
    case 'set':
      return setText(listOf(body), inner, writing);
    case 'elem':
      return elementText(body, inner, writing);
    case 'map':
    case 'vmap':
      return mapText(kind, body, inner);
    case 'jhash':
      return `jhash ${inner(fieldOf(body, 'expr'), 'plain')} mod ${countField(body, 'mod') ?? '?'}${seedText(body)}${offsetText(body)}`;
    case '&':
    case '|':
    case '^':
    case '<<':
    case '>>': {
      const operands = listOf(body);
      const kindOfBits = valueKindOf(operands[0] ?? null);
      return bitsText(kind, operands, (one) => inner(one, kindOfBits === 'plain' ? as : kindOfBits));
    }
    default:
      break;
  }
  return verdictText(kind, body) ?? unknownText(expression, writing);
}

export function unknownText(value: Json, writing: Writing): string {
  writing.known = false;
  return `⟨${compactJson(value, 160)}⟩`;
}

function constantText(value: string | number | boolean, as: ValueKind): string {
  if (typeof value === 'boolean') return value ? 'exists' : 'missing';
  if (typeof value === 'number') {
    if (as === 'mark') return `0x${value.toString(16).padStart(8, '0')}`;
    if (as === 'raw') return `0x${value.toString(16)}`;
    return as === 'seconds' ? `${value}s` : `${value}`;
  }
  return as === 'name' && !value.startsWith('@') ? quotedText(value) : value;
}

/** nft knows no escapes in its strings. */
export const quotedText = (text: string): string => `"${text}"`;

/** What is looked at, of expressions that hold no others. */
function selectorText(kind: string, body: Json): string | undefined {
  const key = textField(body, 'key');
  switch (kind) {
    case 'payload':
      return payloadText(body);
    case 'meta':
      return key === undefined ? undefined : shortMeta.has(key) ? key : `meta ${key}`;
    case 'ct':
      return key === undefined ? undefined : given('ct', textField(body, 'dir'), key);
    case 'rt':
      return key === undefined ? undefined : given('rt', textField(body, 'family'), key);
    case 'socket':
      return key === 'cgroupv2'
        ? words('socket cgroupv2 level', countField(body, 'level') ?? 1)
        : words('socket', key);
    case 'osf':
      return words(
        'osf',
        ...(fieldOf(body, 'ttl') === undefined ? [] : ['ttl', textField(body, 'ttl')]),
        key,
      );
    case 'ipsec':
      return words(
        'ipsec',
        textField(body, 'dir'),
        ...((countField(body, 'spnum') ?? 0) > 0 ? ['spnum', countField(body, 'spnum')] : []),
        ...(fieldOf(body, 'family') === undefined ? [] : [textField(body, 'family')]),
        key,
      );
    case 'fib':
      return words(
        'fib',
        textsOf(fieldOf(body, 'flags')).join(' . ') || undefined,
        textField(body, 'result'),
      );
    case 'exthdr': {
      const field = textField(body, 'field');
      const name = textField(body, 'name');
      return field === undefined ? words('exthdr', name) : words(name, field);
    }
    case 'tcp option':
    case 'ip option':
    case 'sctp chunk':
    case 'dccp option': {
      const field = fieldOf(body, 'field');
      const of = textField(body, 'name') ?? countField(body, 'type');
      return words(kind, of, ...(typeof field === 'string' ? [field] : []));
    }
    case 'numgen':
      return words('numgen', textField(body, 'mode'), 'mod', countField(body, 'mod'))?.concat(
        offsetText(body),
      );
    case 'symhash':
      return words('symhash mod', countField(body, 'mod'))?.concat(offsetText(body));
    default:
      return undefined;
  }
}

/** Undefined where one is missing: then the whole is of no known form. */
function words(...parts: readonly (string | number | undefined)[]): string | undefined {
  return parts.some((part) => part === undefined) ? undefined : parts.join(' ');
}

function given(...parts: readonly (string | number | undefined)[]): string {
  return parts.filter((part) => part !== undefined).join(' ');
}

function payloadText(body: Json): string | undefined {
  const base = textField(body, 'base');
  const [offset, len] = [countField(body, 'offset'), countField(body, 'len')];
  if (base !== undefined)
    return offset === undefined || len === undefined ? undefined : `@${base},${offset},${len}`;
  const [protocol, field] = [textField(body, 'protocol'), textField(body, 'field')];
  if (protocol === undefined || field === undefined) return undefined;
  return given(textField(body, 'tunnel'), protocol, field);
}

function seedText(body: Json): string {
  const seed = countField(body, 'seed');
  return seed === undefined ? '' : ` seed 0x${seed.toString(16)}`;
}

function offsetText(body: Json): string {
  const offset = countField(body, 'offset') ?? 0;
  return offset === 0 ? '' : ` offset ${offset}`;
}

function listText(values: readonly Json[], inner: (one: Json) => string, { most }: Writing): string {
  const written = values.slice(0, most * 4).map((one) => inner(one));
  if (values.length > written.length) written.push(`… ${values.length - written.length} more`);
  return written.join(',');
}

function setText(
  elements: readonly Json[],
  inner: (one: Json, kind?: ValueKind) => string,
  writing: Writing,
): string {
  const written = elements
    .slice(0, writing.most)
    .map((element) =>
      Array.isArray(element) && element.length === 2
        ? `${inner(element[0]!)} : ${inner(element[1]!, writing.naming === true ? 'name' : 'plain')}`
        : inner(element),
    );
  if (elements.length > written.length) written.push(`… ${elements.length - written.length} more`);
  return `{ ${written.join(', ')} }`;
}

function elementText(body: Json, inner: (one: Json | undefined) => string, writing: Writing): string {
  if (!isObject(body)) return unknownText(body, writing);
  const comment = textField(body, 'comment');
  const timeout = countField(body, 'timeout');
  return given(
    inner(fieldOf(body, 'val')),
    fieldOf(body, 'counter') === undefined ? undefined : 'counter',
    timeout === undefined ? undefined : `timeout ${timeout}s`,
    comment === undefined ? undefined : `comment ${quotedText(comment)}`,
  );
}

function mapText(
  kind: string,
  body: Json,
  inner: (one: Json | undefined, kind?: ValueKind) => string,
): string {
  const key = fieldOf(body, 'key');
  return `${inner(key, 'plain')} ${kind} ${inner(fieldOf(body, 'data'), valueKindOf(key ?? null))}`;
}

const binds: Readonly<Record<string, number>> = { '<<': 4, '>>': 4, '&': 3, '^': 2, '|': 1 };

function bitsText(operator: string, operands: readonly Json[], inner: (one: Json) => string): string {
  return operands
    .map((operand, index) => {
      const kind = onlyEntry(operand)?.[0] ?? '';
      if (Array.isArray(operand))
        return operand.length === 1
          ? inner(operand[0]!)
          : `(${operand.map((one: Json) => inner(one)).join(' | ')})`;
      const weaker = Object.hasOwn(binds, kind) && (index > 0 || binds[kind]! < binds[operator]!);
      return weaker ? `(${inner(operand)})` : inner(operand);
    })
    .join(` ${operator} `);
}

export function verdictText(kind: string, body: Json): string | undefined {
  switch (kind) {
    case 'accept':
    case 'drop':
    case 'continue':
    case 'return':
      return kind;
    case 'jump':
    case 'goto':
      return words(kind, textField(body, 'target'));
    default:
      return undefined;
  }
}

/** For those who know it to be an object. */
export const objectOr = (value: Json | undefined): JsonObject => (isObject(value) ? value : {});
