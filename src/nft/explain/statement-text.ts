// A statement of a rule as nft writes it: "tcp dport 80", "limit rate 5/second", "dnat to 10.1.0.1:8080".

import type { Expression, Json } from '../json.ts';
import { countField, fieldOf, isObject, listOf, onlyEntry, textField, textsOf } from '../json-fields.ts';
import {
  expressionText,
  objectOr,
  quotedText,
  type ValueKind,
  valueKindOf,
  verdictText,
  type Writing,
} from './expression-text.ts';

/** Undefined where it is of no known form. */
export function statementText(statement: Expression, writing: Writing): string | undefined {
  const [kind, body] = onlyEntry(statement) ?? [];
  if (kind === undefined || body === undefined) return undefined;
  const text = (one: Json | undefined, as?: ValueKind): string => expressionText(one, writing, as);
  switch (kind) {
    case 'match':
      return matchText(body, text);
    case 'counter':
      return counterText(body, text, writing);
    case 'limit':
      return typeof body === 'string' ? `limit name ${quotedText(body)}` : limitText(body);
    case 'quota':
      return typeof body === 'string' ? `quota name ${quotedText(body)}` : quotaText(body);
    case 'ct count':
      return joined('ct count', isInverse(body) && 'over', countField(body, 'val') ?? '?');
    case 'log':
      return logText(body);
    case 'reject':
      return rejectText(body, text);
    case 'vmap':
      return expressionText(statement, writing);
    case 'dnat':
    case 'snat':
    case 'masquerade':
    case 'redirect':
      return natText(kind, body, text);
    case 'mangle': {
      const key = fieldOf(body, 'key');
      return `${text(key)} set ${text(fieldOf(body, 'value'), valueKindOf(key ?? null))}`;
    }
    case 'set':
    case 'map':
      return setStatementText(kind, body, writing, text);
    case 'meter':
      return meterText(body, writing, text);
    case 'queue':
      return joined(
        'queue',
        ...flagWords(body, 'flags '),
        isObject(body) && fieldOf(body, 'num') !== undefined && `to ${text(fieldOf(body, 'num'))}`,
      );
    case 'notrack':
    case 'last':
      return kind;
    case 'tproxy':
      return joined('tproxy', textField(body, 'family'), `to ${placeText(body, text)}`);
    case 'dup':
      return joined('dup to', deviceOrAddress(fieldOf(body, 'addr'), text), ...deviceWords(body, text));
    case 'fwd':
      return fieldOf(body, 'addr') === undefined
        ? `fwd to ${text(fieldOf(body, 'dev'), 'name')}`
        : joined(
            'fwd',
            textField(body, 'family'),
            `to ${text(fieldOf(body, 'addr'))}`,
            ...deviceWords(body, text),
          );
    case 'flow':
      return joined('flow', textField(body, 'op') ?? 'add', textField(body, 'flowtable') ?? '?');
    case 'synproxy':
      return synproxyText(body);
    case 'ct helper':
    case 'ct timeout':
    case 'ct expectation':
      return `${kind} set ${text(body, 'name')}`;
    case 'secmark':
      return `meta secmark set ${text(body, 'name')}`;
    case 'reset':
      return `reset ${text(body)}`;
    default:
      return verdictText(kind, body);
  }
}

type Text = (one: Json | undefined, as?: ValueKind) => string;

function joined(...words: readonly (string | number | false | undefined)[]): string {
  return words.filter((word) => word !== undefined && word !== false && word !== '').join(' ');
}

function isInverse(body: Json): boolean {
  return fieldOf(body, 'inv') === true;
}

function matchText(body: Json, text: Text): string {
  const op = textField(body, 'op') ?? '==';
  const left = fieldOf(body, 'left');
  const right = fieldOf(body, 'right');
  const as = valueKindOf(left ?? null);
  const computed = ['&', '|', '^', '<<', '>>', 'jhash', 'symhash', 'numgen'].includes(
    onlyEntry(left)?.[0] ?? '',
  );
  const flags = Array.isArray(right) && op !== 'in' && op !== '!';
  const value = flags ? `(${right.map((one: Json) => text(one, as)).join(' | ')})` : text(right, as);
  const written = op === 'in' || (op === '==' && !computed) ? undefined : op;
  return joined(text(left), written, value);
}

function counterText(body: Json, text: Text, writing: Writing): string {
  if (typeof body === 'string') return `counter name ${quotedText(body)}`;
  const map = fieldOf(body, 'map');
  if (map === undefined) return 'counter';
  const key = fieldOf(map, 'key');
  const names = { ...writing, naming: true };
  const data = expressionText(fieldOf(map, 'data'), names, valueKindOf(key ?? null));
  writing.known &&= names.known;
  return `counter name ${text(key)} map ${data}`;
}

function limitText(body: Json): string {
  const unit = textField(body, 'rate_unit');
  const bytes = unit !== undefined && unit !== 'packets';
  const burst = countField(body, 'burst') ?? 0;
  return joined(
    'limit rate',
    isInverse(body) && 'over',
    `${countField(body, 'rate') ?? '?'}${bytes ? ` ${unit}` : ''}/${textField(body, 'per') ?? 'second'}`,
    burst > 0 &&
      (bytes || burst !== 5) &&
      `burst ${burst} ${bytes ? (textField(body, 'burst_unit') ?? 'bytes') : 'packets'}`,
  );
}

