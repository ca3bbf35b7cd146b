// The kinds of single values in sluice.yaml. Each is one parser that says what is wrong and what would be right, and
// the JSON Schema that an editor checks it with, made into a zod schema in one place.

import * as z from 'zod';
import { parseIp } from '../domain/ip.ts';
import { nearest } from '../domain/nearest.ts';
import { parseDuration, parseSize } from '../domain/units.ts';
import { isPem } from './pem-text.ts';

export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly message: string; readonly remedy?: string };

type Shape = Readonly<Record<string, unknown>>;

export function leaf<T>(parse: (value: unknown) => Parsed<T>, shape: Shape, description: string) {
  return z
    .unknown()
    .transform((value, context): T => {
      const parsed: Parsed<T> = value === undefined ? missing : parse(value);
      if (parsed.ok) return parsed.value;
      const { message, remedy } = parsed;
      context.addIssue({ code: 'custom', message, params: { remedy } });
      return z.NEVER;
    })
    .meta({ ...shape, description });
}

const missing = { ok: false, message: 'is missing' } as const;

/** For a message: short, however long the value is. What may be a key is not repeated. */
export function quote(text: string): string {
  if (isPem(text)) return '"-----BEGIN …"';
  return `"${text.length > 60 ? `${text.slice(0, 59)}…` : text}"`;
}

/** What a value is, for "expected …, got …". */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a map';
  if (typeof value === 'string') return 'text';
  return typeof value === 'boolean' ? `the flag ${value}` : `the number ${value}`;
}

function refused(message: string, remedy?: string): { ok: false; message: string; remedy?: string } {
  return remedy === undefined ? { ok: false, message } : { ok: false, message, remedy };
}

function fromText<T>(parse: (text: string) => Parsed<T>) {
  return (value: unknown): Parsed<T> => {
    if (typeof value === 'string') return parse(value);
    const loose = typeof value === 'number' || typeof value === 'boolean';
    const asText = loose ? parse(String(value)) : undefined;
    const quoted = asText?.ok ? `quote it: "${value}"` : asText?.remedy;
    return refused(`expected text, got ${kindOf(value)}`, quoted);
  };
}

export function text<T>(
  parse: (text: string) => Parsed<T>,
  description: string,
  examples: readonly string[] = [],
) {
  return leaf(fromText(parse), { type: 'string', ...(examples.length > 0 ? { examples } : {}) }, description);
}

/**
 * HAProxy's alphabet for names: no "/", which joins backend and server, and nothing that a screen or log would mangle.
 * Long enough for what Kubernetes has, with its namespace: "NAMESPACE:SERVICE-PORT".
 */
export function name(description: string, longest = 200) {
  const pattern = new RegExp(`^[A-Za-z0-9_.:-]{1,${longest}}$`);
  const parse = fromText((value) =>
    pattern.test(value)
      ? { ok: true, value }
      : refused(
          `${quote(value)} is not a name`,
          `up to ${longest} letters, digits and the characters - _ . :`,
        ),
  );
  return leaf(parse, { type: 'string', pattern: pattern.source }, description);
}

export function line(description: string) {
  return text(
    (value) =>
      value !== '' && !/[\p{Cc}\p{Cs}]/u.test(value)
        ? { ok: true, value }
        : refused(value === '' ? 'is empty' : 'control characters are not allowed here'),
    description,
  );
}

/** A path. Who pastes the contents is told so, and what was pasted is not repeated: it may be a key. */
export function file(what: string) {
  return text((value) => {
    if (isPem(value))
      return refused('this is what such a file holds, not where it is', 'write the path of the file');
    return value !== '' && !/[\p{Cc}\p{Cs}]/u.test(value)
      ? { ok: true, value }
      : refused(value === '' ? 'is empty' : 'control characters are not allowed here');
  }, `${what}; relative to the folder of this file`);
}

export function choice<T extends string>(
  known: readonly T[],
  description: string,
  refusals: Readonly<Record<string, { readonly message: string; readonly remedy: string }>> = {},
) {
  const parse = fromText((value): Parsed<T> => {
    if (known.includes(value as T)) return { ok: true, value: value as T };
    const refusal = Object.hasOwn(refusals, value) ? refusals[value] : undefined;
    if (refusal) return refused(`${quote(value)} ${refusal.message}`, refusal.remedy);
    const meant = nearest(value, known);
    return refused(
      `${quote(value)} is none of ${known.join(', ')}`,
      meant ? `did you mean ${meant}?` : `write ${known.join(' or ')}`,
    );
  });
  return leaf(parse, { type: 'string', enum: known }, description);
}

export function wholeNumber(least: number, most: number, description: string) {
  const parse = (value: unknown): Parsed<number> => {
    if (typeof value === 'string' && /^\d+$/.test(value))
      return refused(`expected a number, got the text ${quote(value)}`, 'remove the quotation marks');
    if (typeof value !== 'number') return refused(`expected a number, got ${kindOf(value)}`);
    return Number.isInteger(value) && value >= least && value <= most
      ? { ok: true, value }
      : refused(`${value} is out of range`, `a whole number from ${least} to ${most}`);
  };
  return leaf(parse, { type: 'integer', minimum: least, maximum: most }, description);
}

export function share(most: number, description: string) {
  const parse = (value: unknown): Parsed<number> =>
    typeof value === 'number' && value >= 0 && value <= most
      ? { ok: true, value }
      : refused(`expected a number from 0 to ${most}`, `such as ${most / 5}`);
  return leaf(parse, { type: 'number', minimum: 0, maximum: most }, description);
}

