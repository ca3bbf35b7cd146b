import { mkdtempSync, rmSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Bind, ServerKey } from '../../src/domain/plan.ts';
import type { AdminState } from '../../src/domain/server-state.ts';
import type { BindRuntime } from '../../src/proxy/bind-runtime.ts';
import { BindError } from '../../src/proxy/listener.ts';
import type { LiveConnection } from '../../src/proxy/live-connection.ts';
import type { Plane } from '../../src/proxy/plane.ts';
import { backendOf, bindOf, loopback, planOf, serverOf } from './plan-parts.ts';
import { dial, listening, type Peer, peer, until } from './sockets.ts';
import { type TestPlane, testPlane } from './test-plane.ts';

/** Says its name to whoever connects, and echoes. */
async function origin(name: string): Promise<number> {
  const { port } = await listening((socket) => {
    socket.write(`${name}:`);
    socket.pipe(socket);
  });
  return port;
}

async function connected(to: TestPlane, bind: string, greeting: number): Promise<Peer> {
  const client = peer(await dial({ port: to.port(bind) }));
  await until(() => client.received().length === greeting);
  return client;
}

const wish = (server: ServerKey, admin: AdminState) => ({
  server,
  admin,
  operational: 'up' as const,
  weight: 1,
});

describe('applying a plan', () => {
  it('swaps servers under open connections, which stay as they are', async () => {
    const [one, two] = [await origin('one'), await origin('two')];
    const bind = bindOf('front', { backend: 'db' });
    const plan = (hash: string, port: number, name: string) =>
      planOf(hash, [bind], [backendOf('db', [serverOf(name, { address: loopback(port) })])]);
    const set = await testPlane(plan('first', one, 'one'));
    const port = set.port('front');
    const old = await connected(set, 'front', 4);
    await set.plane.apply(plan('second', two, 'two'), []);
    expect([set.plane.plan?.hash, set.port('front')]).toEqual(['second', port]);
    const fresh = await connected(set, 'front', 4);
    old.socket.end('still here');
    fresh.socket.end('!');
    await until(() => old.closed && fresh.closed);
    expect([`${old.received()}`, `${fresh.received()}`]).toEqual(['one:still here', 'two:!']);
    await until(() => set.log.length === 2);
    expect(set.log.toSorted()).toEqual(['front db one --', 'front db two --']);
  });

  it('reports a server that left until its last stream has ended', async () => {
    const [one, two] = [await origin('one'), await origin('two')];
    const bind = bindOf('front', { backend: 'db' });
    const set = await testPlane(
      planOf('1', [bind], [backendOf('db', [serverOf('one', { address: loopback(one) })])]),
    );
    const old = await connected(set, 'front', 4);
    const next = planOf(
      '2',
      [{ ...bind, backend: 'new' }],
      [backendOf('new', [serverOf('two', { address: loopback(two) })])],
    );
    await set.plane.apply(next, []);
    const keys = () => set.plane.sample(true).servers.map(({ key, streams }) => `${key} ${streams}`);
    expect(keys()).toEqual(['new/two 0', 'db/one 1']);
    old.socket.end();
    await until(() => set.log.length === 1);
    expect(keys()).toEqual(['new/two 0']);
    expect(set.plane.sample(true).backends.map(({ name }) => name)).toEqual(['new']);
  });

  it('changes nothing when one of the new binds cannot be had', async () => {
    const { port: taken } = await listening(() => {});
    const db = backendOf('db', [serverOf('one', { address: loopback(await origin('one')) })]);
    const front = bindOf('front', { backend: 'db' });
    const set = await testPlane(planOf('good', [front], [db]));
    const open = await connected(set, 'front', 4);
    const free = loopback(await unusedPort());
    const bad = planOf(
      'bad',
      [
        bindOf('extra', { backend: 'db', address: free }),
        bindOf('clash', { backend: 'db', address: loopback(taken) }),
      ],
      [backendOf('db', [])],
    );
    const before = set.plane.binds;
    const error: unknown = await set.plane.apply(bad, []).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(BindError);
    expect(String(error)).toContain(`bind clash (127.0.0.1:${taken}): the address is in use by`);
    expect([set.plane.plan?.hash, set.plane.binds]).toEqual(['good', before]);
    await expect(dial({ port: free.kind === 'ip' ? free.port : 0 })).rejects.toMatchObject({
      code: 'ECONNREFUSED',
    });
    open.socket.write('x');
    await until(() => open.received().length === 5);
    await connected(set, 'front', 4);
  });

  it('moves from one address of its own to one that overlaps it, and back when that fails', async () => {
    const db = backendOf('db', [serverOf('one', { address: loopback(await origin('one')) })]);
    const port = await unusedPort();
    const narrow = bindOf('front', { backend: 'db', address: loopback(port) });
    const wide: Bind = { ...narrow, address: { kind: 'ip', host: '0.0.0.0', port } };
    const set = await testPlane(planOf('narrow', [narrow], [db]));
    const { port: taken } = await listening(() => {});
    const clash = bindOf('clash', { backend: 'db', address: loopback(taken) });
    await expect(set.plane.apply(planOf('bad', [wide, clash], [db]), [])).rejects.toBeInstanceOf(BindError);
    expect(set.plane.binds.map(({ address }) => address)).toEqual([`127.0.0.1:${port}`]);
    await connected(set, 'front', 4);
    await set.plane.apply(planOf('wide', [wide], [db]), []);
    expect(set.plane.binds.map(({ address }) => address)).toEqual([`0.0.0.0:${port}`]);
    await connected(set, 'front', 4);
  });

  it('closes binds that left and retires their connections, which end in their own time', async () => {
    const db = backendOf('db', [serverOf('one', { address: loopback(await origin('one')) })]);
    const [front, extra] = [bindOf('front', { backend: 'db' }), bindOf('extra', { backend: 'db' })];
    const set = await testPlane(planOf('both', [front, extra], [db]));
    const port = set.port('extra');
    const old = await connected(set, 'extra', 4);
    await set.plane.apply(planOf('one', [front], [db]), []);
    await expect(dial({ port })).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    expect(set.plane.sample(true).binds.map(({ name, connections }) => `${name} ${connections}`)).toEqual([
      'front 0',
      'extra 1',
    ]);
    old.socket.end('bye');
    await until(() => set.log.length === 1);
    expect(`${old.received()}`).toBe('one:bye');
    set.plane.sample(true);
    expect(set.plane.sample(true).binds.map(({ name }) => name)).toEqual(['front']);
  });

  it('applies one plan after the other, in the order of the calls', async () => {
    const set = await testPlane(planOf('0', [], []));
    const db = backendOf('db', [serverOf('one')]);
    const plans = ['1', '2', '3'].map((hash) =>
      planOf(hash, [bindOf(`front${hash}`, { backend: 'db' })], [db]),
    );
    await Promise.all(plans.map((plan) => set.plane.apply(plan, [])));
    expect([set.plane.plan?.hash, set.plane.binds.map(({ name }) => name)]).toEqual(['3', ['front3']]);
  });

  it('listens on unix sockets, and names clients there', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'sluice-plane-'));
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
    const [path, backendPath] = [join(directory, 'front.sock'), join(directory, 'db.sock')];
    await listening((socket) => socket.end('hello'), { path: backendPath });
    const db = backendOf('db', [serverOf('one', { address: { kind: 'unix', path: backendPath } })]);
    const set = await testPlane(
      planOf('1', [bindOf('front', { backend: 'db', address: { kind: 'unix', path } })], [db]),
    );
    expect(set.plane.binds[0]!.address).toBe(`unix:${path}`);
    const client = peer(await dial({ path }));
    await until(() => client.ended);
    client.socket.end();
    await until(() => set.log.length === 1);
    expect([`${client.received()}`, set.ended[0]!.client, set.ended[0]!.clientHost]).toEqual([
      'hello',
      'unix:',
      '',
    ]);
  });
});

