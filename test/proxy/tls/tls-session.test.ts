import { once } from 'node:events';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';
import { makeCertificate } from '../../../src/cli/demo/make-certificate.ts';
import type { Bind } from '../../../src/domain/plan.ts';
import { backendOf, loopback, serverOf } from '../plan-parts.ts';
import { dial, listening, peer, until } from '../sockets.ts';
import { TestFiles, testAuthority, tlsBind, tlsDial, tlsPlan, tlsPlane, tlsRoute } from './tls-plane.ts';

/** Answers each request with its name; never ends a connection by itself. */
async function httpServer(name: string): Promise<number> {
  const { port } = await listening((socket) => {
    socket.on('data', () => socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${name.length}\r\n\r\n${name}`));
    socket.on('end', () => socket.end());
  });
  return port;
}

/** Says its name to whoever has shaken hands with it, then echoes. */
async function tlsServer(name: string): Promise<number> {
  const { cert, key } = await makeCertificate({ names: [`${name}.test`] }, await testAuthority());
  const server = createTlsServer({ cert, key, allowHalfOpen: true }, (socket) => {
    socket.on('error', () => {});
    socket.write(`${name}:`);
    socket.pipe(socket);
  });
  server.on('tlsClientError', () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => sockets.add(socket));
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return (server.address() as { port: number }).port;
}

const http = (name: string, port: number, fields = {}) =>
  backendOf(name, [serverOf('one', { address: loopback(port), ...fields })], { mode: 'http' });

async function edgePlane(bind: Partial<Bind> = {}, names = ['a.test']) {
  const files = new TestFiles();
  const certificate = await files.certificate('a', { names });
  const parts = {
    routes: [tlsRoute('a', 'a.test', 'edge', 'web')],
    backends: [http('web', await httpServer('plain'))],
    certificates: [certificate],
    binds: [tlsBind(bind)],
  };
  return { ...(await tlsPlane(parts, files.material())), files, parts };
}

const get = 'GET / HTTP/1.1\r\nHost: a.test\r\n\r\n';

describe('a connection on a bind of mode tls', () => {
  it('is terminated for a route in mode edge, and served', async () => {
    const { frontPort, plane, bind, ended, port } = await edgePlane();
    expect(port('front')).toBe(frontPort);
    const client = tlsDial(frontPort, { servername: 'A.test', ALPNProtocols: ['h2', 'http/1.1'] });
    client.socket.write(get);
    await until(() => client.received().endsWith('plain'));
    expect(client.socket.alpnProtocol).toBe('http/1.1');
    expect(bind.traffic).toMatchObject({
      connections: 1,
      tlsConnections: 1,
      handshakes: 1,
      handshakeFailures: 0,
    });
    const [live] = [...plane.connections];
    expect(live).toMatchObject({ mode: 'http', route: 'a' });
    expect(live!.tls).toEqual({
      termination: 'edge',
      sni: 'a.test',
      alpnOffered: ['h2', 'http/1.1'],
      versionsOffered: ['TLSv1.3', 'TLSv1.2'],
      version: 'TLSv1.3',
      cipher: 'TLS_AES_128_GCM_SHA256',
      alpn: 'http/1.1',
      resumed: false,
    });
    expect(live!.handshakeMono).toBeGreaterThanOrEqual(live!.helloMono);
    const route = bind.routes.bySni('a.test')!;
    expect(route.traffic).toMatchObject({ open: { edge: 1 }, handshakes: 1 });
    client.socket.end();
    await until(() => client.closed && bind.traffic.connections === 0);
    await until(() => bind.traffic.tlsConnections === 0);
    expect(route.traffic.open.edge).toBe(0);
    expect(ended.length).toBe(1);
  });

  it('is passed through untouched for a route in mode passthrough', async () => {
    const server = await tlsServer('own');
    const { frontPort, plane, bind, log } = await tlsPlane(
      {
        routes: [tlsRoute('p', 'p.test', 'passthrough', 'db')],
        backends: [backendOf('db', [serverOf('one', { tlsPort: server })])],
      },
      new TestFiles().material(),
    );
    const client = tlsDial(frontPort, { servername: 'p.test' });
    client.socket.write('hello');
    await until(() => client.received() === 'own:hello');
    expect(client.socket.getPeerCertificate().subjectaltname).toBe('DNS:own.test');
    const [live] = [...plane.connections];
    expect(live).toMatchObject({
      mode: 'tcp',
      phase: 'tunnel',
      route: 'p',
      serverAddress: `127.0.0.1:${server}`,
    });
    expect(live!.tls).toMatchObject({
      termination: 'passthrough',
      sni: 'p.test',
      version: 'TLSv1.3',
      cipher: 'TLS_AES_256_GCM_SHA384',
    });
    expect(live!.serverHelloMono).toBeGreaterThanOrEqual(live!.connectedMono);
    const { traffic } = bind.routes.bySni('p.test')!;
    expect([
      traffic.open.passthrough,
      traffic.total,
      traffic.handshakeFailures,
      bind.traffic.tlsConnections,
    ]).toEqual([1, 1, 0, 1]);
    expect(traffic.bytesIn).toBe(live!.bytesIn);
    client.socket.end();
    await until(() => log.length === 1);
    expect(log).toEqual(['front db one --']);
    expect([live!.clientFinMono, live!.serverFinMono].every((mono) => mono > 0)).toBe(true);
    expect([live!.resetMono, traffic.open.passthrough, bind.traffic.tlsConnections]).toEqual([-1, 0, 0]);
  });

  it('keeps the mode of its ClientHello when the route is switched, and the next one has the new mode', async () => {
    const server = await tlsServer('own');
    const files = new TestFiles();
    const set = await tlsPlane(
      {
        routes: [tlsRoute('a', 'a.test', 'edge', 'web')],
        backends: [http('web', await httpServer('plain'), { tlsPort: server })],
        certificates: [await files.certificate('a', { names: ['a.test'] })],
      },
      files.material(),
    );
    const first = tlsDial(set.frontPort, { servername: 'a.test' });
    first.socket.write(get);
    await until(() => first.received().endsWith('plain'));
    set.plane.setRoutes([{ route: 'a', termination: 'passthrough' }]);
    const second = tlsDial(set.frontPort, { servername: 'a.test' });
    await until(() => second.received() === 'own:');
    first.socket.write(get);
    await until(() => first.received().split('plain').length === 3);
  });

  it.each([
    ['no route and no certificate', { servername: 'b.test' }, 'no route and no certificate for b.test'],
    ['no server name at all', {}, 'the client sent no server name, and there is no default certificate'],
  ])('gets an alert where there is %s', async (_what, options, cause) => {
    const { frontPort, log, ended, bind } = await tlsPlane({}, new TestFiles().material());
    const client = tlsDial(frontPort, options);
    await until(() => client.closed && bind.traffic.connections === 0);
    expect(client.error).toMatch(/UNRECOGNIZED_NAME/);
    expect(log).toEqual(['front - - PR']);
    expect(ended[0]!.cause).toBe(cause);
    expect(bind.traffic).toMatchObject({ handshakeFailures: 1, tlsConnections: 0 });
  });

  it.each([
    ['only HTTP/2', { ALPNProtocols: ['h2'] }, {}, 'the client speaks h2, not http/1.1'],
    [
      'only an old version',
      { maxVersion: 'TLSv1.2' },
      { minVersion: 'TLSv1.3' },
      'the client speaks TLSv1.2, this bind TLSv1.3 and newer',
    ],
    [
      'no cipher of ours',
      { maxVersion: 'TLSv1.2', ciphers: 'AES128-SHA' },
      {},
      'the client offers no cipher that is spoken here',
    ],
  ] as const)('gets an alert where it offers %s', async (_what, options, tls, cause) => {
    const { frontPort, ended, bind } = await edgePlane({ tls: { minVersion: 'TLSv1.2', ...tls } });
    const client = tlsDial(frontPort, { servername: 'a.test', ...options });
    await until(() => client.closed && bind.traffic.connections === 0);
    expect(client.error).toMatch(/^ERR_SSL.*ALERT|NO_APPLICATION_PROTOCOL|PROTOCOL_VERSION/);
    expect(ended.map((live) => live.cause)).toEqual([cause]);
    expect(bind.routes.bySni('a.test')!.traffic).toMatchObject({ handshakeFailures: 1, open: { edge: 0 } });
  });

  it('tells plain HTTP in plain HTTP', async () => {
    const { frontPort, ended, bind } = await edgePlane();
    const client = peer(await dial({ port: frontPort }));
    client.socket.write(get);
    await until(() => client.ended);
    expect(`${client.received()}`).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n.*this port speaks TLS/s);
    client.socket.end();
    await until(() => bind.traffic.connections === 0);
    expect(client.error).toBeUndefined();
    expect(ended.map(({ cause, termination }) => [cause, termination])).toEqual([
      ['plain HTTP on a port for TLS', 'PR'],
    ]);
  });

  it.each([
    ['ends', 'end', 'the client ended the connection in the middle of its ClientHello'],
    ['resets', 'resetAndDestroy', 'the client reset the connection in the middle of its ClientHello'],
  ] as const)('is forgotten when the client %s half a ClientHello', async (_how, method, cause) => {
    const { frontPort, ended, bind, plane } = await edgePlane();
    const client = peer(await dial({ port: frontPort }));
    client.socket.write(Buffer.from([22, 3, 1, 1, 0, 1]));
    // A reset takes back what was not read yet.
    const heard = () => [...plane.connections].some((live) => live.lastByteMono > live.acceptedMono);
    await until(heard);
    client.socket[method]();
    await until(() => ended.length === 1 && bind.traffic.connections === 0);
    expect([ended[0]!.cause, ended[0]!.termination]).toEqual([cause, 'CR']);
    expect(bind.traffic.handshakeFailures).toBe(1);
  });

  it('is cut when it is silent, or stops in the middle of the handshake', async () => {
    const timeouts = { client: 5_000, request: 60, keepAlive: 5_000 };
    const { frontPort, ended, bind } = await edgePlane({ timeouts });
    const silent = peer(await dial({ port: frontPort }));
    await until(() => silent.closed);
    expect(silent.error).toBe('ECONNRESET');
    const recorded = await helloOf('a.test');
    const half = peer(await dial({ port: frontPort }));
    half.socket.write(recorded);
    await until(() => half.closed && ended.length === 2);
    expect(half.received()[0]).toBe(22);
    expect(ended.map(({ cause, termination }) => [cause, termination])).toEqual([
      ['no ClientHello came within the request timeout', 'cR'],
      ['the handshake was not complete within the request timeout', 'cR'],
    ]);
    await until(() => bind.traffic.tlsConnections === 0);
    expect([bind.traffic.connections, bind.traffic.handshakeFailures]).toEqual([0, 2]);
  });

  it('ends when the client leaves in the middle of the handshake', async () => {
    const { frontPort, ended, bind } = await edgePlane();
    const recorded = await helloOf('a.test');
    const client = peer(await dial({ port: frontPort }));
    client.socket.write(recorded);
    await until(() => client.received().length > 0);
    client.socket.end();
    await until(() => ended.length === 1);
    expect([ended[0]!.cause, ended[0]!.termination]).toEqual([
      'the client closed the connection in the middle of the handshake',
      'CR',
    ]);
    await until(() => bind.traffic.connections === 0 && bind.traffic.tlsConnections === 0);
  });

  it.each([0, 1])('is killed before its handshake is complete (%i)', async (state) => {
    const { frontPort, ended, bind, plane } = await edgePlane();
    const client = peer(await dial({ port: frontPort }));
    if (state === 1) client.socket.write(await helloOf('a.test'));
    await until(() => [...plane.connections].length === 1 && (state === 0 || client.received().length > 0));
    const [live] = [...plane.connections];
    plane.kill(live!.serial);
    await until(() => client.closed);
    expect([client.error, ended[0]!.termination, bind.traffic.connections]).toEqual(['ECONNRESET', 'KR', 0]);
    expect(ended.length).toBe(1);
  });

  it('is closed by a stop before it has said a word, and without a line in the log', async () => {
    const { frontPort, log, plane } = await edgePlane();
    const client = peer(await dial({ port: frontPort }));
    await until(() => [...plane.connections].length === 1);
    await plane.stop(1_000);
    await until(() => client.ended);
    expect(log).toEqual([]);
  });

  it('may come through a unix socket', async () => {
    const path = join(tmpdir(), `sluice-tls-${process.pid}.sock`);
    const { bind, plane } = await edgePlane({ address: { kind: 'unix', path } });
    const client = tlsDial(0, { path, servername: 'a.test' });
    client.socket.write(get);
    await until(() => client.received().endsWith('plain'));
    const [live] = [...plane.connections];
    plane.kill(live!.serial);
    await until(() => client.closed && bind.traffic.connections === 0 && bind.traffic.tlsConnections === 0);
  });

  it('gets the new certificate after a change, while an open connection goes on', async () => {
    const { frontPort, plane, files, parts } = await edgePlane();
    const first = tlsDial(frontPort, { servername: 'a.test' });
    first.socket.write(get);
    await until(() => first.received().endsWith('plain'));
    await files.certificate('a', { names: ['a.test', 'new.test'] });
    plane.setTlsMaterial(files.material());
    const second = tlsDial(frontPort, { servername: 'a.test' });
    await once(second.socket, 'secureConnect');
    expect(second.socket.getPeerCertificate().subjectaltname).toBe('DNS:a.test, DNS:new.test');
    first.socket.write(get);
    await until(() => first.received().split('plain').length === 3);
    expect(tlsPlan(parts).certificates.length).toBe(1);
  });
});

describe('a connection that is passed through', () => {
  const through = async (server: number) =>
    tlsPlane(
      {
        routes: [tlsRoute('p', 'p.test', 'passthrough', 'db')],
        backends: [backendOf('db', [serverOf('one', { address: loopback(server) })])],
      },
      new TestFiles().material(),
    );

  it.each([
    [
      'speaks plain HTTP',
      (socket: Socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'),
      /^the server db\/one does not speak TLS on 127\.0\.0\.1:\d+$/,
    ],
    [
      'answers with an alert',
      (socket: Socket) => socket.end(Buffer.from([21, 3, 3, 0, 2, 2, 112])),
      /^the server db\/one refused the handshake: alert unrecognized_name$/,
    ],
    [
      'ends at once',
      (socket: Socket) => socket.end(),
      /^the server ended the connection before the ServerHello$/,
    ],
    [
      'resets',
      (socket: Socket) => void socket.once('data', () => socket.resetAndDestroy()),
      /^the server reset the connection before the ServerHello$/,
    ],
  ])('tells of a server that %s', async (_what, accepted, cause) => {
    const { port } = await listening(accepted);
    const { frontPort, bind, ended } = await through(port);
    const client = tlsDial(frontPort, { servername: 'p.test' });
    await until(() => client.closed && ended.length === 1);
    expect(ended[0]!.cause).toMatch(cause);
    expect(bind.routes.bySni('p.test')!.traffic).toMatchObject({
      handshakeFailures: 1,
      open: { passthrough: 0 },
    });
  });

  it('is killed, and says who reset it', async () => {
    const { frontPort, plane, ended } = await through(await tlsServer('own'));
    const client = tlsDial(frontPort, { servername: 'p.test' });
    await until(() => client.received() === 'own:');
    const [live] = [...plane.connections];
    live!.retire();
    plane.kill(live!.serial);
    await until(() => client.closed);
    expect(ended.map(({ termination, resetBy }) => [termination, resetBy])).toEqual([['KD', 'sluice']]);
  });
});

/** What a real client says first. */
async function helloOf(servername: string): Promise<Buffer> {
  const accepted = Promise.withResolvers<Buffer>();
  const { port } = await listening((socket) => socket.once('data', accepted.resolve));
  const client = tlsDial(port, { servername });
  const hello = await accepted.promise;
  client.socket.destroy();
  return hello;
}
