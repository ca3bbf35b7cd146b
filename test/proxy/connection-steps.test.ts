import { describe, expect, it } from 'vitest';
import { stepsOf } from '../../src/proxy/connection-steps.ts';
import { LiveConnection } from '../../src/proxy/live-connection.ts';

/** Accepted at 100 on the monotonic clock. */
function ladder(mode: 'tcp' | 'http', fields: Partial<LiveConnection>): string[] {
  const live = new LiveConnection(7, '10.0.0.1:4000', ':443', mode, 1_000_000, 100, () => {});
  return stepsOf(Object.assign(live, fields)).map(
    ({ what, by, atMs, text }) => `${atMs} ${what}${by === undefined ? '' : ` by ${by}`}: ${text}`,
  );
}

const hello = {
  sni: 'shop.example.com',
  alpnOffered: ['h2', 'http/1.1'],
  versionsOffered: ['TLSv1.3', 'TLSv1.2'],
};
const agreed = { version: 'TLSv1.3', cipher: 'TLS_AES_128_GCM_SHA256', alpn: 'http/1.1', resumed: false };
const request = {
  method: 'GET',
  path: '/cart',
  host: 'shop.example.com',
  requestMono: 106,
  headMono: 106,
  server: 'web/app1',
  serverAddress: '10.0.0.11:8080',
} as const;
const answer = { responseMono: 112, status: 200, endMono: 113, termination: '----' } as const;

describe('the ladder', () => {
  it('of plain HTTP has no handshake', () => {
    expect(ladder('http', { ...request, connectedMono: 107, ...answer })).toEqual([
      '0 accept: 10.0.0.1:4000 on :443',
      '6 request: GET /cart for shop.example.com',
      '7 connect: connected to web/app1 at 10.0.0.11:8080',
      '12 response: 200',
      '13 end: ----',
    ]);
  });

  it('of edge shakes hands with the client alone', () => {
    const fields = {
      tls: { ...hello, ...agreed, termination: 'edge' as const },
      helloMono: 101,
      handshakeMono: 105,
    };
    expect(ladder('http', { ...fields, ...request, connectedMono: 107, ...answer })).toEqual([
      '0 accept: 10.0.0.1:4000 on :443',
      '1 client-hello: SNI shop.example.com, ALPN h2 http/1.1, TLSv1.3 TLSv1.2',
      '5 handshake: TLSv1.3 full in 4 ms, TLS_AES_128_GCM_SHA256, ALPN http/1.1',
      '6 request: GET /cart for shop.example.com',
      '7 connect: connected to web/app1 at 10.0.0.11:8080',
      '12 response: 200',
      '13 end: ----',
    ]);
  });

  const reencrypt = {
    tls: { ...hello, ...agreed, resumed: true, clientSubject: 'CN=anna', termination: 'reencrypt' as const },
    helloMono: 101,
    handshakeMono: 102.2,
    ...request,
  };
  const serverTls = {
    version: 'TLSv1.2',
    cipher: 'ECDHE-RSA-AES128-GCM-SHA256',
    resumed: false,
    serverName: 'web.internal',
    verified: true,
    handshakeMs: 3,
  };

  it('of reencrypt shakes hands with both', () => {
    const fields = { ...reencrypt, connectedMono: 107, serverTls, serverHandshakeMono: 110, ...answer };
    expect(ladder('http', fields).slice(1, 7)).toEqual([
      '1 client-hello: SNI shop.example.com, ALPN h2 http/1.1, TLSv1.3 TLSv1.2',
      '2 handshake: TLSv1.3 resumed in 1 ms, TLS_AES_128_GCM_SHA256, ALPN http/1.1, client certificate CN=anna',
      '6 request: GET /cart for shop.example.com',
      '7 connect: connected to web/app1 at 10.0.0.11:8080',
      '10 server-handshake: TLSv1.2 full in 3 ms, verified web.internal, ECDHE-RSA-AES128-GCM-SHA256',
      '12 response: 200',
    ]);
  });

  it('of reencrypt over a kept connection says what that is', () => {
    const kept = {
      reusedServerConnection: true,
      serverTls: { ...serverTls, handshakeMs: 0 },
      connectedMono: 107,
    };
    expect(ladder('http', { ...reencrypt, ...kept, ...answer })).toContain(
      '7 pooled: kept connection to web/app1 at 10.0.0.11:8080 over TLSv1.2',
    );
  });

  it('of a server that is not verified says so', () => {
    const { serverName: _, ...nameless } = serverTls;
    const fields = {
      connectedMono: 107,
      serverHandshakeMono: 110,
      serverTls: { ...nameless, verified: false },
    };
    expect(ladder('http', { ...reencrypt, ...fields })).toContain(
      '10 server-handshake: TLSv1.2 full in 3 ms, not verified, ECDHE-RSA-AES128-GCM-SHA256',
    );
  });

  it('of passthrough sees the ServerHello go by, and who ended it', () => {
    const tls = {
      ...hello,
      termination: 'passthrough' as const,
      version: 'TLSv1.3',
      cipher: 'TLS_AES_128_GCM_SHA256',
    };
    const fields = { tls, helloMono: 101, server: 'pay/one', serverAddress: '10.0.0.12:8443' } as const;
    const rest = {
      connectedMono: 102,
      serverHelloMono: 104,
      responseMono: 104,
      clientFinMono: 120,
      serverFinMono: 121,
      endMono: 121,
      termination: '--',
    } as const;
    expect(ladder('tcp', { ...fields, ...rest })).toEqual([
      '0 accept: 10.0.0.1:4000 on :443',
      '1 client-hello: SNI shop.example.com, ALPN h2 http/1.1, TLSv1.3 TLSv1.2',
      '2 connect: connected to pay/one at 10.0.0.12:8443',
      '4 server-hello: TLSv1.3, TLS_AES_128_GCM_SHA256',
      '20 fin by client: FIN',
      '21 fin by server: FIN',
      '21 end: --',
    ]);
  });

  it('of a handshake that failed ends with the cause', () => {
    const fields = {
      tls: { alpnOffered: [], versionsOffered: ['TLSv1.3'] },
      helloMono: 101,
      handshakeMono: 102,
      cause: 'no certificate without a server name',
      resetMono: 103,
      resetBy: 'sluice' as const,
      endMono: 103,
      termination: 'PR' as const,
    };
    expect(ladder('tcp', fields)).toEqual([
      '0 accept: 10.0.0.1:4000 on :443',
      '1 client-hello: no SNI, no ALPN, TLSv1.3',
      '2 handshake-failed: no certificate without a server name',
      '3 reset by sluice: RST',
      '3 end: PR',
    ]);
  });

  it('of what is no ClientHello names what it was', () => {
    const fields = {
      handshakeMono: 101,
      cause: 'plain HTTP on a TLS port',
      endMono: 101,
      termination: 'PR' as const,
    };
    expect(ladder('tcp', fields).slice(1)).toEqual([
      '1 handshake-failed: plain HTTP on a TLS port',
      '1 end: PR',
    ]);
  });
});
