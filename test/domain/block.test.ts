import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ipText, lockedOut, overlap, parseBlock } from '../../src/domain/block.ts';
import { parseIp, parseNetwork } from '../../src/domain/ip.ts';

const refusal = (text: string): string => {
  const parsed = parseBlock(text);
  return parsed.ok ? `is ${parsed.address}` : [parsed.text, parsed.remedy].join('; ');
};

describe('an address or a network to block', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['192.0.2.7/32', '192.0.2.7'],
    ['198.51.100.0/24', '198.51.100.0/24'],
    ['2001:DB8::7', '2001:db8::7'],
    ['2001:db8:0:0:0:0:0:7/128', '2001:db8::7'],
    ['2001:db8::/32', '2001:db8::/32'],
    ['2001:db8:0:1:0:0:0:1', '2001:db8:0:1::1'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['::ffff:c000:207', '192.0.2.7'],
    ['::ffff:192.0.2.0/120', '192.0.2.0/24'],
    ['64:ff9b::192.0.2.7', '64:ff9b::c000:207'],
  ])('%s is %s', (text, address) => {
    expect(parseBlock(text)).toMatchObject({ ok: true, address });
  });

  it.each([
    ['10.0.0.300', 'is no address and no network; write 192.0.2.7'],
    ['010.0.0.1', 'is no address'],
    ['10.0.0', 'is no address'],
    ['10.0.0.1/33', 'is no address'],
    ['10.0.0.1/', 'is no address'],
    ['10.0.0.1/-1', 'is no address'],
    ['::ffff:192.0.2.7/90', 'is no address'],
    ['2001:db8::/129', 'is no address'],
    ['1:2:3:4:5:6:7:8:9', 'is no address'],
    ['evil.example', 'is no address'],
    ['', 'is no address'],
    ['10.0.0.5/24', 'has bits behind its prefix; did you mean 10.0.0.0/24, or 10.0.0.5 alone?'],
    ['2001:db8::5/64', 'did you mean 2001:db8::/64, or 2001:db8::5 alone?'],
    ['fe80::1%eth0', 'has a zone'],
    ['0.0.0.0/0', 'is everybody'],
    ['::/0', 'is everybody'],
    ['10.2.3.4/0', 'is everybody'],
    ['0.0.0.0', 'is the address of nobody'],
    ['::', 'is the address of nobody'],
    ['224.0.0.251', 'is multicast'],
    ['239.0.0.0/8', 'is multicast'],
    ['ff02::1', 'is multicast'],
    ['::192.0.2.7', 'did you mean 192.0.2.7?'],
  ])('%s %s', (text, why) => {
    expect(refusal(text)).toContain(why);
  });

  it('is written so that it is read as the same', () => {
    const bytes = fc.oneof(
      fc.array(fc.integer({ min: 0, max: 255 }), { minLength: 4, maxLength: 4 }),
      // Groups of zeros are what the short form is about.
      fc
        .array(fc.oneof(fc.constant(0), fc.constant(0), fc.integer({ min: 0, max: 0xffff })), {
          minLength: 8,
          maxLength: 8,
        })
        .map((groups) => groups.flatMap((group) => [group >> 8, group & 255])),
    );
    fc.assert(
      fc.property(bytes, (address) => {
        const text = ipText(address);
        const read = parseIp(text)!;
        // IPv4 in IPv6's clothes is IPv4.
        expect(read.length === 4 && address.length === 16 ? address.slice(12) : address).toEqual([...read]);
        expect(text).not.toMatch(/::.*::|:::|(^|:)0[0-9a-f]/);
        if (read.length === 16) expect(new URL(`http://[${text}]`).hostname).toBe(`[${text}]`);
      }),
    );
  });

  it('of any prefix is its own network, and of none with bits behind it', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 255 }), { minLength: 16, maxLength: 16 }),
        fc.integer({ min: 8, max: 128 }),
        (bytes, bits) => {
          const text = `${ipText([0x20, ...bytes.slice(1)])}/${bits}`;
          const parsed = parseBlock(text);
          if (parsed.ok) {
            expect(parseBlock(parsed.address)).toEqual(parsed);
            expect(parsed.network.bits).toBe(bits);
          } else {
            const meant = /did you mean (\S+), or/.exec(parsed.remedy ?? '')?.[1];
            expect(parseBlock(meant!)).toMatchObject({ ok: true, address: meant });
          }
        },
      ),
    );
  });
});

it.each([
  ['10.0.0.0/8', '10.1.2.3', true],
  ['10.1.2.3', '10.0.0.0/8', true],
  ['10.0.0.0/8', '10.0.0.0/8', true],
  ['10.0.0.0/25', '10.0.0.128/25', false],
  ['10.0.0.1', '10.0.0.2', false],
  ['10.0.0.0/8', '2001:db8::/32', false],
  ['::/1', '127.0.0.1', false],
  ['2001:db8::/32', '2001:db8:ffff::1', true],
])('%s and %s overlap: %s', (a, b, does) => {
  expect(overlap(parseNetwork(a)!, parseNetwork(b)!)).toBe(does);
});

describe('who would be locked out', () => {
  const of = (text: string, ...guarded: readonly (readonly [string, string])[]) =>
    lockedOut(
      parseNetwork(text)!,
      guarded.map(([address, who]) => ({ address, who })),
    );

  it('is told, each once, and nobody else', () => {
    expect(
      of(
        '10.0.0.0/24',
        ['10.0.0.9', 'the ssh session of anna'],
        ['10.0.0.9', 'the ssh session of anna'],
        ['10.0.1.9', 'the ssh session of ben'],
        ['fd00::1', 'server web/app2'],
        ['nonsense', 'server web/app3'],
      ),
    ).toEqual({ who: ['the ssh session of anna (10.0.0.9)'], never: false });
  });

  it.each(['127.0.0.1', '127.0.0.0/8', '127.3.0.0/16', '126.0.0.0/7', '64.0.0.0/2', '::1', '::/3'])(
    '%s is loopback, which nothing makes up for',
    (text) => {
      expect(of(text)).toMatchObject({ never: true });
    },
  );

  it('an address in two notations is one', () => {
    expect(of('10.0.0.9', ['::ffff:10.0.0.9', 'an ssh session']).who).toHaveLength(1);
    expect(of('fe80::/64', ['fe80::1%eth0', 'this machine itself']).who).toHaveLength(1);
  });
});
