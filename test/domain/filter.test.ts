import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { StreamRecord } from '../../src/domain/connection.ts';
import { maxFilterLength, parseFilter } from '../../src/domain/filter.ts';
import { type FilterSubject, filterFields, subjectOfRecord } from '../../src/domain/filter-fields.ts';

const subject: FilterSubject = {
  id: '1-k3f',
  client: '10.2.0.7:51811',
  bind: ':80',
  mode: 'http',
  route: 'shop',
  tls: 'edge',
  sni: 'shop.example.com',
  tlsVersion: 'TLSv1.3',
  cipher: 'TLS_AES_128_GCM_SHA256',
  resumed: true,
  cause: 'the server hung up',
  backend: 'web',
  server: 'web/app1',
  phase: 'data',
  ageMs: 15_000,
  idleMs: 200,
  bytesIn: 1_000,
  bytesOut: 2_000_000,
  rate: 150_000,
  requests: 3,
  method: 'POST',
  host: 'Shop.example.com',
  path: '/cart/add?item=(7)',
  status: 503,
  termination: 'sH--',
  total: 1_200,
};

function matches(text: string, against: FilterSubject = subject): boolean {
  const filter = parseFilter(text);
  if (!filter.ok) throw new Error(`${filter.at}: ${filter.message}`);
  return filter.matches(against);
}

