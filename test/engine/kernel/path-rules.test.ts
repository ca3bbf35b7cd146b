import { describe, expect, it } from 'vitest';
import type { Plan } from '../../../src/domain/plan.ts';
import type { ServerWish } from '../../../src/domain/server-state.ts';
import { type PathFacts, wishedPaths } from '../../../src/engine/kernel/path-rules.ts';
import { ip, planOf, server } from './path-plan.ts';

const both = { forwarding: { ip: true, ip6: true }, portOf: () => undefined } satisfies PathFacts;
const wish = (name: string, over: Partial<ServerWish> = {}): ServerWish => ({
  server: `db/${name}`,
  admin: 'ready',
  operational: 'up',
  weight: 100,
  ...over,
});
const one = (plan: Plan, wishes: readonly ServerWish[] = [], facts: PathFacts = both) =>
  wishedPaths(plan, new Map(wishes.map((each) => [each.server, each])), facts)[0]!;
const targets = (plan: Plan, ...wishes: ServerWish[]) =>
  one(plan, wishes).rules?.targets.map(({ server: key, address, weight }) => [key, address.host, weight]);

describe('who gets new clients', () => {
  it('servers that take them, by weight as it is now', () => {
    expect(
      targets(
        planOf(),
        wish('pg1', { weight: 7 }),
        wish('pg2', { admin: 'drain' }),
        wish('pg3', { operational: 'down' }),
      ),
    ).toEqual([['db/pg1', '10.2.0.1', 7]]);
    expect(targets(planOf(), wish('pg1', { weight: 0 }))).toHaveLength(2);
  });

  it('all are counted, whatever state they are in', () => {
    expect(one(planOf(), [wish('pg1', { admin: 'maint' })]).rules?.places).toHaveLength(3);
  });

  it('backups once no other takes them', () => {
    const plan = planOf({}, { servers: [server('pg1'), server('pg2', { backup: true })] });
    expect(targets(plan)).toEqual([['db/pg1', '10.2.0.1', 100]]);
    expect(targets(plan, wish('pg1', { operational: 'down' }))).toEqual([['db/pg2', '10.2.0.2', 100]]);
  });

  it('of a service its endpoints that are not in drain', () => {
    const endpoints = [
      { address: ip('10.3.0.1', 80), weight: 1 },
      { address: ip('10.3.0.2', 80), weight: 3 },
      { address: ip('10.3.0.3', 80), weight: 1 },
    ];
    const plan = planOf({}, { servers: [server('pg1', { service: { pick: 'random', endpoints } })] });
    expect(targets(plan, wish('pg1', { drained: ['10.3.0.3:80'] }))).toEqual([
      ['db/pg1', '10.3.0.1', 100],
      ['db/pg1', '10.3.0.2', 300],
    ]);
    expect(
      targets(plan, wish('pg1', { drained: endpoints.map(({ address }) => `${address.host}:80`) })),
    ).toEqual([]);
  });

  it('port 0 is the one that was found', () => {
    const plan = planOf({ address: ip('10.1.0.1', 0) });
    expect(one(plan).why).toBe('its port is not known yet');
    expect(one(plan, [], { ...both, portOf: () => 4711 }).rules?.address.port).toBe(4711);
  });
});

it.each<[string, Plan, Partial<PathFacts['forwarding']>, string]>([
  ['no backend', planOf({ backend: 'gone' }), {}, 'it has no backend'],
  ['leastconn', planOf({}, { algorithm: 'leastconn' }), {}, 'by leastconn'],
  ['a bind on loopback', planOf({ address: ip('127.0.0.1') }), {}, 'only this machine can reach 127.0.0.1'],
  ['a bind on IPv6 loopback', planOf({ address: ip('::1') }), {}, 'only this machine'],
  ['a unix bind', planOf({ address: { kind: 'unix', path: '/x' } }), {}, 'a unix socket'],
  [
    'a server on loopback',
    planOf({}, { servers: [server('a', { address: ip('127.0.0.1') })] }),
    {},
    'on loopback',
  ],
  [
    'a unix server',
    planOf({}, { servers: [server('a', { address: { kind: 'unix', path: '/x' } })] }),
    {},
    'unix:/x is',
  ],
  [
    'an IPv6 server',
    planOf({}, { servers: [server('a', { address: ip('fd00::1') })] }),
    {},
    'an IPv4 client cannot',
  ],
  ['an IPv6 bind', planOf({ address: ip('fd00::9') }), {}, 'an IPv4 client cannot'],
  ['nothing forwarded', planOf(), { ip: false }, 'sysctl net.ipv4.ip_forward=1'],
  [
    'no IPv6 forwarded',
    planOf({ address: ip('::') }, { servers: [server('a', { address: ip('fd00::1') })] }),
    { ip6: false },
    'sysctl net.ipv6.conf.all.forwarding=1',
  ],
])('cannot be: %s', (_, plan, forwarding, why) => {
  const path = one(plan, [], { ...both, forwarding: { ...both.forwarding, ...forwarding } });
  expect(path.rules).toBeUndefined();
  expect(path.why).toContain(why);
});

it('what other families forward does not matter', () => {
  expect(one(planOf(), [], { ...both, forwarding: { ip: true, ip6: false } }).rules).toBeDefined();
});