describe('server wishes', () => {
  it('hold from the plan on, and from setServers on', async () => {
    const servers = await Promise.all(
      ['one', 'two'].map(async (name) => serverOf(name, { address: loopback(await origin(name)) })),
    );
    const plan = planOf('1', [bindOf('front', { backend: 'db' })], [backendOf('db', servers)]);
    const set = await testPlane(plan, [wish('db/one', 'drain')]);
    const greeting = async () => `${(await connected(set, 'front', 4)).received()}`;
    expect([await greeting(), await greeting()]).toEqual(['two:', 'two:']);
    set.plane.setServers([
      wish('db/one', 'ready'),
      wish('db/two', 'maint'),
      wish('db/unknown', 'maint'),
      wish('none/x', 'maint'),
    ]);
    expect([await greeting(), await greeting()]).toEqual(['one:', 'one:']);
    await set.plane.apply({ ...plan, hash: '2' }, [wish('db/one', 'ready'), wish('db/two', 'maint')]);
    expect(await greeting()).toBe('one:');
  });

  it('cut nothing that is under way: maint lets it finish', async () => {
    const db = backendOf('db', [serverOf('one', { address: loopback(await origin('one')) })]);
    const set = await testPlane(planOf('1', [bindOf('front', { backend: 'db' })], [db]));
    const client = await connected(set, 'front', 4);
    set.plane.setServers([wish('db/one', 'maint')]);
    client.socket.end('done');
    await until(() => client.closed);
    expect([`${client.received()}`, set.log]).toEqual(['one:done', ['front db one --']]);
  });
});

