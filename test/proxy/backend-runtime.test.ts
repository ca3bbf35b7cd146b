import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Backend, Server } from '../../src/domain/plan.ts';
import type { AdminState, OperationalState } from '../../src/domain/server-state.ts';
import { BackendRuntime } from '../../src/proxy/backend-runtime.ts';
import { Waiter } from '../../src/proxy/queue.ts';
import type { ServerRuntime } from '../../src/proxy/server-runtime.ts';
import { TimerWheel } from '../../src/proxy/timers.ts';
import { fakeClock } from './fake-clock.ts';
import { backendOf, loopback, serverOf } from './plan-parts.ts';

function setUp(servers: readonly Server[], fields: Partial<Backend> = {}) {
  const clock = fakeClock();
  const timers = new TimerWheel(clock);
  const settings = backendOf('web', servers, fields);
  const backend = new BackendRuntime({ timers, random: () => 0.5, wall: () => clock.now() }, settings);
  /** What the waiters were told, in order: "name→server" or "name!why". */
  const told: string[] = [];
  const stream = (name: string, cookie?: string, host = '10.0.0.1') => {
    const waiter = new Waiter(
      {
        granted: (server) => told.push(`${name}→${server.name}`),
        refused: (why) => told.push(`${name}!${why}`),
      },
      host,
    );
    waiter.begin(cookie === undefined ? undefined : backend.server(cookie));
    return waiter;
  };
  const acquire = (waiter: Waiter) => {
    const found = backend.acquire(waiter);
    return typeof found === 'string' ? found : found.name;
  };
  const wish = (name: string, admin: AdminState, operational: OperationalState = 'up', weight = 1) => {
    backend.server(name)!.wish({ server: `web/${name}`, admin, operational, weight });
    backend.refresh();
  };
  return {
    clock,
    backend,
    settings,
    told,
    stream,
    acquire,
    wish,
    server: (name: string) => backend.server(name)!,
  };
}

const twoPlaces = [serverOf('a', { maxConnections: 1 }), serverOf('b', { maxConnections: 1 })];

describe('acquire', () => {
  it('holds a place and counts the stream', () => {
    const { backend, acquire, stream, server, clock } = setUp([serverOf('a')]);
    expect(acquire(stream('one'))).toBe('a');
    const { streams, traffic, lastArrivalAt } = server('a');
    expect([streams, traffic.total, lastArrivalAt]).toEqual([1, 1, clock.now()]);
    expect([backend.streams, backend.traffic.total]).toEqual([1, 1]);
    server('a').release();
    expect([server('a').streams, backend.streams]).toEqual([0, 0]);
  });

  it.each<[string, AdminState, OperationalState, number, string, string]>([
    ['ready and up', 'ready', 'up', 1, 'new', 'cookie'],
    ['starting', 'ready', 'starting', 1, 'new', 'cookie'],
    ['weight 0', 'ready', 'up', 0, '-', 'cookie'],
    ['drain', 'drain', 'up', 1, '-', 'cookie'],
    ['maint', 'maint', 'paused', 1, '-', '-'],
    ['down', 'ready', 'down', 1, '-', '-'],
    ['drain and down', 'drain', 'down', 1, '-', '-'],
  ])('a server in %s', (_text, admin, operational, weight, fresh, cookie) => {
    const { acquire, stream, wish } = setUp([serverOf('a')]);
    wish('a', admin, operational, weight);
    expect(acquire(stream('new'))).toBe(fresh === 'new' ? 'a' : 'none');
    expect(acquire(stream('cookie', 'a'))).toBe(cookie === 'cookie' ? 'a' : 'none');
  });

  it('sends a cookie client elsewhere when its server may not be used, and tells by clearing the wish', () => {
    const { acquire, stream, wish } = setUp([serverOf('a'), serverOf('b')]);
    wish('a', 'maint', 'paused');
    const waiter = stream('one', 'a');
    expect(acquire(waiter)).toBe('b');
    expect(waiter.cookieServer).toBeUndefined();
  });

  it('uses backups only while nobody else takes new clients', () => {
    const { acquire, stream, wish } = setUp([serverOf('a'), serverOf('spare', { backup: true })]);
    expect([acquire(stream('1')), acquire(stream('2'))]).toEqual(['a', 'a']);
    wish('a', 'ready', 'down');
    expect(acquire(stream('3'))).toBe('spare');
    wish('a', 'ready', 'up');
    expect(acquire(stream('4'))).toBe('a');
  });

  it('does not count a redispatched stream twice for the backend', () => {
    const { backend, acquire, stream, server } = setUp([serverOf('a'), serverOf('b')]);
    const waiter = stream('one');
    expect(acquire(waiter)).toBe('a');
    waiter.avoid = server('a');
    server('a').release();
    expect(acquire(waiter)).toBe('b');
    expect([backend.traffic.total, server('a').traffic.total, server('b').traffic.total]).toEqual([1, 1, 1]);
  });
});

