import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { Plan, Route, Shard } from '../../src/domain/plan.ts';
import type { Labels } from '../../src/domain/selector.ts';
import { serveHttp } from '../../src/proxy/http/client-session.ts';
import { plainShard } from '../support/plain-shard.ts';
import { backendOf, bindOf, loopback, planOf, routeOf, serverOf } from './plan-parts.ts';
import { dial, listening, type Peer, peer, until } from './sockets.ts';
import { type TestPlane, testPlane } from './test-plane.ts';
import { hello, serverNames } from './tls/hello-bytes.ts';
import { tlsBind } from './tls/tls-plane.ts';

const sharded: Labels = { sharded: 'true' };

/** Two shards, a bind of mode http and one of mode tls each; routes by their label. */
function planWith(hash: string, ports: { http: number; tls: number }, labels: Record<string, Labels>): Plan {
  const shards: Shard[] = ['default', 'sharded'].map((name) => ({
    name,
    ...plainShard,
    isDefault: name === 'default',
    ...(name === 'sharded' ? { routeSelector: { matchLabels: sharded } } : {}),
    binds: [bindOf(`${name}-http`, { mode: 'http' }), tlsBind({ name: `${name}-tls` })],
  }));
  const routes: Route[] = ['shop', 'blog'].map((name) =>
    routeOf(name, { host: `${name}.test`, labels: labels[name] ?? {}, to: [{ backend: 'web', weight: 1 }] }),
  );
  const pay = routeOf('pay', {
    host: 'pay.test',
    labels: labels.pay ?? {},
    tls: { termination: 'passthrough', insecureEdgeTerminationPolicy: 'None' },
    to: [{ backend: 'bank', weight: 1 }],
  });
  const backends = [
    backendOf('web', [serverOf('one', { address: loopback(ports.http) })], { mode: 'http' }),
    backendOf('bank', [serverOf('one', { address: loopback(ports.tls) })]),
  ];
  return { ...planOf(hash, [], backends, [...routes, pay]), shards };
}

async function origins() {
  const waiting: Socket[] = [];
  const http = await listening((socket) => {
    socket.on('data', (bytes) => {
      if (bytes.includes('/slow')) waiting.push(socket);
      else answer(socket);
    });
  });
  const tls = await listening((socket) => socket.pipe(socket));
  return { ports: { http: http.port, tls: tls.port }, waiting };
}

function answer(socket: Socket): void {
  socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok');
}

const request = (host: string, path = '/') => `GET ${path} HTTP/1.1\r\nhost: ${host}\r\n\r\n`;
const statuses = (of: Peer) => [...`${of.received()}`.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, code]) => code);

async function asked(client: Peer, host: string, path?: string): Promise<string | undefined> {
  const before = statuses(client).length;
  client.socket.write(request(host, path));
  await until(() => statuses(client).length > before || client.closed);
  return statuses(client)[before];
}

const httpClient = async (set: TestPlane, shard: string) =>
  peer(await dial({ port: set.port(`${shard}-http`) }));
const once = async (set: TestPlane, shard: string, host: string) => asked(await httpClient(set, shard), host);

/** A client of passthrough: its ClientHello comes back from the origin, or an alert from us. */
async function passedThrough(set: TestPlane, shard: string): Promise<Peer> {
  const client = peer(await dial({ port: set.port(`${shard}-tls`) }));
  client.socket.write(hello({ extensions: [serverNames('pay.test')] }));
  await until(() => client.received().length > 0 || client.closed);
  return client;
}

/** A record of a handshake, not of an alert. */
const isThrough = (client: Peer) => client.received()[0] === 22;

describe('a shard', () => {
  it.each([
    ['each in an instance of its own', true],
    ['all binds in one process', false],
  ])('serves the routes that it admits, and no others: %s', async (_, apart) => {
    const { ports } = await origins();
    const plan = planWith('p', ports, { shop: sharded, pay: sharded });
    const planeOf = (shard: string) => testPlane(plan, [], { serveHttp, ...(apart ? { shard } : {}) });
    for (const [shard, shop, blog, pay] of [
      ['default', '503', '200', false],
      ['sharded', '200', '503', true],
    ] as const) {
      const set = await planeOf(shard);
      expect([await once(set, shard, 'shop.test'), await once(set, shard, 'blog.test')]).toEqual([
        shop,
        blog,
      ]);
      expect(isThrough(await passedThrough(set, shard))).toBe(pay);
      expect(set.plane.binds.map(({ shard: of }) => of)).toEqual(
        apart ? [shard, shard] : ['default', 'default', 'sharded', 'sharded'],
      );
    }
  });
});

