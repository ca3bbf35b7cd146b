// The fields that a filter expression knows: one table from which parsing, matching and help are made.

import type { ConnectionRow, StreamRecord } from './connection.ts';
import { contains, ipOfEndpoint, parseNetwork } from './ip.ts';
import { nearest } from './nearest.ts';
import { terminations } from './tls.ts';
import { parseDuration, parseSize } from './units.ts';

/** What is filtered: a connection's row or an ended stream. What is missing matches nothing. */
export type FilterSubject = { readonly [K in keyof ConnectionRow]?: ConnectionRow[K] | undefined } & {
  /** The stream's Ta or Tt, milliseconds; streams that have ended only. */
  readonly total?: number | undefined;
  /** Of the handshake with us, or, passed through, what the ServerHello said. */
  readonly tlsVersion?: string | undefined;
  readonly cipher?: string | undefined;
  readonly resumed?: boolean | undefined;
  readonly cause?: string | undefined;
};

export type Operator = '=' | '!=' | '~' | '<' | '>' | '<=' | '>=';
export type Test = (subject: FilterSubject) => boolean;
export type TestResult =
  | { readonly ok: true; readonly test: Test }
  | { readonly ok: false; readonly message: string; readonly remedy?: string };

export interface FilterField {
  readonly name: string;
  readonly meaning: string;
  readonly example: string;
  /** `operator` is never "!=": that is the negation of "=". */
  readonly test: (operator: Operator, value: string) => TestResult;
}

const phases = ['handshake', 'head', 'queue', 'connect', 'wait', 'data', 'tunnel', 'idle', 'ended'];

const tlsVersions = ['TLSv1.3', 'TLSv1.2', 'TLSv1.1', 'TLSv1', 'SSLv3'];

export const filterFields: readonly FilterField[] = [
  field('client', 'address of the client, or a network', 'client=10.0.0.0/8', clientTest),
  field(
    'bind',
    'where it came in',
    'bind=:80',
    text((s) => s.bind),
  ),
  field('shard', 'the shard whose bind it came in by', 'shard=default', text(shardOf)),
  field(
    'instance',
    'the process that carries it',
    'instance=default/2',
    text((s) => s.instance),
  ),
  field(
    'mode',
    'http or tcp',
    'mode=tcp',
    choice((s) => s.mode, ['http', 'tcp']),
  ),
  field(
    'route',
    'the route that matched',
    'route=shop',
    text((s) => s.route),
  ),
  field(
    'backend',
    'the backend chosen',
    'backend=web',
    text((s) => s.backend),
  ),
  field('server', 'the server chosen, with or without its backend', 'server=web/app1', serverTest),
  field(
    'phase',
    phases.join(', '),
    'phase=tunnel',
    choice((s) => s.phase, phases),
  ),
  field(
    'tls',
    'TLS mode it is carried in: edge, passthrough, reencrypt; none is no TLS',
    'tls=edge',
    choice(tlsOf, [...terminations, 'none']),
  ),
  field(
    'sni',
    'name asked for in the ClientHello',
    'sni~example.com',
    text((s) => s.sni, 'any case'),
  ),
  field(
    'tlsversion',
    'of TLS as agreed',
    'tlsversion=TLSv1.2',
    choice((s) => s.tlsVersion, tlsVersions),
  ),
  field(
    'cipher',
    'cipher suite as agreed',
    'cipher~chacha20',
    text((s) => s.cipher, 'any case'),
  ),
  field(
    'resumed',
    'whether the TLS session was resumed: yes or no',
    'resumed=yes',
    choice(resumedOf, ['yes', 'no']),
  ),
  field(
    'cause',
    'why it came to nothing, in words',
    'cause~certificate',
    text((s) => s.cause, 'any case'),
  ),
  field(
    'age',
    'since the connection was accepted',
    'age>10s',
    amount((s) => s.ageMs, parseDuration),
  ),
  field(
    'idle',
    'since the last byte in either direction',
    'idle>1m',
    amount((s) => s.idleMs, parseDuration),
  ),
  field(
    'total',
    'how long an ended stream took',
    'total>1s',
    amount((s) => s.total, parseDuration),
  ),
  field('bytes', 'both directions together', 'bytes>1M', amount(bytesOf, parseSize)),
  field(
    'in',
    'bytes from client to server',
    'in>10k',
    amount((s) => s.bytesIn, parseSize),
  ),
  field(
    'out',
    'bytes from server to client',
    'out>1M',
    amount((s) => s.bytesOut, parseSize),
  ),
  field(
    'rate',
    'bytes per second now',
    'rate>100k',
    amount((s) => s.rate, parseSize),
  ),
  field(
    'requests',
    'requests begun on the connection',
    'requests>100',
    amount((s) => s.requests, wholeNumber),
  ),
  field(
    'method',
    'of the request',
    'method=POST',
    text((s) => s.method, 'any case'),
  ),
  field(
    'host',
    'of the request',
    'host=shop.example.com',
    text((s) => s.host, 'any case'),
  ),
  field(
    'path',
    'of the request, with its query',
    'path~/cart',
    text((s) => s.path),
  ),
  field('status', 'of the answer; a class as 5xx', 'status>=500', statusTest),
  field('term', 'first letters of the termination state', 'term=sH', terminationTest),
  field(
    'id',
    'of the connection',
    'id=1-k3f',
    text((s) => s.id),
  ),
];

/** A bare word: part of what identifies a stream for people, or the phase's exact name. */
export function bareWordTest(word: string): Test {
  const wanted = word.toLowerCase();
  return ({ client, host, sni, path, server, route, phase }) =>
    phase === wanted || [client, host, sni, path, server, route].some((value) => within(value, wanted));
}