describe('killing on a server', () => {
  it('ends as many streams as asked for, of that server alone', async () => {
    const servers = await Promise.all(
      ['one', 'two'].map(async (name) => serverOf(name, { address: loopback(await origin(name)) })),
    );
    const set = await testPlane(
      planOf('1', [bindOf('front', { backend: 'db' })], [backendOf('db', servers)]),
    );
    for (let i = 0; i < 6; i++) await connected(set, 'front', 4);
    expect(set.plane.killOnServer('db/one', 2)).toBe(2);
    expect(set.plane.killOnServer('db/one', 2)).toBe(1);
    expect(set.plane.killOnServer('db/one', 2)).toBe(0);
    expect(set.log).toEqual(Array.from({ length: 3 }, () => 'front db one KD'));
  });

  it('then closes idle connections whose cookie names it', async () => {
    const { serve, sessions } = scriptedHttp();
    const set = await testPlane(planOf('1', [bindOf('web', { mode: 'http' })], []), [], { serveHttp: serve });
    for (let i = 0; i < 3; i++) await dial({ port: set.port('web') });
    await until(() => sessions.length === 3);
    const [busy, idle, other] = sessions.map(({ live }) => live) as [
      LiveConnection,
      LiveConnection,
      LiveConnection,
    ];
    Object.assign(busy, { phase: 'wait', server: 'web/a' });
    Object.assign(idle, { phase: 'idle', server: 'web/a', stickyTo: 'web/a' });
    Object.assign(other, { phase: 'idle', server: 'web/a', stickyTo: 'web/b' });
    expect(set.plane.killOnServer('web/a', 5)).toBe(2);
    expect(sessions.map(({ told }) => told)).toEqual([['kill'], ['retire'], []]);
  });
});

describe('limits', () => {
  it('closes a connection above the bind’s limit, and counts it', async () => {
    const db = backendOf('db', [serverOf('one', { address: loopback(await origin('one')) })]);
    const set = await testPlane(planOf('1', [bindOf('front', { backend: 'db', maxConnections: 2 })], [db]));
    await connected(set, 'front', 4);
    const second = await connected(set, 'front', 4);
    const third = peer(await dial({ port: set.port('front') }));
    await until(() => third.ended || third.closed);
    expect(set.plane.sample(true).binds[0]).toMatchObject({ connections: 2, total: 2, requestErrors: 1 });
    second.socket.end();
    await until(() => set.log.length === 1);
    await connected(set, 'front', 4);
  });
});