describe('a route that is relabelled', () => {
  it('moves to the other shard at once, and no connection is dropped', async () => {
    const { ports, waiting } = await origins();
    const before = planWith('before', ports, {});
    const [from, to] = [
      await testPlane(before, [], { serveHttp, shard: 'default' }),
      await testPlane(before, [], { serveHttp, shard: 'sharded' }),
    ];
    const [slow, idle] = [await httpClient(from, 'default'), await httpClient(from, 'default')];
    slow.socket.write(request('shop.test', '/slow'));
    expect(await asked(idle, 'shop.test')).toBe('200');
    const bank = await passedThrough(from, 'default');
    await until(() => waiting.length === 1);

    const after = planWith('after', ports, { shop: sharded, pay: sharded });
    for (const { plane } of [to, from]) await plane.apply(after, []);
    // Where it went.
    expect(await once(to, 'sharded', 'shop.test')).toBe('200');
    expect(isThrough(await passedThrough(to, 'sharded'))).toBe(true);
    // Where it was: not for those who come now, but the stream under way ends as it began.
    expect(await once(from, 'default', 'shop.test')).toBe('503');
    expect(isThrough(await passedThrough(from, 'default'))).toBe(false);
    waiting.forEach(answer);
    await until(() => statuses(slow).length === 1);
    expect(statuses(slow)).toEqual(['200']);
    const echoed = bank.received().length;
    bank.socket.write('still here');
    await until(() => bank.received().length === echoed + 10);
    // A connection that was there stays, for what its shard still serves.
    expect([await asked(idle, 'shop.test'), await asked(idle, 'blog.test')]).toEqual(['503', '200']);
    expect([slow.closed, idle.closed, bank.closed]).toEqual([false, false, false]);
    // Both tell what the route did there.
    const pay = ({ plane }: TestPlane) => plane.sample(true).routes.find(({ name }) => name === 'pay');
    expect([pay(from)?.open.passthrough, pay(to)?.total]).toEqual([1, 1]);
  });

  it('comes back to what was counted of it', async () => {
    const { ports } = await origins();
    const [here, away] = [planWith('here', ports, {}), planWith('away', ports, { shop: sharded })];
    const set = await testPlane(here, [], { serveHttp, shard: 'default' });
    const total = () => set.plane.sample(true).routes.find(({ name }) => name === 'shop')?.total;
    await once(set, 'default', 'shop.test');
    await set.plane.apply(away, []);
    expect(total()).toBe(1);
    await set.plane.apply(here, []);
    await once(set, 'default', 'shop.test');
    expect(total()).toBe(2);
  });
});

describe('a switch of a TLS mode', () => {
  it('lets a route in that was refused for it, at once', async () => {
    const { ports } = await origins();
    const plan = planWith('p', ports, {});
    const pay = plan.routes.at(-1)!;
    const later = {
      ...pay,
      name: 'later',
      createdAt: 1,
      path: '/api',
      tls: { ...pay.tls!, termination: 'edge' },
    } as const;
    const set = await testPlane({ ...plan, routes: [...plan.routes, later] }, [], {
      serveHttp,
      shard: 'default',
    });
    const served = () => set.plane.bind('default-tls')!.routes.secure.match('pay.test', '/api')?.name;
    expect(served()).toBe('pay');
    set.plane.setRoutes([{ route: 'pay', termination: 'edge' }]);
    expect(served()).toBe('later');
  });
});

describe('what an instance says of itself', () => {
  it('is whose it is, its clients and what it counted, over plans that take its binds away', async () => {
    const { ports } = await origins();
    const plan = planWith('p', ports, {});
    const set = await testPlane(plan, [], { serveHttp, shard: 'default' });
    const clients = [await httpClient(set, 'default'), await httpClient(set, 'default')];
    for (const client of clients) await asked(client, 'shop.test');
    const figures = () => set.plane.sample(false).instances[0];
    expect(figures()).toMatchObject({
      id: 'default/1',
      shard: 'default',
      life: 'test',
      connections: 2,
      clients: 1,
      newConnections: 2,
      requests: 2,
    });
    expect(set.plane.clients()).toEqual({
      clients: [{ address: '127.0.0.1', connections: 2, backends: ['web'] }],
      missed: 0,
    });
    await set.plane.apply({ ...plan, hash: 'none', shards: [] }, []);
    await until(() => clients.every(({ ended }) => ended));
    for (const { socket } of clients) socket.end();
    await until(() => set.plane.openConnections === 0);
    expect(figures()).toMatchObject({ connections: 0, clients: 0, newConnections: 2, requests: 2 });
    expect(figures()).toMatchObject({ requests: 2 });
    expect(set.ended.every(({ instance }) => instance === 'default/1')).toBe(true);
  });

  it('names the backends of streams under way, too', async () => {
    const { ports, waiting } = await origins();
    const set = await testPlane(planWith('p', ports, {}), [], { serveHttp, shard: 'default' });
    const client = await httpClient(set, 'default');
    client.socket.write(request('shop.test', '/slow'));
    await until(() => waiting.length === 1);
    expect(set.plane.clients().clients).toMatchObject([{ connections: 1, backends: ['web'] }]);
  });
});
