import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Mode } from '../../src/domain/plan.ts';
import { LiveConnection } from '../../src/proxy/live-connection.ts';
import {
  connectionId,
  splitConnectionId,
  streamRecord,
  streamTimers,
} from '../../src/proxy/stream-record.ts';

function live(mode: Mode, fields: Partial<LiveConnection>): LiveConnection {
  return Object.assign(new LiveConnection(7, '10.0.0.1:4000', 'web', mode, 1_000_000, 50, () => {}), fields);
}

describe('the timers', () => {
  const cases: [string, Mode, Partial<LiveConnection>, object][] = [
    [
      'an HTTP stream, from its first byte',
      'http',
      {
        requestMono: 100.2,
        headMono: 105.3,
        assignedMono: 108.4,
        connectedMono: 110,
        responseMono: 150,
        endMono: 160,
      },
      { TR: 5, Tw: 3, Tc: 1, Tr: 40, Ta: 59 },
    ],
    ['nothing finished', 'http', { endMono: 60 }, { TR: -1, Tw: -1, Tc: -1, Tr: -1, Ta: 10 }],
    [
      'a full queue',
      'http',
      { requestMono: 100, headMono: 101, queuedMono: 101, endMono: 5_101 },
      { TR: 1, Tw: 5_000, Tc: -1, Tr: -1, Ta: 5_001 },
    ],
    [
      'still in the queue',
      'http',
      { requestMono: 100, headMono: 101, queuedMono: 101 },
      { TR: 1, Tw: -1, Tc: -1, Tr: -1, Ta: 100 },
    ],
    [
      'a refused connection',
      'http',
      { requestMono: 100, headMono: 100, assignedMono: 100, endMono: 103 },
      { TR: 0, Tw: 0, Tc: -1, Tr: -1, Ta: 3 },
    ],
    [
      'an answer without a valid head',
      'http',
      {
        requestMono: 100,
        headMono: 100,
        assignedMono: 100,
        connectedMono: 101,
        responseMono: 102,
        endMono: 103,
        termination: 'PH--',
      },
      { TR: 0, Tw: 0, Tc: 1, Tr: -1, Ta: 3 },
    ],
    [
      'a TCP stream, from the accept',
      'tcp',
      { queuedMono: 50, assignedMono: 60, connectedMono: 62, endMono: 5_050 },
      { TR: -1, Tw: 10, Tc: 2, Tr: -1, Ta: 5_000 },
    ],
  ];
  it.each(cases)('%s', (_name, mode, fields, timers) => {
    expect(streamTimers(live(mode, fields), 200)).toEqual(timers);
  });

  it('never add up to more than the whole', () => {
    const time = fc.double({ min: 0, max: 1_000, noNaN: true });
    fc.assert(
      fc.property(fc.array(time, { minLength: 6, maxLength: 6 }), (times) => {
        const [requestMono, headMono, assignedMono, connectedMono, responseMono, endMono] = times.sort(
          (a, b) => a - b,
        );
        const fields = { requestMono, headMono, assignedMono, connectedMono, responseMono, endMono };
        const { TR, Tw, Tc, Tr, Ta } = streamTimers(live('http', fields as Partial<LiveConnection>), 2_000);
        expect(TR + Tw + Tc + Tr).toBeLessThanOrEqual(Ta);
      }),
    );
  });
});

describe('the record', () => {
  it('is of the newest stream', () => {
    const connection = live('http', {
      requestMono: 150,
      headMono: 150,
      endMono: 160,
      backend: 'app',
      server: 'app/one',
      status: 200,
      method: 'GET',
      path: '/',
      version: 'HTTP/1.1',
      bytesIn: 900,
      streamBytesIn: 90,
      streamBytesOut: 800,
      termination: '--VN',
      retries: 1,
      instance: 'default/2',
      backendQueuePlace: 4,
    });
    expect(streamRecord(connection, 'abc', [4, 3, 2, 1], 160)).toEqual({
      connection: 'abc-7',
      mode: 'http',
      at: 1_000_100,
      client: '10.0.0.1:4000',
      instance: 'default/2',
      bind: 'web',
      backend: 'app',
      server: 'app/one',
      timers: { TR: 0, Tw: -1, Tc: -1, Tr: -1, Ta: 10 },
      status: 200,
      bytesIn: 90,
      bytesOut: 800,
      termination: '--VN',
      connections: [4, 3, 2, 1],
      retries: 1,
      redispatched: false,
      queue: [0, 4],
      method: 'GET',
      path: '/',
      version: 'HTTP/1.1',
    });
  });

  const hello = { sni: 'shop.example.com', alpnOffered: [], versionsOffered: ['TLSv1.3'] };
  const agreed = { version: 'TLSv1.3', cipher: 'TLS_AES_128_GCM_SHA256', resumed: true };
  it.each([
    ['a handshake with us', { termination: 'edge', ...agreed }, { tls: 'edge', handshake: agreed }],
    ['no route of its own', agreed, { handshake: agreed }],
    ['one that went by', { termination: 'passthrough', ...agreed }, { tls: 'passthrough' }],
    ['none that was completed', { termination: 'reencrypt' }, { tls: 'reencrypt' }],
  ] as const)('tells of TLS: %s', (_name, facts, expected) => {
    const record = streamRecord(live('http', { tls: { ...hello, ...facts } }), 'abc', [1, 1, 0, 0], 60);
    const { tls, sni, handshake } = record;
    expect({ tls, sni, handshake }).toEqual({ sni: 'shop.example.com', ...expected });
  });

  it('says why it came to nothing', () => {
    const record = streamRecord(live('tcp', { cause: 'no ClientHello' }), 'abc', [1, 1, 0, 0], 60);
    expect(record.cause).toBe('no ClientHello');
  });

  it('knows where nothing was known', () => {
    const record = streamRecord(live('tcp', {}), 'abc', [1, 1, 0, 0], 60);
    expect(record).toMatchObject({ at: 1_000_000, termination: '--' });
    expect(Object.keys(record)).not.toContain('status');
  });
});

describe('the id of a connection', () => {
  it('splits into what it was made of', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[0-9a-z]{1,16}$/), fc.nat(), (life, serial) => {
        expect(splitConnectionId(connectionId(life, serial))).toEqual({ life, serial });
      }),
    );
  });
  it.each(['', 'abc', 'abc-', '-1', 'A-1', 'a-1-2', `${'a'.repeat(40)}-1`])('refuses %j', (id) => {
    expect(splitConnectionId(id)).toBeUndefined();
  });
});
