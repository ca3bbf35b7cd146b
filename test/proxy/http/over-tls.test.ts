import { describe, expect, it } from 'vitest';
import type { Bind, Route } from '../../../src/domain/plan.ts';
import type { RouteTls } from '../../../src/domain/tls.ts';
import { until } from '../sockets.ts';
import {
  type HttpPlane,
  okAnswer,
  type PlaneOptions,
  rawServer,
  recorder,
  startPlane,
  timeouts,
} from './http-plane.ts';
import { askTls, openTlsClient, tap, tlsEntrances } from './tls-entrances.ts';

const edge: RouteTls = { termination: 'edge', insecureEdgeTerminationPolicy: 'None' };

function routeOf(name: string, host: string, tls: RouteTls | undefined = edge): Route {
  return {
    name,
    host,
    path: '/',
    namespace: 'default',
    labels: {},
    to: [{ backend: 'app', weight: 1 }],
    ...(tls === undefined ? {} : { tls }),
  };
}

const tlsBind: Partial<Bind> = { mode: 'tls', tls: { minVersion: 'TLSv1.2' } };

function startTlsPlane(options: PlaneOptions): Promise<HttpPlane> {
  return startPlane({
    serveTls: tlsEntrances(),
    routes: [routeOf('shop', 'shop.example')],
    ...options,
    bind: { ...tlsBind, ...options.bind },
  });
}

const get = (path: string, more = '') => `GET ${path} HTTP/1.1\r\nHost: shop.example\r\n${more}\r\n`;

describe('requests over TLS', () => {
  it('are served one after another on one connection, and servers are told of it', async () => {
    const server = recorder(okAnswer);
    const world = await startTlsPlane({ servers: [await rawServer(server.onConnection)] });
    const client = await openTlsClient(world.port);
    client.write(get('/1'));
    await client.until(({ received }) => received.length === okAnswer.length);
    client.write(get('/2', 'Connection: close\r\n'));
    await client.untilEnded();
    expect(client.ended).toBe('end');
    expect(client.received.match(/ok/g)).toHaveLength(2);
    expect(server.heard.join('')).toContain('X-Forwarded-Proto: https\r\n');
    expect(server.heard.join('')).toContain(`X-Forwarded-Port: ${world.port}\r\n`);
    expect(world.streams).toMatchObject([
      { path: '/1', route: 'shop', termination: '----' },
      { path: '/2', route: 'shop', termination: '----' },
    ]);
  });

  it('may all come at once', async () => {
    const server = recorder(okAnswer);
    const world = await startTlsPlane({ servers: [await rawServer(server.onConnection)] });
    const client = await openTlsClient(world.port);
    client.write([1, 2, 3, 4, 5].map((n) => get(`/${n}`)).join(''));
    await client.until(({ received }) => received.length === 5 * okAnswer.length);
    expect(world.streams.map(({ path }) => path)).toEqual(['/1', '/2', '/3', '/4', '/5']);
  });

  it('may come with the end of what the client says', async () => {
    const server = recorder(okAnswer);
    const world = await startTlsPlane({ servers: [await rawServer(server.onConnection)] });
    const client = await openTlsClient(world.port);
    client.socket.end(get('/'));
    await client.untilEnded();
    expect(client.received).toBe(okAnswer);
    expect(world.streams).toMatchObject([{ termination: '----' }]);
  });

  it('may name the whole URL, which servers get as a path', async () => {
    const server = recorder(okAnswer);
    const world = await startTlsPlane({ servers: [await rawServer(server.onConnection)] });
    await askTls(
      world.port,
      'GET https://shop.example/a HTTP/1.1\r\nHost: x.example\r\nConnection: close\r\n\r\n',
    );
    expect(server.heard.join('')).toMatch(/^GET \/a HTTP\/1\.1\r\nHost: shop\.example\r\n/);
    expect(world.streams).toMatchObject([{ route: 'shop', status: 200 }]);
  });

  it('of HEAD are answered without a body', async () => {
    const server = recorder('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n');
    const world = await startTlsPlane({ servers: [await rawServer(server.onConnection)] });
    const client = await askTls(
      world.port,
      'HEAD / HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\n\r\n',
    );
    expect(client.received).toMatch(/^HTTP\/1\.1 200 OK\r\nContent-Length: 2\r\n(?:.+\r\n)*\r\n$/);
  });

  it('wait for the server to say 100', async () => {
    const port = await rawServer((socket) => {
      let heard = '';
      socket.on('data', (chunk) => {
        heard += chunk.toString('latin1');
        if (heard.endsWith('\r\n\r\n')) socket.write('HTTP/1.1 100 Continue\r\n\r\n');
        if (heard.endsWith('hello')) socket.write(okAnswer);
      });
    });
    const world = await startTlsPlane({ servers: [port] });
    const client = await openTlsClient(world.port);
    client.write('PUT / HTTP/1.1\r\nHost: shop.example\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n');
    await client.untilText('100 Continue\r\n\r\n');
    client.write('hello');
    await client.untilText('ok');
    expect(world.streams).toMatchObject([{ status: 200, termination: '----' }]);
  });

  it('are counted on their route', async () => {
    const server = recorder(okAnswer);
    const world = await startTlsPlane({ servers: [await rawServer(server.onConnection)] });
    const request = get('/', 'Connection: close\r\n');
    const { received } = await askTls(world.port, request);
    const [traffic] = world.plane.sample(true).routes;
    expect(traffic).toMatchObject({
      name: 'shop',
      total: 1,
      status: [0, 1, 0, 0, 0],
      bytesIn: request.length,
      bytesOut: received.length,
    });
  });
});

