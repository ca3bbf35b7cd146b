import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readServerGreeting } from '../../../src/proxy/tls/server-hello.ts';
import { extension, message, record, u8, u16, vector8, vector16 } from './hello-bytes.ts';

const serverHello = (version: number, cipher: number, extensions: readonly Buffer[] | undefined, id = 32) =>
  record(
    message(
      Buffer.concat([
        u16(version),
        Buffer.alloc(32, 1),
        vector8(Buffer.alloc(id, 2)),
        u16(cipher),
        u8(0),
        ...(extensions === undefined ? [] : [vector16(Buffer.concat(extensions))]),
      ]),
      2,
    ),
    22,
    0x0303,
  );

const tls13 = serverHello(0x0303, 0x1301, [extension(51, Buffer.alloc(36)), extension(43, u16(0x0304))]);
const tls12 = serverHello(0x0303, 0xc02f, [extension(0xff01, u8(0)), extension(11, Buffer.from([1, 0]))]);
const bare = serverHello(0x0302, 0xc013, undefined, 0);

describe("a server's first bytes", () => {
  it.each([
    ['TLS 1.3', tls13, { is: 'hello', version: 'TLSv1.3', cipher: 'TLS_AES_128_GCM_SHA256' }],
    ['TLS 1.2', tls12, { is: 'hello', version: 'TLSv1.2', cipher: 'ECDHE-RSA-AES128-GCM-SHA256' }],
    ['TLS 1.1 without extensions', bare, { is: 'hello', version: 'TLSv1.1', cipher: 'ECDHE-RSA-AES128-SHA' }],
    [
      'an unknown cipher',
      serverHello(0x0303, 0xfefe, []),
      { is: 'hello', version: 'TLSv1.2', cipher: '0xfefe' },
    ],
    ['an alert', Buffer.from([21, 3, 3, 0, 2, 2, 40]), { is: 'alert', name: 'handshake_failure' }],
    ['an alert without a name', Buffer.from([21, 3, 3, 0, 2, 2, 99]), { is: 'alert', name: 'alert 99' }],
    ['HTTP', Buffer.from('HTTP/1.1 400 Bad Request\r\n'), { is: 'strange' }],
    ['another message', record(message(Buffer.alloc(40), 11)), { is: 'strange' }],
  ])('are known for %s, and wait for more until then', (_what, bytes, found) => {
    expect(readServerGreeting(bytes)).toEqual(found);
    expect(readServerGreeting(Buffer.concat([bytes, Buffer.from('more')]))).toEqual(found);
    for (let end = 0; end < bytes.length; end += 1) {
      const early = readServerGreeting(bytes.subarray(0, end));
      if (early.is !== 'more') expect(early).toEqual(found);
    }
  });

  it('never make the reader fail', () => {
    const noise = fc.uint8Array({ maxLength: 120 }).map((array) => Buffer.from(array));
    fc.assert(fc.property(noise, (bytes) => void readServerGreeting(bytes)));
    const broken = fc.tuple(fc.nat(tls13.length - 1), fc.nat(255), fc.nat(tls13.length));
    fc.assert(
      fc.property(broken, ([at, value, end]) => {
        const bytes = Buffer.from(tls13);
        bytes[at] = value;
        readServerGreeting(bytes.subarray(0, end));
      }),
    );
  });
});
