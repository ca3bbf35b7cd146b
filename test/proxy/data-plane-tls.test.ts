// What a data plane is told of TLS while it serves. Sessions are stand-ins: what a handshake does is in tls/.

import { describe, expect, it } from 'vitest';
import type { RouteWish, Termination } from '../../src/domain/tls.ts';
import type { LiveConnection } from '../../src/proxy/live-connection.ts';
import type { Serve } from '../../src/proxy/plane.ts';
import { backendOf, bindOf, planOf, routeOf } from './plan-parts.ts';
import { dial, peer, until } from './sockets.ts';
import { type TestPlane, testPlane } from './test-plane.ts';

const routes = [
  routeOf('shop', {
    host: 'shop.example.com',
    tls: { termination: 'edge', insecureEdgeTerminationPolicy: 'None' },
  }),
  routeOf('plain', { host: 'plain.example.com' }),
];
const front = bindOf('front', { mode: 'tls', tls: { minVersion: 'TLSv1.2' } });
const plan = (hash: string, of = routes) =>
  planOf(hash, [front], [backendOf('web', [], { mode: 'http' })], of);
const wish = (termination: Termination, route = 'shop'): RouteWish => ({ route, termination });

interface Session {
  readonly live: LiveConnection;
  readonly told: string[];
}

/** A stand-in for the TLS session: every connection is for the shop, in the mode that is in force as it comes. */
function scriptedTls() {
  const sessions: Session[] = [];
  const serve: Serve = (socket, bind, plane) => {
    const told: string[] = [];
    const tell = (what: string) => () => {
      told.push(what);
      socket.destroy();
    };
    const { traffic } = bind.routes.bySni('shop.example.com')!;
    const termination = plane.terminations.get('shop')!;
    const live = plane.begin(socket, bind, tell('kill'), tell('retire'));
    expect(live.phase).toBe('handshake');
    live.tlsRoute = 'shop';
    live.tls = { termination, alpnOffered: [], versionsOffered: [] };
    live.mode = termination === 'passthrough' ? 'tcp' : 'http';
    traffic.open[termination] += 1;
    socket.on('error', () => {});
    socket.on('close', () => {
      traffic.open[termination] -= 1;
      plane.end(live, bind);
    });
    sessions.push({ live, told });
  };
  return { serveTls: () => serve, sessions };
}

async function open(set: TestPlane, sessions: readonly Session[]): Promise<Session> {
  const before = sessions.length;
  peer(await dial({ port: set.port('front') }));
  await until(() => sessions.length > before);
  return sessions[before]!;
}

describe('a TLS mode', () => {
  it('is another for the next connection, and stays for those that are open', async () => {
    const { serveTls, sessions } = scriptedTls();
    const set = await testPlane(plan('1'), [], { serveTls });
    const first = await open(set, sessions);
    set.plane.setRoutes([wish('reencrypt'), wish('edge', 'plain'), wish('edge', 'nobody')]);
    const second = await open(set, sessions);
    expect([first, second].map(({ live }) => live.tls?.termination)).toEqual(['edge', 'reencrypt']);
    expect([...set.plane.terminations]).toEqual([['shop', 'reencrypt']]);
  });

  it('comes with a plan in one step, and goes on where the plan brings none', async () => {
    const { serveTls } = scriptedTls();
    const set = await testPlane(plan('1'), [], { serveTls });
    const material = { files: [], tickets: { secret: '', epoch: 0 } };
    await set.plane.apply(plan('2'), [], { routes: [wish('passthrough')], material });
    expect(set.plane.terminations.get('shop')).toBe('passthrough');
    await set.plane.apply(plan('3'), []);
    expect(set.plane.terminations.get('shop')).toBe('passthrough');
    await set.plane.apply(plan('4'), [], { routes: [], material });
    expect(set.plane.terminations.get('shop')).toBe('edge');
  });

  it.each([
    ['retire', [['retire'], [], []]],
    ['kill', [['kill'], ['kill'], []]],
  ] as const)('%s ends what came in by others', async (how, told) => {
    const { serveTls, sessions } = scriptedTls();
    const set = await testPlane(plan('1'), [], { serveTls });
    await open(set, sessions);
    set.plane.setRoutes([wish('passthrough')]);
    await open(set, sessions);
    set.plane.setRoutes([wish('reencrypt')]);
    await open(set, sessions);
    expect(set.plane.endInOtherModes('shop', how)).toBe(2);
    expect(sessions.map((each) => each.told)).toEqual(told);
    expect(set.plane.endInOtherModes('plain', how)).toBe(0);
  });
});

describe('samples of routes', () => {
  it('tell what changed, and of a route that is gone until its last connection has ended', async () => {
    const { serveTls, sessions } = scriptedTls();
    const set = await testPlane(plan('1'), [], { serveTls });
    const sample = (full = false) =>
      set.plane.sample(full).routes.map(({ name, open: { edge } }) => `${name} ${edge}`);
    expect(sample(true)).toEqual(['shop 0', 'plain 0']);
    expect(sample()).toEqual([]);
    const { live } = await open(set, sessions);
    expect(sample()).toEqual(['shop 1']);
    await set.plane.apply(plan('2', [routes[1]!]), []);
    expect(sample(true)).toEqual(['plain 0', 'shop 1']);
    live.kill();
    await until(() => set.plane.openConnections === 0);
    expect(sample()).toEqual(['shop 0']);
    expect(sample(true)).toEqual(['plain 0']);
  });
});