function quotaText(body: Json): string {
  const used = countField(body, 'used') ?? 0;
  return joined(
    'quota',
    isInverse(body) && 'over',
    `${countField(body, 'val') ?? '?'} ${textField(body, 'val_unit') ?? 'bytes'}`,
    used > 0 && `used ${used} ${textField(body, 'used_unit') ?? 'bytes'}`,
  );
}

function logText(body: Json): string {
  const prefix = textField(body, 'prefix');
  const flags = textsOf(fieldOf(body, 'flags'));
  const tcp = flags.filter((flag) => flag.startsWith('tcp ')).map((flag) => flag.slice(4));
  const numbers = ['group', 'snaplen', 'queue-threshold'].flatMap((name) => {
    const value = countField(body, name);
    return value === undefined ? [] : [`${name} ${value}`];
  });
  const level = textField(body, 'level');
  return joined(
    'log',
    prefix !== undefined && `prefix ${quotedText(prefix)}`,
    ...numbers,
    level !== undefined && `level ${level}`,
    tcp.length > 0 && `flags tcp ${tcp.join(',')}`,
    ...flags.filter((flag) => !flag.startsWith('tcp ')).map((flag) => `flags ${flag}`),
  );
}

function rejectText(body: Json, text: Text): string {
  const type = textField(body, 'type');
  if (type === undefined) return 'reject';
  const code = fieldOf(body, 'expr');
  return joined('reject with', type, code !== undefined && text(code));
}

function natText(kind: string, body: Json, text: Text): string {
  const types = textsOf(fieldOf(body, 'type_flags')).filter((flag) => flag === 'prefix');
  const hasPlace = fieldOf(body, 'addr') !== undefined || fieldOf(body, 'port') !== undefined;
  const flags = textsOf(fieldOf(body, 'flags')).filter((flag) => flag !== 'netmap');
  return joined(
    kind,
    hasPlace && textField(body, 'family'),
    ...types,
    hasPlace && `to ${placeText(body, text)}`,
    flags.join(','),
  );
}

/** "10.1.0.1:8080", "[fd00::1]:8080", ":8080", a map. */
function placeText(body: Json, text: Text): string {
  const addr = fieldOf(body, 'addr');
  const port = fieldOf(body, 'port');
  const address = addr === undefined ? '' : text(addr);
  if (port === undefined) return address;
  const bracketed =
    typeof addr === 'string' && addr.includes(':')
      ? `[${address}]`
      : address.includes(':') && onlyEntry(addr)?.[0] === 'range'
        ? address
            .split('-')
            .map((one) => `[${one}]`)
            .join('-')
        : address;
  return `${bracketed}:${text(port)}`;
}

function flagWords(body: Json, prefix: string): readonly string[] {
  const flags = textsOf(fieldOf(body, 'flags'));
  return flags.length === 0 ? [] : [`${prefix}${flags.join(',')}`];
}

/** Of netdev it is a device. */
function deviceOrAddress(value: Json | undefined, text: Text): string {
  return text(
    value,
    typeof value === 'string' && !/^[0-9a-f.]*[.:][0-9a-f.:]*$/i.test(value) ? 'name' : 'plain',
  );
}

function deviceWords(body: Json, text: Text): readonly string[] {
  const device = fieldOf(body, 'dev');
  return device === undefined ? [] : [`device ${text(device, 'name')}`];
}

function setStatementText(kind: 'set' | 'map', body: Json, writing: Writing, text: Text): string {
  const data = fieldOf(body, 'data');
  const statements = innerStatements(fieldOf(body, 'stmt'), writing, text);
  const element = fieldOf(body, 'elem');
  const whole = fieldOf(element, 'elem');
  const timeout = countField(whole, 'timeout');
  return joined(
    textField(body, 'op') ?? 'add',
    textField(body, kind) ?? '?',
    '{',
    whole === undefined ? text(element) : text(fieldOf(whole, 'val')),
    timeout !== undefined && `timeout ${timeout}s`,
    ...statements,
    data !== undefined && `: ${text(data)}`,
    '}',
  );
}

function innerStatements(statements: Json | undefined, writing: Writing, text: Text): readonly string[] {
  // Of a statement within a statement there is none within.
  return listOf(statements).map((one) => {
    const kind = onlyEntry(one)?.[0];
    const nested = kind === 'set' || kind === 'map' || kind === 'meter';
    return (isObject(one) && !nested ? statementText(one, writing) : undefined) ?? text({ unknown: one });
  });
}

function meterText(body: Json, writing: Writing, text: Text): string {
  const size = countField(body, 'size');
  return joined(
    'meter',
    textField(body, 'name') ?? '?',
    size !== undefined && `size ${size}`,
    '{',
    text(fieldOf(body, 'key')),
    ...innerStatements(fieldOf(body, 'stmt'), writing, text),
    '}',
  );
}

function synproxyText(body: Json): string {
  if (typeof body === 'string') return `synproxy name ${quotedText(body)}`;
  const { mss, wscale } = objectOr(body);
  return joined(
    'synproxy',
    typeof mss === 'number' && `mss ${mss}`,
    typeof wscale === 'number' && `wscale ${wscale}`,
    ...textsOf(fieldOf(body, 'flags')),
  );
}