describe('the queue', () => {
  it('serves in the order of arrival as places come free, and tells the place in the queue', () => {
    const { acquire, stream, told, server } = setUp(twoPlaces);
    expect([acquire(stream('1')), acquire(stream('2'))]).toEqual(['a', 'b']);
    const waiters = ['3', '4', '5'].map((name) => stream(name));
    expect(waiters.map(acquire)).toEqual(['queued', 'queued', 'queued']);
    expect(waiters.map((waiter) => waiter.backendQueuePlace)).toEqual([1, 2, 3]);
    server('b').release();
    server('a').release();
    expect(told).toEqual(['3→b', '4→a']);
  });

  it('keeps cookie clients with their own server, fairly among the others', () => {
    const { acquire, stream, told, server } = setUp(twoPlaces);
    acquire(stream('1'));
    acquire(stream('2'));
    const sticky = stream('3', 'a');
    expect(acquire(sticky)).toBe('queued');
    expect([sticky.serverQueuePlace, sticky.backendQueuePlace]).toEqual([1, 0]);
    acquire(stream('4'));
    acquire(stream('5', 'a'));
    server('b').release();
    server('a').release();
    server('a').release();
    expect(told).toEqual(['4→b', '3→a', '5→a']);
  });

  it('refuses after the queue timeout, and not before', () => {
    const { acquire, stream, told, clock, backend } = setUp([twoPlaces[0]!]);
    acquire(stream('1'));
    acquire(stream('2'));
    clock.advance(600);
    acquire(stream('3'));
    clock.advance(399);
    expect(told).toEqual([]);
    clock.advance(60);
    expect(told).toEqual(['2!timeout']);
    clock.advance(600);
    expect(told).toEqual(['2!timeout', '3!timeout']);
    expect(backend.queue.length).toBe(0);
  });

  it('forgets a client that went away', () => {
    const { acquire, stream, told, server, backend, clock } = setUp([twoPlaces[0]!]);
    acquire(stream('1'));
    const [gone, next] = [stream('2'), stream('3')];
    acquire(gone);
    acquire(next);
    backend.cancel(gone);
    server('a').release();
    clock.advance(5_000);
    expect(told).toEqual(['3→a']);
  });

  it.each<[string, AdminState, OperationalState]>([
    ['drain', 'drain', 'up'],
    ['maint', 'maint', 'paused'],
    ['down', 'ready', 'down'],
  ])('moves those that wait for a server in %s to another', (_text, admin, operational) => {
    const { acquire, stream, told, wish, server } = setUp(twoPlaces);
    acquire(stream('1', 'a'));
    const waiter = stream('2', 'a');
    acquire(waiter);
    wish('a', admin, operational);
    expect(told).toEqual(['2→b']);
    expect(waiter.cookieServer).toBeUndefined();
    expect([server('a').streams, server('b').streams]).toEqual([1, 1]);
  });

  it('without redispatch leaves cookie clients in the queue of a draining server', () => {
    const { acquire, stream, told, wish, server } = setUp(twoPlaces, { redispatch: false });
    acquire(stream('1', 'a'));
    acquire(stream('2', 'a'));
    wish('a', 'drain');
    expect(told).toEqual([]);
    server('a').release();
    expect(told).toEqual(['2→a']);
  });

  it('keeps those that wait while no server is left, for the rest of their time', () => {
    const { acquire, stream, told, wish, clock } = setUp([twoPlaces[0]!]);
    acquire(stream('1'));
    acquire(stream('2', 'a'));
    acquire(stream('3'));
    clock.advance(900);
    wish('a', 'ready', 'down');
    expect(acquire(stream('4'))).toBe('none');
    expect(told).toEqual([]);
    clock.advance(150);
    expect(told.sort()).toEqual(['2!timeout', '3!timeout']);
  });

  it('does not send new clients that wait to a server that is draining', () => {
    const { acquire, stream, told, wish, server } = setUp(twoPlaces);
    acquire(stream('1'));
    acquire(stream('2'));
    acquire(stream('3'));
    wish('a', 'drain');
    server('a').release();
    expect(told).toEqual([]);
    server('b').release();
    expect(told).toEqual(['3→b']);
  });

  it('serves at once when a server comes back, by the algorithm', () => {
    const { acquire, stream, told, wish } = setUp([
      serverOf('a', { maxConnections: 2 }),
      serverOf('b', { maxConnections: 2 }),
    ]);
    wish('b', 'maint', 'paused');
    for (const name of ['1', '2', '3', '4']) acquire(stream(name));
    wish('b', 'ready');
    expect(told).toEqual(['3→b', '4→b']);
  });

  it('waits for its own server under source', () => {
    const { acquire, stream, server, told } = setUp(twoPlaces, { algorithm: 'source' });
    const own = acquire(stream('1'));
    expect(acquire(stream('2'))).toBe('queued');
    expect(server(own).queue.length).toBe(1);
    server(own).release();
    expect(told).toEqual([`2→${own}`]);
  });

  it('never exceeds a limit, never forgets anyone, whatever comes and goes', () => {
    const step = fc.record({
      what: fc.constantFrom(
        'come',
        'come',
        'cookie',
        'go',
        'go',
        'leave',
        'drain',
        'ready',
        'down',
        'advance',
      ),
      pick: fc.nat(100),
    });
    fc.assert(
      fc.property(
        fc.constantFrom('roundrobin', 'leastconn', 'random', 'source'),
        fc.array(step, { maxLength: 80 }),
        (algorithm, steps) => {
          const servers = ['a', 'b', 'c'].map((name, index) => serverOf(name, { maxConnections: index + 1 }));
          const { backend, clock, wish } = setUp(servers, { algorithm });
          const holding: ServerRuntime[] = [];
          const waiting = new Set<Waiter>();
          for (const { what, pick } of steps) {
            const name = servers[pick % 3]!.name;
            if (what === 'come' || what === 'cookie') {
              const waiter: Waiter = new Waiter(
                {
                  granted(server) {
                    expect(waiting.delete(waiter)).toBe(true);
                    holding.push(server);
                  },
                  refused: () => void expect(waiting.delete(waiter)).toBe(true),
                },
                `10.0.0.${pick}`,
              );
              waiter.begin(what === 'cookie' ? backend.server(name) : undefined);
              const found = backend.acquire(waiter);
              if (found === 'queued') waiting.add(waiter);
              else if (found !== 'none') holding.push(found);
            } else if (what === 'go' && holding.length > 0) {
              holding.splice(pick % holding.length, 1)[0]!.release();
            } else if (what === 'leave') {
              const [waiter] = waiting;
              if (waiter !== undefined) backend.cancel(waiter);
              if (waiter !== undefined) waiting.delete(waiter);
            } else if (what === 'drain' || what === 'ready') wish(name, what);
            else if (what === 'down') wish(name, 'ready', 'down');
            else if (what === 'advance') clock.advance(pick * 5);
            let queued = backend.queue.length;
            for (const server of backend.servers) {
              queued += server.queue.length;
              expect(server.streams).toBe(holding.filter((each) => each === server).length);
              expect(server.streams).toBeLessThanOrEqual(server.settings.maxConnections);
              if (!server.isFull && server.takesNew) expect(server.queue.length).toBe(0);
            }
            expect(queued).toBe(waiting.size);
            expect(backend.streams).toBe(holding.length);
          }
          clock.advance(10_000);
          expect(waiting.size).toBe(0);
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe('a reload', () => {
  it('keeps servers by name, with what they carry and counted', () => {
    const { backend, settings, acquire, stream, server } = setUp([serverOf('a'), serverOf('b')]);
    acquire(stream('1'));
    const [a, b] = [server('a'), server('b')];
    backend.configure({
      ...settings,
      algorithm: 'leastconn',
      servers: [serverOf('b', { weight: 7 }), serverOf('a')],
    });
    backend.refresh();
    expect(backend.servers).toEqual([b, a]);
    expect([a.streams, a.traffic.total, b.weight]).toEqual([1, 1, 7]);
    expect(acquire(stream('2'))).toBe('b');
  });

  it('closes idle connections when an address changes, and only then', () => {
    const { backend, settings, server } = setUp([serverOf('a'), serverOf('b')]);
    const closed: string[] = [];
    for (const { name } of backend.servers)
      server(name).pool = { idle: 1, closeIdle: () => void closed.push(name) };
    backend.configure({
      ...settings,
      servers: [serverOf('a', { address: loopback(2) }), serverOf('b', { weight: 5 })],
    });
    backend.refresh();
    expect(closed).toEqual(['a']);
    expect([server('a').generation, server('b').generation]).toEqual([1, 0]);
  });

  it('lets a server that left finish what it carries, and moves who waited for it', () => {
    const { backend, settings, acquire, stream, server, told } = setUp(twoPlaces);
    acquire(stream('1', 'a'));
    acquire(stream('2', 'a'));
    const a = server('a');
    backend.configure({ ...settings, servers: [twoPlaces[1]!] });
    backend.refresh();
    expect(told).toEqual(['2→b']);
    expect([...backend.leaving]).toEqual([a]);
    expect(backend.server('a')).toBeUndefined();
    a.release();
    expect(backend.leaving.size).toBe(0);
  });

  it('takes a server back that was leaving, and serves those that wait when a limit grows', () => {
    const { backend, settings, acquire, stream, server, told } = setUp(twoPlaces);
    acquire(stream('1', 'a'));
    const a = server('a');
    for (const servers of [[twoPlaces[1]!], twoPlaces]) {
      backend.configure({ ...settings, servers });
      backend.refresh();
    }
    expect(server('a')).toBe(a);
    expect([a.removed, a.streams, backend.leaving.size]).toEqual([false, 1, 0]);
    acquire(stream('2', 'a'));
    backend.configure({ ...settings, servers: twoPlaces.map((each) => ({ ...each, maxConnections: 2 })) });
    backend.refresh();
    expect(told).toEqual(['2→a']);
  });

  it('refuses who waits when the backend itself left', () => {
    const { backend, acquire, stream, told } = setUp([twoPlaces[0]!]);
    acquire(stream('1'));
    acquire(stream('2'));
    backend.remove();
    expect(told).toEqual(['2!none']);
    expect(acquire(stream('3'))).toBe('none');
  });
});