describe('samples', () => {
  it('say all when full, then only what changed', async () => {
    const servers = await Promise.all(
      ['one', 'two'].map(async (name) => serverOf(name, { address: loopback(await origin(name)) })),
    );
    const binds = [bindOf('front', { backend: 'db' }), bindOf('quiet', { backend: 'rest' })];
    const set = await testPlane(
      planOf('1', binds, [backendOf('db', servers), backendOf('rest', [serverOf('x')])]),
    );
    const names = (full: boolean) => {
      const sample = set.plane.sample(full);
      return [
        sample.binds.map(({ name }) => name),
        sample.backends.map(({ name }) => name),
        sample.servers.map(({ key }) => key),
      ];
    };
    expect(names(false)).toEqual([
      ['front', 'quiet'],
      ['db', 'rest'],
      ['db/one', 'db/two', 'rest/x'],
    ]);
    expect(names(false)).toEqual([[], [], []]);
    const client = await connected(set, 'front', 4);
    expect(names(false)).toEqual([['front'], ['db'], ['db/one']]);
    expect(names(false)).toEqual([[], [], []]);
    client.socket.end();
    await until(() => set.log.length === 1);
    expect(names(false)).toEqual([['front'], ['db'], ['db/one']]);
    expect(names(true)).toEqual([
      ['front', 'quiet'],
      ['db', 'rest'],
      ['db/one', 'db/two', 'rest/x'],
    ]);
  });
});

describe('stopping', () => {
  it('takes nobody new, retires all, and waits for the last', async () => {
    const db = backendOf('db', [serverOf('one', { address: loopback(await origin('one')) })]);
    const set = await testPlane(planOf('1', [bindOf('front', { backend: 'db' })], [db]));
    const client = await connected(set, 'front', 4);
    const port = set.port('front');
    let stopped = false;
    const stopping = set.plane.stop(60_000).then(() => {
      stopped = true;
    });
    await until(() => set.plane.stopping);
    await expect(dial({ port })).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    client.socket.write('more');
    await until(() => client.received().length === 8);
    expect(stopped).toBe(false);
    client.socket.end();
    await stopping;
    expect(set.log).toEqual(['front db one --']);
    await expect(set.plane.apply(planOf('2', [], []), [])).rejects.toThrow('stopping');
  });

  it('ends what is left at the deadline', async () => {
    const db = backendOf('db', [serverOf('one', { address: loopback(await origin('one')) })]);
    const set = await testPlane(planOf('1', [bindOf('front', { backend: 'db' })], [db]));
    const client = await connected(set, 'front', 4);
    await set.plane.stop(50);
    await until(() => client.closed);
    expect([client.error, set.log]).toEqual(['ECONNRESET', ['front db one KD']]);
  });
});

describe('stopping with a successor', () => {
  it('leaves idle connections their next request, and retires them when half of the time is over', async () => {
    const { serve, sessions } = scriptedHttp();
    const set = await testPlane(planOf('1', [bindOf('web', { mode: 'http' })], []), [], { serveHttp: serve });
    await dial({ port: set.port('web') });
    await until(() => sessions.length === 1);
    const [{ told }] = sessions as [(typeof sessions)[number]];
    const stopping = set.plane.stop(400, true);
    await until(() => set.plane.stopping);
    expect(told).toEqual([]);
    await stopping;
    expect(told).toEqual(['retire']);
  });
});

/** A stand-in for the HTTP session: writes down what the plane tells it. */
function scriptedHttp() {
  const sessions: { readonly live: LiveConnection; readonly told: string[] }[] = [];
  const serve = (socket: Socket, bind: BindRuntime, plane: Plane) => {
    const told: string[] = [];
    socket.on('error', () => {});
    socket.on('close', () => plane.end(live, bind));
    const live = plane.begin(
      socket,
      bind,
      () => {
        told.push('kill');
        socket.destroy();
      },
      () => {
        told.push('retire');
        socket.destroy();
      },
    );
    sessions.push({ live, told });
  };
  return { serve, sessions };
}

async function unusedPort(): Promise<number> {
  const { server, port } = await listening(() => {});
  await new Promise<void>((resolve) => void server.close(() => resolve()));
  return port;
}