describe('a filter', () => {
  it.each([
    '',
    'backend=web',
    'server=web/app1',
    'server=app1',
    'server~APP',
    'age>10s',
    'age > 10s',
    'AGE>=15s',
    'idle<1s',
    'client~10.2.',
    'client=10.0.0.0/8',
    'client=10.2.0.7',
    'client=10.2.0.7:51811',
    'status>=500',
    'status=5xx',
    'status!=200',
    'path~/CART',
    'path~item=',
    'path~"(7)"',
    'method=post',
    'host=shop.example.com',
    'bytes>1M',
    'in=1000',
    'out<=2M',
    'rate>100k',
    'total>1s',
    'term=sH',
    'term~H-',
    'requests=3',
    'tls=edge',
    'tls!=none',
    'sni~EXAMPLE',
    'sni=shop.example.com',
    'tlsversion=tlsv1.3',
    'cipher~aes_128',
    'resumed=yes',
    'resumed!=no',
    'cause~"hung up"',
    'mode=HTTP phase=data id=1-k3f bind=:80 route=shop',
    '!idle',
    'not idle',
    'data',
    'cart shop',
    '"add?item"',
    '/cart/add?item',
    'status<500 or age>10s',
    'status<500 or (age>10s and !(phase=idle or phase=tunnel))',
    'not(status<500)',
    'NOT status<500 AND backend=web',
    '! ! data',
  ])('%s matches', (text) => expect(matches(text)).toBe(true));

  it.each([
    'backend=we',
    'server=pp1',
    'client=11.0.0.0/8',
    'client=2001:db8::/32',
    'status=4xx',
    'term=Sh',
    'path=/cart',
    'age<=10s',
    '!data',
    'idle',
    'nowhere',
    'status<500 age>10s',
    'status<500 age>10s or backend=x',
    'not (data or tunnel)',
    'tls=passthrough',
    'tls=none',
    'sni=example.com',
    'tlsversion=TLSv1.2',
    'resumed=no',
    'cause="hung up"',
  ])('%s does not match', (text) => expect(matches(text)).toBe(false));

  it.each(filterFields.filter((field) => !/term|phase/.test(field.name)).map(({ example }) => example))(
    '%s does not match what has no such field, its opposite does',
    (example) => {
      expect(matches(example, {})).toBe(false);
      expect(matches(`!${example}`, {})).toBe(true);
    },
  );

  it.each(filterFields)('$name: its example $example is right', ({ name, example }) => {
    expect(example.startsWith(name)).toBe(true);
    expect(parseFilter(example).ok).toBe(true);
  });

  it.each<[string, FilterSubject, boolean]>([
    ['tls=none', { phase: 'data' }, true],
    // Ended here, for a name that no route has.
    ['tls=none', { tlsVersion: 'TLSv1.3' }, false],
    ['tls!=none', { tlsVersion: 'TLSv1.3' }, true],
    ['tls=passthrough', { tls: 'passthrough' }, true],
    ['resumed=no', { resumed: false }, true],
    ['resumed=no', {}, false],
    ['phase=handshake', { phase: 'handshake' }, true],
    ['shop.example', { sni: 'shop.example.com' }, true],
    ['instance=default/2', { instance: 'default/2' }, true],
    ['instance=default/2', { instance: 'default/1' }, false],
    ['shard=default', { instance: 'default/2' }, true],
    ['shard=default', { instance: 'sharded/2' }, false],
    ['shard!=default', {}, true],
  ])('%s on %j: %s', (text, against, expected) => expect(matches(text, against)).toBe(expected));

  it('knows of an ended stream what its handshake came to', () => {
    const handshake = { version: 'TLSv1.3', cipher: 'TLS_AES_128_GCM_SHA256', resumed: false };
    const record = { tls: 'edge', sni: 'shop.example.com', cause: 'refused', handshake, timers: {} };
    const ended = subjectOfRecord(record as unknown as StreamRecord);
    expect(matches('tls=edge sni~shop cause=refused tlsversion=TLSv1.3 cipher~gcm resumed=no', ended)).toBe(
      true,
    );
    expect(matches('resumed=no', subjectOfRecord({ ...record, handshake: undefined } as never))).toBe(false);
  });

  it('sees IPv6 clients', () => {
    expect(matches('client=2001:db8::/32', { client: '[2001:db8::7]:61002' })).toBe(true);
    expect(matches('client=[2001:db8::7]', { client: '[2001:db8::7]:61002' })).toBe(true);
    expect(matches('client=10.0.0.0/8', { client: 'unix:' })).toBe(false);
  });

  it.each([
    ['stauts=500', 0, 'no field "stauts"', 'did you mean status?'],
    ['qqqqq=1', 0, 'no field', 'the fields are client'],
    ['backend=web sevrer=x', 12, 'no field "sevrer"', 'did you mean server?'],
    ['age>10', 4, 'age: the duration 10 has no unit', '10s'],
    ['age~10s', 4, '"~" looks for text', 'use ='],
    ['host>x', 5, '">" compares amounts', 'use ='],
    ['status=5x', 7, 'not a whole number', 'digits'],
    ['status>5xx', 7, 'goes with =', 'status>=500'],
    ['tls=edgy', 4, 'not one of its values', 'did you mean edge?'],
    ['tls>edge', 4, '">" compares amounts', 'use ='],
    ['tlsversion=1.3', 11, 'not one of its values', 'TLSv1.3'],
    ['resumed=true', 8, 'not one of its values', 'yes, no'],
    ['phase=tunel', 6, 'not one of its values', 'did you mean tunnel?'],
    ['client=10.0.0.0/40', 7, 'not a network', '10.0.0.0/8'],
    ['age>', 4, 'a value is missing after "age>"', 'age>10s'],
    ['(a or b', 0, 'never closed', 'add a ")"'],
    ['a)', 1, 'no "("', 'remove it'],
    ['a or', 4, 'a condition is missing', 'status>=500'],
    ['or a', 0, 'missing before this word', 'quote it'],
    ['a and or b', 6, 'missing before', 'quote it'],
    ['()', 1, 'a condition is missing', 'status>=500'],
    ['host="x', 5, 'never closed', 'add a "'],
    ['a || b', 2, '"||"', 'write "or"'],
    ['!', 1, 'a condition is missing', 'status>=500'],
  ])('%s is refused at %i: %s', (text, at, message, remedy) =>
    expect(parseFilter(text)).toMatchObject({
      ok: false,
      at,
      message: expect.stringContaining(message),
      remedy: expect.stringContaining(remedy),
    }),
  );

  it('is bounded in length and depth', () => {
    expect(parseFilter('a'.repeat(maxFilterLength)).ok).toBe(true);
    expect(parseFilter('a'.repeat(maxFilterLength + 1))).toMatchObject({ ok: false, at: maxFilterLength });
    expect(parseFilter('('.repeat(500))).toMatchObject({
      ok: false,
      message: expect.stringContaining('nested'),
    });
    expect(parseFilter('!'.repeat(500))).toMatchObject({
      ok: false,
      message: expect.stringContaining('nested'),
    });
  });

  it('never throws, and points into the text', () => {
    const pieces = fc.constantFrom(
      'age',
      'host',
      '=',
      '!=',
      '~',
      '>',
      ' ',
      '(',
      ')',
      '!',
      '"',
      'or',
      'and',
      '10s',
      'x',
      '\\',
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 30 }), (words) => {
        const text = words.join('');
        const filter = parseFilter(text);
        if (filter.ok) expect(typeof filter.matches(subject)).toBe('boolean');
        else expect(filter.at >= 0 && filter.at <= text.length).toBe(true);
      }),
    );
  });

  it('filters ended streams by their record', () => {
    const record: StreamRecord = {
      connection: '1-2',
      mode: 'http',
      at: 0,
      client: '10.0.0.1:1',
      bind: ':80',
      instance: 'default/1',
      timers: { TR: 0, Tw: 0, Tc: 0, Tr: 0, Ta: 2_000 },
      bytesIn: 1,
      bytesOut: 1,
      termination: '----',
      connections: [1, 1, 1, 1],
      retries: 0,
      redispatched: false,
      queue: [0, 0],
    };
    expect(matches('total>1s phase=ended id=1-2 term=--', subjectOfRecord(record))).toBe(true);
  });
});
