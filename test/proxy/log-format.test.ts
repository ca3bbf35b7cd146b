import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { StreamRecord } from '../../src/domain/connection.ts';
import { escapeText, haproxyLine, jsonLine, logDate } from '../../src/proxy/log-format.ts';
import { sampleRecord } from './sample-record.ts';

const { backend: _backend, server: _server, status: _status, method: _method, ...unserved } = sampleRecord;
const { path: _path, version: _version, host: _host, route: _route, ...nothing } = unserved;
const handshake = { version: 'TLSv1.3', cipher: 'TLS_AES_128_GCM_SHA256', resumed: true };
const none = { TR: -1, Tw: -1, Tc: -1, Tr: -1, Ta: 5 };

describe("HAProxy's log formats", () => {
  const head = '10.0.1.2:33317 [06/Feb/2009:12:14:14.655] http-in';
  const cases: [string, StreamRecord, string][] = [
    [
      'httplog',
      sampleRecord,
      `${head} static/srv1 10/0/30/69/109 200 2750 - - ---- 1/2/3/4/0 0/0 "GET /index.html HTTP/1.1"`,
    ],
    [
      'cookie letters, retries and redispatch, places in the queues',
      { ...sampleRecord, termination: 'sHVN', status: 504, retries: 3, redispatched: true, queue: [2, 7] },
      `${head} static/srv1 10/0/30/69/109 504 2750 - - sHVN 1/2/3/4/+3 2/7 "GET /index.html HTTP/1.1"`,
    ],
    [
      'no server, no backend, no request',
      { ...nothing, status: 400, timers: none, termination: 'PR--' },
      `${head} http-in/<NOSRV> -1/-1/-1/-1/5 400 2750 - - PR-- 1/2/3/4/0 0/0 "<BADREQ>"`,
    ],
    [
      'a client that left before its request was complete',
      { ...nothing, timers: none, termination: 'CR--', bytesOut: 0 },
      `${head} http-in/<NOSRV> -1/-1/-1/-1/5 -1 0 - - CR-- 1/2/3/4/0 0/0 "<BADREQ>"`,
    ],
    [
      'two letters padded to four, HTTP/0.9-like request lines',
      (() => {
        const { version: _, ...rest } = sampleRecord;
        return { ...rest, termination: 'CD' };
      })(),
      `${head} static/srv1 10/0/30/69/109 200 2750 - - CD-- 1/2/3/4/0 0/0 "GET /index.html"`,
    ],
    [
      'escapes',
      { ...sampleRecord, path: '/"a#b\x1b[31m\n\x7f\xe9' },
      `${head} static/srv1 10/0/30/69/109 200 2750 - - ---- 1/2/3/4/0 0/0 "GET /#22a#23b#1B[31m#0A#7F#E9 HTTP/1.1"`,
    ],
    [
      'tcplog',
      {
        ...nothing,
        mode: 'tcp',
        backend: 'bck',
        server: 'bck/srv 1',
        timers: { TR: -1, Tw: 0, Tc: 0, Tr: -1, Ta: 5_007 },
        bytesOut: 212,
        termination: '--',
        connections: [0, 0, 0, 0],
        retries: 3,
      },
      `${head} bck/srv#201 0/0/5007 212 -- 0/0/0/0/3 0/0`,
    ],
    [
      'tcplog, four letters cut to two',
      { ...nothing, mode: 'tcp', termination: 'SC--', timers: none },
      `${head} http-in/<NOSRV> -1/-1/5 2750 SC 1/2/3/4/0 0/0`,
    ],
    [
      'httplog over TLS that was ended here',
      { ...sampleRecord, tls: 'edge', handshake },
      `${head}~ static/srv1 10/0/30/69/109 200 2750 - - ---- 1/2/3/4/0 0/0 "GET /index.html HTTP/1.1"`,
    ],
    [
      'httplog over TLS, no request',
      { ...nothing, handshake, timers: none, termination: 'CR--', bytesOut: 0 },
      `${head}~ http-in/<NOSRV> -1/-1/-1/-1/5 -1 0 - - CR-- 1/2/3/4/0 0/0 "<BADREQ>"`,
    ],
    [
      'tcplog of TLS that was passed through',
      {
        ...nothing,
        mode: 'tcp',
        tls: 'passthrough',
        sni: 'pay.example.com',
        backend: 'pay',
        server: 'pay/one',
        timers: { ...none, Tw: 2, Tc: 0 },
        termination: 'CD',
      },
      `${head} pay/one 2/0/5 2750 CD 1/2/3/4/0 0/0`,
    ],
  ];
  it.each(cases)('%s', (_name, record, line) => {
    expect(haproxyLine(record)).toBe(line);
  });

  it.each<[StreamRecord['termination'], string, string]>([
    [
      'PR',
      'no certificate for api.example.com',
      'SSL handshake failure (no certificate for api.example.com)',
    ],
    ['CR', 'it said: alert unknown_ca', 'SSL handshake failure (it said: alert unknown_ca)'],
    ['CR', 'the client hung up', 'Connection closed during SSL handshake (the client hung up)'],
    ['cR', 'no ClientHello in 5 s', 'Timeout during SSL handshake (no ClientHello in 5 s)'],
    ['PR', 'no route for a\x1b[31m\n"b', 'SSL handshake failure (no route for a#1B[31m#0A#22b)'],
  ])('a handshake that failed, %s: %s', (termination, cause, words) => {
    const record: StreamRecord = { ...nothing, mode: 'tcp', timers: none, termination, cause };
    expect(haproxyLine(record)).toBe(`${head}/1: ${words}`);
  });

  it('a client that left after its ClientHello let the handshake fail', () => {
    const cause = 'the client closed the connection in the middle of the handshake';
    const record: StreamRecord = { ...nothing, mode: 'tcp', timers: none, termination: 'CR', cause };
    const shop = { ...record, sni: 'shop.example.com' };
    expect(haproxyLine(shop)).toBe(`${head}/1: SSL handshake failure (${cause})`);
  });

  it('a TCP stream with a cause is a stream all the same', () => {
    const record: StreamRecord = {
      ...nothing,
      mode: 'tcp',
      timers: none,
      termination: 'SC',
      cause: 'refused',
    };
    expect(haproxyLine(record)).toBe(`${head} http-in/<NOSRV> -1/-1/5 2750 SC 1/2/3/4/0 0/0`);
  });

  it.each([
    ['[2001:db8::7]:61002', '2001:db8::7:61002 ['],
    ['unix:', 'unix:1 ['],
    ['10.2.0.7:51811', '10.2.0.7:51811 ['],
  ])('client %s', (client, start) => {
    expect(haproxyLine({ ...sampleRecord, client }).startsWith(start)).toBe(true);
  });

  it('writes dates of the same and of another second', () => {
    const at = new Date(2026, 10, 2, 3, 4, 5, 6).getTime();
    expect([logDate(at), logDate(at + 0.7), logDate(at + 993), logDate(at + 994)]).toEqual([
      '02/Nov/2026:03:04:05.006',
      '02/Nov/2026:03:04:05.006',
      '02/Nov/2026:03:04:05.999',
      '02/Nov/2026:03:04:06.000',
    ]);
  });

  it('cuts a request line as long as HAProxy would', () => {
    const line = haproxyLine({ ...sampleRecord, path: `/${'a'.repeat(5_000)}` });
    expect(/"(.*)"$/.exec(line)![1]).toHaveLength(1_023);
  });
});

