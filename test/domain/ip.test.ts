import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contains, ipOfEndpoint, isLoopback, parseIp, parseNetwork } from '../../src/domain/ip.ts';

describe('addresses', () => {
  it.each([
    ['10.2.0.7', [10, 2, 0, 7]],
    ['::ffff:10.2.0.7', [10, 2, 0, 7]],
    ['::1', [...Array(15).fill(0), 1]],
    ['2001:db8::7%eth0', [0x20, 1, 0x0d, 0xb8, ...Array(11).fill(0), 7]],
    ['1:2:3:4:5:6:7:8', [0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8]],
    ['64:ff9b::1.2.3.4', [0, 0x64, 0xff, 0x9b, ...Array(8).fill(0), 1, 2, 3, 4]],
  ])('%s', (text, bytes) => expect(parseIp(text)).toEqual(bytes));

  it.each([
    '10.2.0',
    '10.2.0.256',
    '010.2.0.7',
    '1::2::3',
    '12345::',
    ':::',
    '1:2:3:4:5:6:7::8:9',
    '1.2.3.4::',
    '',
  ])('%j is none', (text) => expect(parseIp(text)).toBeUndefined());

  it.each([
    ['10.2.0.7:51811', '10.2.0.7'],
    ['[2001:db8::7]:61002', '2001:db8::7'],
  ])('%s is a client at %s', (endpoint, address) => expect(ipOfEndpoint(endpoint)).toEqual(parseIp(address)));

  it('knows that a unix client has none', () => expect(ipOfEndpoint('unix:')).toBeUndefined());

  it.each([
    ['127.9.9.9', true],
    ['::1', true],
    ['::ffff:127.0.0.1', true],
    ['0.0.0.0', false],
    ['::', false],
    ['10.0.0.1', false],
  ])('loopback %s: %s', (text, expected) => expect(isLoopback(parseIp(text)!)).toBe(expected));
});

describe('networks', () => {
  it.each([
    ['10.0.0.0/8', '10.255.1.2', true],
    ['10.0.0.0/8', '11.0.0.0', false],
    ['10.128.0.0/9', '10.127.255.255', false],
    ['0.0.0.0/0', '1.2.3.4', true],
    ['0.0.0.0/0', '::1', false],
    ['2001:db8::/33', '2001:db8:7fff::1', true],
    ['2001:db8::/33', '2001:db8:8000::1', false],
    ['::ffff:10.0.0.0/104', '10.9.9.9', true],
    ['10.2.0.7', '10.2.0.7', true],
  ])('%s contains %s: %s', (network, address, expected) =>
    expect(contains(parseNetwork(network)!, parseIp(address)!)).toBe(expected),
  );

  it.each(['10.0.0.0/33', '10.0.0.0/', '10.0.0.0/-1', 'x/8', '::/129', '::ffff:1.2.3.4/8'])(
    '%s is none',
    (text) => expect(parseNetwork(text)).toBeUndefined(),
  );

  it('contains exactly what shares its prefix', () => {
    fc.assert(
      fc.property(fc.ipV4(), fc.ipV4(), fc.nat(32), (a, b, bits) => {
        const number = (text: string) => text.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
        const prefix = (text: string) => Math.floor(number(text) / 2 ** (32 - bits));
        expect(contains(parseNetwork(`${a}/${bits}`)!, parseIp(b)!)).toBe(prefix(a) === prefix(b));
      }),
    );
  });

  it('reads every way of writing an IPv6 address', () => {
    fc.assert(
      fc.property(fc.ipV6(), (text) => {
        expect([4, 16]).toContain(parseIp(text)?.length);
      }),
    );
  });
});