/** An ended stream as a filter sees it. */
export function subjectOfRecord(record: StreamRecord): FilterSubject {
  const { connection, timers, handshake, ...rest } = record;
  const { version, cipher, resumed } = handshake ?? {};
  return { ...rest, id: connection, phase: 'ended', total: timers.Ta, tlsVersion: version, cipher, resumed };
}

function shardOf({ instance }: FilterSubject): string | undefined {
  return instance?.slice(0, instance.lastIndexOf('/'));
}

function tlsOf({ tls, tlsVersion }: FilterSubject): string | undefined {
  // Ended here for no route of its own, it has a version and no mode.
  return tls ?? (tlsVersion === undefined ? 'none' : undefined);
}

function resumedOf({ resumed }: FilterSubject): string | undefined {
  return resumed === undefined ? undefined : resumed ? 'yes' : 'no';
}

type Read<T> = (subject: FilterSubject) => T | undefined;

function field(
  name: string,
  meaning: string,
  example: string,
  test: (operator: Operator, value: string) => TestResult,
): FilterField {
  return { name, meaning, example, test };
}

const matching = (test: Test): TestResult => ({ ok: true, test });

function within(value: string | undefined, lowerCased: string): boolean {
  return value?.toLowerCase().includes(lowerCased) ?? false;
}

function onlyText(operator: Operator): TestResult {
  return { ok: false, message: `"${operator}" compares amounts, and this is text`, remedy: 'use =, != or ~' };
}

function text(read: Read<string>, letters: 'exact' | 'any case' = 'exact') {
  return (operator: Operator, value: string): TestResult => {
    const lower = value.toLowerCase();
    if (operator === '~') return matching((subject) => within(read(subject), lower));
    if (operator !== '=') return onlyText(operator);
    return matching(
      letters === 'exact'
        ? (subject) => read(subject) === value
        : (subject) => read(subject)?.toLowerCase() === lower,
    );
  };
}

function choice(read: Read<string>, known: readonly string[]) {
  const asText = text(read, 'any case');
  return (operator: Operator, value: string): TestResult => {
    if (operator !== '=' || known.some((each) => each.toLowerCase() === value.toLowerCase()))
      return asText(operator, value);
    const meant = nearest(value, known);
    const remedy = meant ? `did you mean ${meant}?` : `one of ${known.join(', ')}`;
    return { ok: false, message: `"${value}" is not one of its values`, remedy };
  };
}

function amount(read: Read<number>, parse: (value: string) => ReturnType<typeof parseSize>) {
  return (operator: Operator, value: string): TestResult => {
    const parsed = parse(value);
    if (!parsed.ok) return parsed;
    const limit = parsed.value;
    const compare = comparison(operator, limit);
    if (!compare)
      return {
        ok: false,
        message: '"~" looks for text, and this is an amount',
        remedy: 'use = != < > <= or >=',
      };
    return matching((subject) => {
      const actual = read(subject);
      return actual !== undefined && compare(actual);
    });
  };
}

function comparison(operator: Operator, limit: number): ((actual: number) => boolean) | undefined {
  switch (operator) {
    case '=':
      return (actual) => actual === limit;
    case '!=':
      return (actual) => actual !== limit;
    case '<':
      return (actual) => actual < limit;
    case '>':
      return (actual) => actual > limit;
    case '<=':
      return (actual) => actual <= limit;
    case '>=':
      return (actual) => actual >= limit;
    case '~':
      return undefined;
  }
}

function wholeNumber(value: string): ReturnType<typeof parseSize> {
  return /^\d{1,15}$/.test(value)
    ? { ok: true, value: Number(value) }
    : { ok: false, message: `"${value}" is not a whole number`, remedy: 'write digits, such as 500' };
}

function bytesOf({ bytesIn, bytesOut }: FilterSubject): number | undefined {
  return bytesIn === undefined && bytesOut === undefined ? undefined : (bytesIn ?? 0) + (bytesOut ?? 0);
}

function clientTest(operator: Operator, value: string): TestResult {
  if (operator !== '=') return text((s) => s.client)(operator, value);
  const network = parseNetwork(value.replace(/^\[(.*)\]$/, '$1'));
  if (network)
    return matching(({ client }) => {
      const address = client === undefined ? undefined : ipOfEndpoint(client);
      return address !== undefined && contains(network, address);
    });
  if (value.includes('/'))
    return {
      ok: false,
      message: `"${value}" is not a network`,
      remedy: 'such as 10.0.0.0/8 or 2001:db8::/32',
    };
  return text((s) => s.client)(operator, value);
}

function serverTest(operator: Operator, value: string): TestResult {
  if (operator !== '=' || value.includes('/')) return text((s) => s.server)(operator, value);
  const ending = `/${value}`;
  return matching(({ server }) => server?.endsWith(ending) ?? false);
}

function statusTest(operator: Operator, value: string): TestResult {
  const wanted = /^([1-5])xx$/i.exec(value);
  if (!wanted) return amount((s) => s.status, wholeNumber)(operator, value);
  if (operator !== '=')
    return {
      ok: false,
      message: `a class such as ${value} goes with = or !=`,
      remedy: `status>=${wanted[1]}00`,
    };
  const first = Number(wanted[1]);
  return matching(({ status }) => status !== undefined && Math.floor(status / 100) === first);
}

function terminationTest(operator: Operator, value: string): TestResult {
  // Upper and lower case are different letters here: S aborts, s times out.
  if (operator === '=') return matching(({ termination }) => termination?.startsWith(value) ?? false);
  if (operator === '~') return matching(({ termination }) => termination?.includes(value) ?? false);
  return onlyText(operator);
}