describe('what came from the network', () => {
  const anything = fc.string({ unit: 'binary' });
  it('never leaves printable ASCII, and a line stays one line', () => {
    fc.assert(
      fc.property(anything, anything, anything, (method, path, host) => {
        const record = { ...sampleRecord, method, path, host, sni: host, cause: path };
        const failed: StreamRecord = { ...record, mode: 'tcp', termination: 'PR' };
        for (const line of [haproxyLine(record), haproxyLine(failed), jsonLine(record), escapeText(path)])
          expect(line).toMatch(/^[\x20-\x7e]*$/);
        expect(JSON.parse(jsonLine(record))).toMatchObject({ method, path, host });
      }),
    );
  });
});

describe('JSON lines', () => {
  it('name every field, and leave out what is not known', () => {
    expect(JSON.parse(jsonLine({ ...sampleRecord, timers: { ...none, TR: 3 } }))).toEqual({
      time: new Date(sampleRecord.at).toISOString(),
      connection: '1a2b-3c',
      mode: 'http',
      client: '10.0.1.2:33317',
      bind: 'http-in',
      instance: 'default/1',
      route: 'shop',
      backend: 'static',
      server: 'static/srv1',
      timers: { TR: 3, Tw: null, Tc: null, Tr: null, Ta: 5 },
      status: 200,
      bytesIn: 120,
      bytesOut: 2_750,
      termination: '----',
      open: { process: 1, bind: 2, backend: 3, server: 4 },
      retries: 0,
      redispatched: false,
      queue: { server: 0, backend: 0 },
      method: 'GET',
      host: 'shop.example.com',
      path: '/index.html',
      version: 'HTTP/1.1',
    });
    expect(JSON.parse(jsonLine(nothing))).not.toHaveProperty('server');
    const over = { tls: 'edge' as const, sni: 'shop.example.com', handshake, cause: 'the server hung up' };
    expect(JSON.parse(jsonLine({ ...sampleRecord, ...over }))).toMatchObject(over);
  });
});
