import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseClientHello } from '../../../src/proxy/tls/client-hello.ts';
import {
  extension,
  helloBody,
  oddServerName,
  protocols,
  serverNames,
  signatures,
  u8,
  u16,
  vector8,
  vector16,
  versions,
} from './hello-bytes.ts';

const plain = { sni: undefined, alpn: [], versions: ['TLSv1.2'], resuming: false, ecdsa: false };
const grease = 0x3a3a;

describe('a ClientHello', () => {
  it.each([
    ['has no extensions at all', undefined, {}],
    ['has none', [], {}],
    ['asks for a name', [serverNames('shop.example.com')], { sni: 'shop.example.com' }],
    ['shouts it', [serverNames('SHOP.Example.COM')], { sni: 'shop.example.com' }],
    ['ends it with a dot', [serverNames('shop.example.com.')], { sni: 'shop.example.com' }],
    ['names an underscore', [serverNames('my_shop.test')], { sni: 'my_shop.test' }],
    ['names an address', [serverNames('10.0.0.7')], { sni: '10.0.0.7' }],
    ['names an IPv6 address', [serverNames('2001:db8::7')], { sni: '2001:db8::7' }],
    ['offers protocols', [protocols('h2', 'http/1.1')], { alpn: ['h2', 'http/1.1'] }],
    ['greases protocols', [protocols('\x3a\x3a', 'h2')], { alpn: ['h2'] }],
    ['offers versions', [versions(0x0303, 0x0304)], { versions: ['TLSv1.3', 'TLSv1.2'] }],
    ['greases versions', [versions(grease, 0x0304, 0x0301)], { versions: ['TLSv1.3', 'TLSv1'] }],
    ['offers a version of tomorrow', [versions(0x0305)], { versions: ['0x0305'] }],
    ['greases extensions', [extension(grease, Buffer.alloc(0)), serverNames('a.test')], { sni: 'a.test' }],
    ['would take a ticket', [extension(35, Buffer.alloc(0))], {}],
    ['brings a ticket', [extension(35, Buffer.alloc(80))], { resuming: true }],
    ['brings a pre-shared key', [extension(41, Buffer.alloc(60))], { resuming: true }],
    ['verifies RSA', [signatures(0x0804, 0x0401)], {}],
    ['verifies ECDSA', [signatures(0x0804, 0x0403)], { ecdsa: true }],
  ])('that %s is read', (_what, extensions, found) => {
    expect(parseClientHello(helloBody({ extensions }))).toEqual({ ...plain, ...found });
  });

  it.each([
    ['SSLv3', 0x0300],
    ['TLSv1', 0x0301],
    ['TLSv1.1', 0x0302],
  ])('of %s says so without a list', (name, legacyVersion) => {
    expect(parseClientHello(helloBody({ legacyVersion }))).toMatchObject({ versions: [name] });
  });

  const name = 'x'.repeat(256);
  it.each([
    ['two names', [serverNames('a.test', 'b.test')], 'illegal_parameter', 'several server names'],
    [
      'the same extension twice',
      [serverNames('a.test'), serverNames('b.test')],
      'illegal_parameter',
      'extension 0 twice',
    ],
    ['a name of another type', [oddServerName('a.test', 1)], 'decode_error', 'unknown type 1'],
    ['an empty list of names', [extension(0, u16(0))], 'decode_error', 'empty or cut off'],
    ['an empty name', [serverNames('')], 'unrecognized_name', 'no host name'],
    ['a NUL in its name', [serverNames('a.test\0.evil')], 'unrecognized_name', 'no host name'],
    ['an escape sequence for a name', [serverNames('\x1b]0;x\x07')], 'unrecognized_name', 'no host name'],
    ['a wildcard for a name', [serverNames('*.test')], 'unrecognized_name', 'no host name'],
    ['letters that are not ASCII', [serverNames('b\xfccher.test')], 'unrecognized_name', 'no host name'],
    ['a name that is too long', [serverNames(name)], 'unrecognized_name', 'no host name'],
    ['a cut list of names', [extension(0, Buffer.from([0, 9, 0, 0, 1, 97]))], 'decode_error', 'fill'],
    ['a cut name', [extension(0, Buffer.from([0, 4, 0, 0, 9, 97]))], 'decode_error', 'name is cut'],
    ['an empty protocol', [protocols('h2', '')], 'decode_error', 'ALPN'],
    ['a cut list of protocols', [extension(16, u16(7))], 'decode_error', 'ALPN'],
    ['no version in its list', [extension(43, u8(0))], 'decode_error', 'versions'],
    ['half a version in its list', [extension(43, vector8(Buffer.alloc(3)))], 'decode_error', 'versions'],
  ])('with %s is refused', (_what, extensions, alert, cause) => {
    const found = parseClientHello(helloBody({ extensions }));
    expect(found).toMatchObject({ alert, cause: expect.stringContaining(cause) });
  });

  it.each([
    ['is too short', Buffer.alloc(34)],
    ['has a session id that is too long', helloBody({ sessionId: Buffer.alloc(33) })],
    ['has no cipher', helloBody({ ciphers: Buffer.alloc(0) })],
    ['has half a cipher', helloBody({ ciphers: Buffer.alloc(3) })],
    ['has no compression method', helloBody({ compression: Buffer.alloc(0) })],
    ['goes on behind its extensions', Buffer.concat([helloBody(), u8(0)])],
    ['has an extension that is cut off', helloBody({ extensions: [u16(0)] })],
    ['has an extension that is longer than it', helloBody({ extensions: [Buffer.concat([u16(5), u16(9)])] })],
  ])('that %s is malformed', (_what, body) => {
    expect(parseClientHello(body)).toMatchObject({
      alert: 'decode_error',
      cause: expect.stringMatching(/malformed/),
    });
  });

  it('is refused wherever it is cut off', () => {
    const whole = helloBody({ extensions: [protocols('h2'), serverNames('a.test'), versions(0x0304)] });
    const accepted = Array.from({ length: whole.length }, (_, end) => end).filter(
      (end) => !('cause' in parseClientHello(whole.subarray(0, end))),
    );
    // Without extensions it is whole, too.
    expect(accepted).toEqual([2 + 32 + 33 + 4 + 2]);
  });

  it('never makes the reader fail, whatever is in it', () => {
    const bytes = fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array));
    fc.assert(fc.property(bytes, (body) => void parseClientHello(body)));
    const type = fc.constantFrom(0, 13, 16, 35, 41, 43, 51, 0x0a0a);
    const extensions = fc.array(
      fc.tuple(type, bytes).map(([of, body]) => extension(of, body)),
      { maxLength: 5 },
    );
    const wrapped = fc.array(
      fc.tuple(type, bytes).map(([of, body]) => extension(of, vector16(body))),
      { maxLength: 5 },
    );
    fc.assert(
      fc.property(fc.oneof(extensions, wrapped), (list) => {
        const found = parseClientHello(helloBody({ extensions: list }));
        if (!('cause' in found) && found.sni !== undefined) expect(found.sni).toMatch(/^[\w.:-]+$/);
      }),
    );
  });
});
