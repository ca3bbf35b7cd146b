import { connect, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { Backend, Server } from '../../src/domain/plan.ts';
import { backendOf, bindOf, loopback, planOf, serverOf } from './plan-parts.ts';
import { dial, listening, peer, until } from './sockets.ts';
import { testPlane } from './test-plane.ts';

const timeouts = { connect: 1_000, server: 5_000, queue: 1_000, tunnel: 60_000 };

/** An echo server whose answers begin with its name. */
async function echo(name: string): Promise<{ readonly port: number; readonly sockets: Socket[] }> {
  const sockets: Socket[] = [];
  const { port } = await listening((socket) => {
    sockets.push(socket);
    socket.write(`${name}:`);
    socket.pipe(socket);
  });
  return { port, sockets };
}

/** A port where nobody listens. */
async function closedPort(): Promise<number> {
  const { server, port } = await listening(() => {});
  await new Promise<void>((resolve) => void server.close(() => resolve()));
  return port;
}

async function setUp(servers: readonly Server[], fields: Partial<Backend> = {}) {
  const db = backendOf('db', servers, fields);
  const set = await testPlane(planOf('one', [bindOf('front', { backend: 'db' })], [db]));
  const client = async () => peer(await dial({ port: set.port('front') }));
  return { ...set, client, backend: set.plane.backend('db')! };
}

describe('a TCP session', () => {
  it('joins client and server, and leaves times, bytes and counters behind', async () => {
    const { port } = await echo('one');
    const { client, log, ended, plane, backend } = await setUp([
      serverOf('one', { address: loopback(port) }),
    ]);
    const one = await client();
    one.socket.write('hello');
    await until(() => one.received().length === 9);
    const [live] = [...plane.connections];
    expect(live).toMatchObject({
      phase: 'tunnel',
      backend: 'db',
      server: 'db/one',
      serverAddress: `127.0.0.1:${port}`,
      client: `127.0.0.1:${one.socket.localPort}`,
      clientHost: '127.0.0.1',
      requests: 1,
    });
    expect([backend.streams, backend.servers[0]!.tunnels, plane.openConnections]).toEqual([1, 1, 1]);
    one.socket.end();
    await until(() => one.closed && log.length === 1);
    expect(`${one.received()}`).toBe('one:hello');
    expect(log).toEqual(['front db one --']);
    const { acceptedMono, assignedMono, connectedMono, endMono, queuedMono } = ended[0]!;
    expect(queuedMono).toBe(-1);
    expect(
      [acceptedMono, assignedMono, connectedMono, endMono].every(
        (time, i, all) => i === 0 || time >= all[i - 1]!,
      ),
    ).toBe(true);
    const sample = plane.sample(true);
    expect(sample.binds[0]).toMatchObject({ total: 1, connections: 0, bytesIn: 5, bytesOut: 9 });
    expect(sample.backends[0]).toMatchObject({ total: 1, streams: 0, bytesIn: 5, bytesOut: 9 });
    expect(sample.servers[0]).toMatchObject({
      key: 'db/one',
      total: 1,
      streams: 0,
      tunnels: 0,
      bytesIn: 5,
      bytesOut: 9,
    });
    expect(sample.servers[0]!.latency.length).toBe(2);
    expect(sample.servers[0]!.lastArrivalAt).toBeGreaterThan(0);
  });

  it.each([
    ['no server takes clients', [serverOf('one', { weight: 0 })], 'front db - SC'],
    ['there is no server at all', [], 'front db - SC'],
  ])('resets the client when %s', async (_text, servers, line) => {
    const { port, log } = await setUp(servers);
    const one = peer(connect(port('front'), '127.0.0.1'));
    await until(() => one.closed && log.length === 1);
    expect([one.error, log]).toEqual(['ECONNRESET', [line]]);
  });

  it('tries another server when one refuses, and the client notices nothing', async () => {
    const { port } = await echo('two');
    const { client, ended, backend } = await setUp(
      [
        serverOf('one', { address: loopback(await closedPort()) }),
        serverOf('two', { address: loopback(port) }),
      ],
      { retries: 1 },
    );
    const one = await client();
    await until(() => one.received().length === 4);
    one.socket.end();
    await until(() => ended.length === 1);
    expect(ended[0]).toMatchObject({ termination: '--', server: 'db/two', retries: 1, redispatched: true });
    expect(ended[0]!.steps).toMatchObject([{ what: 'retry', text: 'db/one: connection refused' }]);
    expect(backend.traffic).toMatchObject({ total: 1, connectErrors: 1, retries: 1, redispatches: 1 });
    expect(backend.servers.map(({ streams, traffic }) => [streams, traffic.total])).toEqual([
      [0, 1],
      [0, 1],
    ]);
  });

  it('tries the same server again after a pause, then gives up', async () => {
    const { client, log, ended, backend } = await setUp(
      [serverOf('one', { address: loopback(await closedPort()) })],
      { retries: 2, redispatch: false, timeouts: { ...timeouts, connect: 50 } },
    );
    const one = await client();
    await until(() => one.closed && log.length === 1);
    expect(log).toEqual(['front db one SC']);
    expect([one.error, ended[0]!.retries, backend.traffic.connectErrors]).toEqual(['ECONNRESET', 2, 3]);
    expect([backend.streams, backend.servers[0]!.streams]).toEqual([0, 0]);
    // Two pauses of 50 ms lie between three attempts.
    expect(ended[0]!.endMono - ended[0]!.assignedMono).toBeGreaterThanOrEqual(100);
  });

  it('waits in the queue for a place, in order', async () => {
    const { port, sockets } = await echo('one');
    const { client, ended, plane, backend } = await setUp([
      serverOf('one', { address: loopback(port), maxConnections: 1 }),
    ]);
    const first = await client();
    await until(() => first.received().length === 4);
    const second = await client();
    await until(() => backend.queue.length === 1);
    const third = await client();
    await until(() => backend.queue.length === 2);
    expect(plane.sample(true).backends[0]!.queued).toBe(2);
    expect([...plane.connections].map(({ phase }) => phase)).toEqual(['tunnel', 'queue', 'queue']);
    expect(sockets.length).toBe(1);
    first.socket.end();
    await until(() => second.received().length === 4);
    expect(third.received().length).toBe(0);
    second.socket.end();
    await until(() => third.received().length === 4);
    third.socket.end();
    await until(() => ended.length === 3);
    expect(ended.map(({ backendQueuePlace }) => backendQueuePlace)).toEqual([0, 1, 2]);
    expect(ended[1]!.queuedMono).toBeGreaterThan(0);
  });

  it('gives up after the queue timeout', async () => {
    const { port } = await echo('one');
    const { client, log, backend } = await setUp(
      [serverOf('one', { address: loopback(port), maxConnections: 1 })],
      { timeouts: { ...timeouts, queue: 50 } },
    );
    const first = await client();
    await until(() => first.received().length === 4);
    const second = await client();
    await until(() => second.closed);
    expect([log, second.error, backend.queue.length]).toEqual([['front db - sQ'], 'ECONNRESET', 0]);
  });

  it('forgets a client that resets while it waits', async () => {
    const { port } = await echo('one');
    const { client, log, backend } = await setUp([
      serverOf('one', { address: loopback(port), maxConnections: 1 }),
    ]);
    const first = await client();
    await until(() => first.received().length === 4);
    const second = await client();
    await until(() => backend.queue.length === 1);
    second.socket.resetAndDestroy();
    await until(() => log.length === 1);
    expect([log, backend.queue.length, backend.traffic.clientAborts]).toEqual([['front db - CQ'], 0, 1]);
  });

  it('carries what a client said before its server was connected, half-close included', async () => {
    const { port } = await echo('one');
    const { client, log, backend } = await setUp([
      serverOf('one', { address: loopback(port), maxConnections: 1 }),
    ]);
    const first = await client();
    await until(() => first.received().length === 4);
    const second = await client();
    second.socket.end('early');
    await until(() => backend.queue.length === 1);
    first.socket.end();
    await until(() => second.closed);
    expect([`${second.received()}`, second.error, log]).toEqual([
      'one:early',
      undefined,
      ['front db one --', 'front db one --'],
    ]);
  });

  it('is killed in the queue and in the tunnel alike', async () => {
    const { port } = await echo('one');
    const { client, log, plane, backend } = await setUp([
      serverOf('one', { address: loopback(port), maxConnections: 1 }),
    ]);
    const first = await client();
    await until(() => first.received().length === 4);
    const second = await client();
    await until(() => backend.queue.length === 1);
    const [tunnel, queued] = [...plane.connections];
    expect([plane.kill(queued!.serial), plane.kill(queued!.serial)]).toEqual([true, false]);
    expect([plane.kill(tunnel!.serial), plane.kill(4_711)]).toEqual([true, false]);
    await until(() => first.closed && second.closed);
    expect([first.error, second.error]).toEqual(['ECONNRESET', 'ECONNRESET']);
    expect(log).toEqual(['front db - KQ', 'front db one KD']);
    expect([plane.openConnections, backend.streams]).toEqual([0, 0]);
  });
});