describe('bodies over TLS', () => {
  const octets = Buffer.alloc(6_000_000);
  for (let i = 0; i < octets.length; i += 1) octets[i] = (i * 31 + (i >> 9)) & 255;

  it.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'come out octet by octet as they went in, both ways, through a client that stalls (%s)',
    async (version) => {
      const port = await rawServer((socket) => {
        const parts: Buffer[] = [];
        let size = 0;
        socket.on('data', (chunk: Buffer) => {
          parts.push(chunk);
          size += chunk.length;
          const head = parts[0]!.indexOf('\r\n\r\n') + 4;
          if (size < head + octets.length) return;
          const body = Buffer.concat(parts).subarray(head);
          socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n`);
          socket.write(body);
        });
      });
      const world = await startTlsPlane({ servers: [port] });
      const client = await openTlsClient(world.port, { minVersion: version, maxVersion: version });
      const parts: Buffer[] = [];
      let size = 0;
      let stalls = 0;
      client.socket.on('data', (chunk: Buffer) => {
        parts.push(chunk);
        size += chunk.length;
        if (size < (stalls + 1) * 1_000_000) return;
        stalls += 1;
        client.socket.pause();
        setImmediate(() => setImmediate(() => client.socket.resume()));
      });
      client.write(`POST / HTTP/1.1\r\nHost: shop.example\r\nContent-Length: ${octets.length}\r\n\r\n`);
      client.socket.write(octets);
      await until(() => size > octets.length);
      await until(() => world.streams.length === 1);
      const answer = Buffer.concat(parts);
      const body = answer.subarray(answer.indexOf('\r\n\r\n') + 4);
      expect(body.equals(octets)).toBe(true);
      expect(stalls).toBeGreaterThan(3);
    },
  );

  it.each([true, false])(
    'of many at once are not mixed up, whole or cut up by us (asked ahead: %s)',
    async (ahead) => {
      const sizes = [300_000, 1, 16_000, 16_384, 65_536, 81_600, 81_920];
      const bodyOf = (mark: number, size: number) => Buffer.alloc(size, mark);
      const port = await rawServer((socket) => {
        socket.on('data', (chunk: Buffer) => {
          for (const [, mark, size] of chunk.toString('latin1').matchAll(/^GET \/(\d+)\/(\d+)/gm)) {
            const head = `HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`;
            socket.write(Buffer.concat([Buffer.from(head), bodyOf(Number(mark), Number(size))]));
          }
        });
      });
      const world = await startTlsPlane({ servers: [port] });
      await Promise.all(
        Array.from({ length: 8 }, async (_, index) => {
          const client = await openTlsClient(world.port);
          const requests = [...sizes, ...sizes].map((size, place) => ({
            mark: 1 + index * 20 + place,
            size,
          }));
          const parts: Buffer[] = [];
          let got = 0;
          client.socket.on('data', (chunk: Buffer) => {
            parts.push(chunk);
            got += chunk.length;
            client.socket.pause();
            setImmediate(() => client.socket.resume());
          });
          let wanted = 0;
          for (const { mark, size } of requests) {
            wanted += size + `HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`.length;
            client.write(get(`/${mark}/${size}`));
            if (!ahead) await until(() => got === wanted);
          }
          await until(() => got === wanted);
          let rest = Buffer.concat(parts);
          for (const { mark, size } of requests) {
            const start = rest.indexOf('\r\n\r\n') + 4;
            expect(rest.subarray(start, start + size).equals(bodyOf(mark, size))).toBe(true);
            rest = rest.subarray(start + size);
          }
        }),
      );
    },
  );

  it('stop the server while they are not read, then are taken for unread', async () => {
    let sent = 0;
    const port = await rawServer((socket) => {
      socket.once('data', () => {
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 900000000\r\n\r\n');
        const more = () => {
          while (!socket.destroyed && socket.write(octets.subarray(0, 65_536))) sent += 65_536;
        };
        socket.on('drain', more);
        more();
      });
    });
    const world = await startTlsPlane({
      servers: [port],
      bind: { timeouts: { ...timeouts, client: 300 } },
    });
    const client = await openTlsClient(world.port);
    client.socket.pause();
    client.write(get('/'));
    await until(() => world.streams.length === 1);
    expect(world.streams).toMatchObject([{ termination: 'cD--' }]);
    // The kernels of three hops take some.
    expect(sent).toBeLessThan(60_000_000);
    client.socket.resume();
    await client.untilEnded();
    expect(client.ended).toBe('reset');
  });
});

describe('an upgrade over TLS', () => {
  it('makes a tunnel that ends regularly', async () => {
    const port = await rawServer((socket) => {
      let heard = '';
      socket.on('end', () => socket.end());
      socket.on('data', (chunk) => {
        if (heard.includes('\r\n\r\n')) socket.write(chunk);
        heard += chunk.toString('latin1');
        if (heard.endsWith('\r\n\r\n'))
          socket.write(
            'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\nzeroth',
          );
      });
    });
    const world = await startTlsPlane({ servers: [port] });
    const client = await openTlsClient(world.port);
    client.write(`${get('/', 'Connection: upgrade\r\nUpgrade: echo\r\n')}first`);
    await client.until(({ received }) => received.endsWith('zerothfirst'));
    client.write('second');
    await client.until(({ received }) => received.endsWith('firstsecond'));
    client.socket.end('last');
    await client.untilEnded();
    expect(client.received).toMatch(/firstsecondlast$/);
    await until(() => world.streams.length === 1);
    expect(world.streams).toMatchObject([{ status: 101, termination: '----' }]);
    const [traffic] = world.plane.sample(true).routes;
    expect(traffic).toMatchObject({
      total: 1,
      bytesIn: world.streams[0]!.bytesIn,
      bytesOut: client.received.length,
      clientAborts: 0,
    });
  });

  it('is killed as a reset', async () => {
    const port = await rawServer((socket) => {
      socket.once('data', () =>
        socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n'),
      );
    });
    const world = await startTlsPlane({ servers: [port] });
    const client = await openTlsClient(world.port);
    client.write(get('/', 'Connection: upgrade\r\nUpgrade: echo\r\n'));
    await client.untilText('101');
    const [live] = [...world.plane.connections];
    await until(() => live!.phase === 'tunnel');
    live!.kill();
    await client.untilEnded();
    expect(client.ended).toBe('reset');
    expect(world.streams).toMatchObject([{ termination: 'KD--' }]);
  });

  it('that its client resets is counted once', async () => {
    const port = await rawServer((socket) => {
      socket.once('data', () =>
        socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n'),
      );
    });
    const world = await startTlsPlane({ servers: [port] });
    const wire = await tap(world.port);
    const client = await openTlsClient(wire.port);
    client.write(get('/', 'Connection: upgrade\r\nUpgrade: echo\r\n'));
    await client.untilText('101');
    wire.far.resetAndDestroy();
    await until(() => world.streams.length === 1);
    expect(world.streams).toMatchObject([{ termination: 'CD--' }]);
    const { routes, binds, backends, servers } = world.plane.sample(true);
    for (const [traffic] of [routes, binds, backends, servers])
      expect(traffic).toMatchObject({ clientAborts: 1 });
  });
});

describe('the end of a connection over TLS', () => {
  const half = 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello';
  const v12 = { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' } as const;

  it('is no close_notify where an answer broke off', async () => {
    const port = await rawServer((socket) => {
      socket.once('data', () => socket.write(half, () => socket.resetAndDestroy()));
    });
    const world = await startTlsPlane({ servers: [port] });
    const wire = await tap(world.port);
    const client = await openTlsClient(wire.port, v12);
    const [live] = [...world.plane.connections];
    client.write(get('/'));
    await client.untilEnded();
    expect(client.ended).toBe('reset');
    expect(wire.ended).toBe('reset');
    expect(wire.records).not.toContain(21);
    expect(world.streams).toMatchObject([{ termination: 'SD--' }]);
    expect(live).toMatchObject({ resetBy: 'sluice', ownFinMono: -1 });
  });

  it('is no close_notify where it was killed in an answer', async () => {
    const port = await rawServer((socket) => {
      socket.once('data', () => socket.write(half));
    });
    const world = await startTlsPlane({ servers: [port] });
    const wire = await tap(world.port);
    const client = await openTlsClient(wire.port, v12);
    client.write(get('/'));
    await client.untilText('hello');
    for (const live of world.plane.connections) live.kill();
    await client.untilEnded();
    expect([client.ended, wire.ended]).toEqual(['reset', 'reset']);
    expect(wire.records).not.toContain(21);
    expect(world.streams).toMatchObject([{ termination: 'KD--' }]);
  });

  it('is an answer where it was killed before one', async () => {
    const port = await rawServer(() => {});
    const world = await startTlsPlane({ servers: [port] });
    const client = await openTlsClient(world.port);
    client.write(get('/'));
    const [live] = [...world.plane.connections];
    await until(() => live!.phase === 'wait');
    live!.kill();
    await client.untilEnded();
    expect(client.received).toContain('502 Bad Gateway');
    expect(client.ended).toBe('end');
    expect(world.streams).toMatchObject([{ termination: 'KH--' }]);
  });

  it.each<[string, Partial<Bind>, (world: HttpPlane) => void]>([
    ['it was idle for too long', { timeouts: { ...timeouts, keepAlive: 50 } }, () => {}],
    [
      'it is retired',
      {},
      ({ plane }) => {
        for (const live of plane.connections) live.retire();
      },
    ],
  ])('is a close_notify where %s', async (_what, bind, act) => {
    const server = recorder(okAnswer);
    const world = await startTlsPlane({ servers: [await rawServer(server.onConnection)], bind });
    const wire = await tap(world.port);
    const client = await openTlsClient(wire.port, v12);
    client.write(get('/'));
    await client.untilText('ok');
    const [live] = [...world.plane.connections];
    act(world);
    await client.untilEnded();
    expect([client.ended, wire.ended]).toEqual(['end', 'end']);
    expect(wire.records.at(-1)).toBe(21);
    client.socket.end();
    await until(() => world.plane.openConnections === 0);
    expect(live!.ownFinMono).toBeGreaterThan(0);
    expect(live!.resetBy).toBeUndefined();
  });

  it('is an answer 408 and a close_notify where a head is not finished', async () => {
    const world = await startTlsPlane({
      servers: [1],
      bind: { timeouts: { ...timeouts, request: 50 } },
    });
    const wire = await tap(world.port);
    const client = await openTlsClient(wire.port, v12);
    client.write('GET / HTTP/1.1\r\nHost');
    await client.untilEnded();
    expect(client.received).toContain('408 Request Timeout');
    expect(wire.records.at(-1)).toBe(21);
    expect(world.streams).toMatchObject([{ termination: 'cR--', status: 408 }]);
  });

  it('reaches the server as a reset where the client breaks off', async () => {
    let broken = '';
    const port = await rawServer((socket) => {
      socket.once('data', () => socket.write(half));
      socket.on('error', (error: NodeJS.ErrnoException) => {
        broken = error.code ?? '';
      });
    });
    const world = await startTlsPlane({ servers: [port] });
    const wire = await tap(world.port);
    const client = await openTlsClient(wire.port);
    const [live] = [...world.plane.connections];
    client.write(get('/'));
    await client.untilText('hello');
    wire.far.resetAndDestroy();
    await until(() => world.streams.length === 1 && broken !== '');
    expect(broken).toBe('ECONNRESET');
    expect(world.streams).toMatchObject([{ termination: 'CD--' }]);
    expect(live!.resetBy).toBe('client');
  });

  it.each([
    ['is garbage', Buffer.from('this is no TLS record at all')],
    ['is a record that was tampered with', Buffer.concat([Buffer.from([23, 3, 3, 0, 40]), Buffer.alloc(40)])],
  ])('is known where what comes after the handshake %s', async (_what, octets) => {
    const port = await rawServer(() => {});
    const world = await startTlsPlane({ servers: [port] });
    const wire = await tap(world.port);
    const client = await openTlsClient(wire.port, v12);
    client.write(get('/'));
    const [live] = [...world.plane.connections];
    await until(() => live!.phase === 'wait');
    wire.far.write(octets);
    await until(() => world.streams.length === 1);
    expect(world.streams[0]).toMatchObject({ termination: 'CH--' });
    expect(live!.cause).toMatch(/^TLS: /);
    expect(world.plane.openConnections).toBe(0);
    await client.untilEnded();
  });
});

describe('what over TLS is answered otherwise', () => {
  const hsts: RouteTls = { ...edge, hsts: 'max-age=31536000; includeSubDomains' };

  it("is Strict-Transport-Security: the route's, not the server's", async () => {
    const server = recorder(
      'HTTP/1.1 200 OK\r\nstrict-transport-security: max-age=1\r\nContent-Length: 2\r\nStrict-Transport-Security: max-age=2\r\n\r\nok',
    );
    const world = await startTlsPlane({
      servers: [await rawServer(server.onConnection)],
      routes: [routeOf('shop', 'shop.example', hsts), routeOf('other', 'other.example')],
    });
    const client = await openTlsClient(world.port);
    client.write(get('/'));
    await client.untilText('ok');
    expect(client.received.match(/strict-transport-security: .*/gi)).toEqual([
      'Strict-Transport-Security: max-age=31536000; includeSubDomains',
    ]);
    client.write('GET / HTTP/1.1\r\nHost: other.example\r\nConnection: close\r\n\r\n');
    await client.untilEnded();
    expect(client.received.match(/max-age=[12]\r\n/g)).toEqual(['max-age=1\r\n', 'max-age=2\r\n']);
  });

  it('is Strict-Transport-Security with answers of ours on that route, and on no other', async () => {
    const world = await startTlsPlane({
      servers: [],
      routes: [routeOf('shop', 'shop.example', hsts)],
    });
    const client = await openTlsClient(world.port);
    client.write(get('/'));
    await client.until(
      ({ received }) => received.includes('503: no server'.slice(0, 3)) && /\n$/.test(received),
    );
    expect(client.received).toContain('Strict-Transport-Security: max-age=31536000; includeSubDomains\r\n');
    const { length } = client.received;
    client.write('nonsense\r\n\r\n');
    await client.untilEnded();
    expect(client.received.slice(length)).toContain('400 Bad Request');
    expect(client.received.slice(length)).not.toContain('Strict');
  });

  it('is a host that is passed through: 421, and the connection stays', async () => {
    const server = recorder(okAnswer);
    const world = await startTlsPlane({
      servers: [await rawServer(server.onConnection)],
      routes: [
        routeOf('shop', 'shop.example'),
        routeOf('pay', 'pay.example', { ...edge, termination: 'passthrough' }),
      ],
    });
    const client = await openTlsClient(world.port);
    client.write('GET / HTTP/1.1\r\nHost: pay.example\r\n\r\n');
    await client.untilText('421 Misdirected Request');
    client.write(get('/', 'Connection: close\r\n'));
    await client.untilEnded();
    expect(client.received).toMatch(/ok$/);
    expect(world.streams).toMatchObject([
      { route: 'pay', status: 421, termination: 'PR--', server: undefined },
      { route: 'shop', status: 200 },
    ]);
    expect(server.heard.join('')).not.toContain('pay.example');
  });

  it.each<[string, RouteTls, boolean]>([
    ['edge alone', edge, true],
    ['Redirect', { ...edge, insecureEdgeTerminationPolicy: 'Redirect' }, true],
    ['Allow', { ...edge, insecureEdgeTerminationPolicy: 'Allow' }, false],
  ])('is the persistence cookie: Secure with %s is %s', async (_what, tls, secure) => {
    const server = recorder(okAnswer);
    const world = await startTlsPlane({
      servers: [await rawServer(server.onConnection)],
      backend: { cookie: { name: 'SRV' } },
      routes: [routeOf('shop', 'shop.example', tls)],
    });
    const { received } = await askTls(world.port, get('/', 'Connection: close\r\n'));
    expect(received).toContain(`Set-Cookie: SRV=s1; path=/${secure ? '; Secure' : ''}\r\n`);
  });

  it('is who the client is: told of a verified certificate alone', async () => {
    const server = recorder(okAnswer);
    const port = await rawServer(server.onConnection);
    const claims = 'X-SSL-Client-Verify: 0\r\nX-SSL-Client-CN: root\r\n';
    const request = get('/', `${claims}Connection: close\r\n`);
    const without = await startTlsPlane({ servers: [port] });
    await askTls(without.port, request);
    expect(server.heard.join('')).not.toMatch(/x-ssl/i);
    const clientCertificate = {
      subject: 'CN=anna,O=Example',
      issuer: 'CN=Test',
      commonName: 'anna',
      fingerprint: '00',
    };
    const known = await startTlsPlane({ servers: [port], serveTls: tlsEntrances({ clientCertificate }) });
    await askTls(known.port, request);
    const heard = server.heard.join('');
    expect(heard.match(/x-ssl.*/gi)).toEqual([
      'X-SSL-Client-Verify: 0',
      'X-SSL-Client-DN: CN=anna,O=Example',
      'X-SSL-Client-CN: anna',
    ]);
  });

  it('is a mode that was switched since the handshake: it is kept', async () => {
    const server = recorder(okAnswer);
    const world = await startTlsPlane({
      servers: [await rawServer(server.onConnection)],
      routes: [routeOf('shop', 'shop.example', { ...edge, termination: 'passthrough' })],
      serveTls: tlsEntrances({ terminations: new Map([['shop', 'edge']]) }),
    });
    const { received } = await askTls(world.port, get('/', 'Connection: close\r\n'));
    expect(received).toMatch(/^HTTP\/1\.1 200 /);
  });
});