export function flag(description: string) {
  const parse = (value: unknown): Parsed<boolean> =>
    typeof value === 'boolean'
      ? { ok: true, value }
      : refused(`expected true or false, got ${kindOf(value)}`, 'write true or false');
  return leaf(parse, { type: 'boolean' }, description);
}

/** More than nothing: a timeout of 0 would mean "at once" to some and "never" to others. */
export function duration(description: string) {
  const parse = (value: unknown): Parsed<number> => {
    if (typeof value !== 'string' && typeof value !== 'number')
      return refused(`expected a duration, got ${kindOf(value)}`, 'such as 500ms, 30s or 5m');
    const parsed = parseDuration(String(value));
    return parsed.ok && parsed.value === 0
      ? refused('must be longer than 0', 'such as 500ms, 30s or 5m')
      : parsed;
  };
  const shape = { type: 'string', pattern: '^\\d+(\\.\\d+)?(ms|s|m|h|d)$', examples: ['500ms', '30s'] };
  return leaf(parse, shape, description);
}

/** Counted in whole seconds, of any length: no timer waits for it. 0 is allowed. Seconds. */
export function seconds(description: string) {
  const units: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };
  const parse = (value: unknown): Parsed<number> => {
    if (value === 0 || value === '0') return { ok: true, value: 0 };
    if (typeof value !== 'string' && typeof value !== 'number')
      return refused(`expected a duration, got ${kindOf(value)}`, 'such as 365d');
    const [, number, unit = ''] = /^(\d{1,10})\s?([smhd])?$/.exec(String(value)) ?? [];
    if (number === undefined)
      return refused(`${quote(String(value))} is not a duration of whole seconds`, 'such as 1h or 365d');
    if (unit === '') return refused(`${number} has no unit`, `write ${number}s or ${number}d`);
    const total = Number(number) * units[unit]!;
    return total <= 100 * 365 * 86_400
      ? { ok: true, value: total }
      : refused(`${quote(String(value))} is more than a hundred years`, 'such as 365d');
  };
  const shape = { type: ['string', 'integer'], pattern: '^\\d+[smhd]$|^0$', examples: ['365d'] };
  return leaf(parse, shape, description);
}

export function size(most: number, description: string) {
  const parse = (value: unknown): Parsed<number> => {
    if (typeof value !== 'string' && typeof value !== 'number')
      return refused(`expected a size, got ${kindOf(value)}`, 'such as 16k or 1M');
    const parsed = parseSize(String(value));
    return parsed.ok && parsed.value > most
      ? refused(`${value} is too large`, `at most ${most} bytes`)
      : parsed;
  };
  const shape = { type: ['string', 'integer'], pattern: '^\\d+(\\.\\d+)?[kMGT]?$', examples: ['16k', '1M'] };
  return leaf(parse, shape, description);
}

const label = '[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?';
const hostPattern = new RegExp(`^(?:\\*\\.)?${label}(?:\\.${label})*$`);

/** Lower case; "*.example.com" for every name under it. */
export function parseHost(value: string): Parsed<string> {
  const host = value.toLowerCase().replace(/\.$/, '');
  const v6 = /^\[(.*)\]$/.exec(host)?.[1];
  if (v6 !== undefined && parseIp(v6)) return { ok: true, value: host };
  if (/:\d+$/.test(host))
    return refused('a host is matched without its port', `write ${host.replace(/:\d+$/, '')}`);
  if (host.includes('://')) return refused(`${quote(value)} is a URL`, 'write the host alone');
  return host.length <= 253 && hostPattern.test(host)
    ? { ok: true, value: host }
    : refused(`${quote(value)} is not a host`, 'such as shop.example.com or *.example.com');
}

/** Of a server's certificate: SNI has no addresses and no wildcards (RFC 6066 3). */
export function parseServerName(value: string): Parsed<string> {
  const host = parseHost(value);
  if (!host.ok) return host;
  return parseIp(value) || /[*[]/.test(value)
    ? refused(`${quote(value)} cannot be asked for`, 'write one name, such as web.internal')
    : host;
}

/** Of a route or a check. `query`: whether one may follow. */
export function parsePath(value: string, query: boolean): Parsed<string> {
  if (!value.startsWith('/')) return refused(`${quote(value)} is not a path`, `write /${value}`);
  if (!/^[\x21-\x7e]+$/.test(value))
    return refused('a path has only visible ASCII characters', 'percent-encode it');
  if (value.includes('#') || (!query && value.includes('?')))
    return refused('a route is matched by its path alone', `write ${value.replace(/[?#].*/, '')}`);
  return { ok: true, value };
}

export const tokenPattern = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** A method, a header's or a cookie's name: RFC 9110 5.6.2. */
export function parseToken(value: string): Parsed<string> {
  return tokenPattern.test(value)
    ? { ok: true, value }
    : refused(`${quote(value)} is not a name that HTTP allows`, "letters, digits and !#$%&'*+-.^_`|~");
}

/** Kubernetes' are UUIDs, and so are these mostly; only their order matters. */
export function parseUid(value: string): Parsed<string> {
  return /^[A-Za-z0-9_.:-]{1,128}$/.test(value)
    ? { ok: true, value }
    : refused(`${quote(value)} is not a uid`, 'up to 128 letters, digits and the characters - _ . :');
}
