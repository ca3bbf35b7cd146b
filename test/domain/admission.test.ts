import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { admit, type RouteStatus, selectedBy } from '../../src/domain/admission.ts';
import type { Plan, Route, Shard } from '../../src/domain/plan.ts';
import { selects } from '../../src/domain/selector.ts';
import { route, shard, shardedPlan, tls } from './sharded-plans.ts';

/** What the first shard makes of each route: "yes", or the reason and what is in its way. */
function verdicts(routes: readonly Route[], settings: Partial<Shard> = {}): Record<string, string> {
  const { statuses } = admit(shardedPlan({ routes, shards: [shard('s', settings)] }));
  return Object.fromEntries([...statuses].map(([name, [status]]) => [name, verdict(status)]));
}

function verdict(status: RouteStatus | undefined): string {
  if (status === undefined) return 'not selected';
  return status.admitted ? 'yes' : [status.reason, status.by].filter((part) => part !== undefined).join(' ');
}

const interNamespace = {
  routeAdmission: { wildcardPolicy: 'WildcardsAllowed', namespaceOwnership: 'InterNamespaceAllowed' },
} as const;

describe('admission', () => {
  const h = { host: 'h.test' };

  it('gives a host and path to the oldest, then to the lower uid, then to the one written first', () => {
    expect(
      verdicts([
        route('new', { ...h, createdAt: 2 }),
        route('old', { ...h, createdAt: 1 }),
        route('elsewhere', { ...h, path: '/a', createdAt: 3 }),
      ]),
    ).toEqual({ old: 'yes', new: 'HostAlreadyClaimed old', elsewhere: 'yes' });
    expect(
      verdicts([route('b', { ...h, createdAt: 1, uid: 'b' }), route('a', { ...h, createdAt: 1, uid: 'a' })]),
    ).toEqual({
      a: 'yes',
      b: 'HostAlreadyClaimed a',
    });
    expect(verdicts([route('one', h), route('two', h), route('dated', { ...h, createdAt: 0 })])).toEqual({
      one: 'yes',
      two: 'HostAlreadyClaimed one',
      dated: 'HostAlreadyClaimed one',
    });
  });

  it('takes paths that differ in the slash at their end for one', () => {
    expect(verdicts([route('a', { ...h, path: '/a/' }), route('b', { ...h, path: '/a' })])).toMatchObject({
      b: 'HostAlreadyClaimed a',
    });
  });

  it("gives a host to its oldest route's namespace, unless the shard says otherwise", () => {
    const routes = [
      route('bank', { ...h, namespace: 'bank' }),
      route('shop', { ...h, namespace: 'shop', path: '/cart' }),
      route('pay', { ...h, namespace: 'bank', path: '/pay' }),
    ];
    expect(verdicts(routes)).toEqual({ bank: 'yes', shop: 'HostAlreadyClaimed bank', pay: 'yes' });
    expect(verdicts(routes, interNamespace)).toEqual({ bank: 'yes', shop: 'yes', pay: 'yes' });
    expect(verdicts([...routes, route('late', { ...h, namespace: 'shop' })], interNamespace)).toMatchObject({
      late: 'HostAlreadyClaimed bank',
    });
  });

  it('says who is in the way', () => {
    const routes = [
      route('pay', { ...h, namespace: 'bank', createdAt: 1 }),
      route('shop', { ...h, namespace: 'shop', createdAt: 2 }),
    ];
    const { statuses } = admit(shardedPlan({ routes, shards: [shard('s')] }));
    expect(statuses.get('shop')).toEqual([
      {
        shard: 's',
        admitted: false,
        reason: 'HostAlreadyClaimed',
        by: 'pay',
        message: 'route pay of namespace bank is older and claims h.test',
      },
    ]);
  });

  it('gives a passed-through host to one route with TLS, and lets plain HTTP be', () => {
    const edge = route('edge', { ...h, path: '/api', tls: tls('edge') });
    const passed = route('passed', { ...h, tls: tls('passthrough') });
    const plain = route('plain', { ...h, path: '/plain' });
    expect(verdicts([edge, passed, plain])).toEqual({
      edge: 'yes',
      passed: 'HostAlreadyClaimed edge',
      plain: 'yes',
    });
    expect(verdicts([passed, edge, plain])).toEqual({
      edge: 'HostAlreadyClaimed passed',
      passed: 'yes',
      plain: 'yes',
    });
  });

  it('judges by the modes in force', () => {
    const routes = [
      route('a', { ...h, tls: tls('edge') }),
      route('b', { ...h, path: '/b', tls: tls('edge') }),
    ];
    const plan = shardedPlan({ routes, shards: [shard('s')] });
    expect(admit(plan).served.get('s')).toEqual(routes);
    const switched = admit(plan, ({ name }) => (name === 'a' ? 'passthrough' : 'edge'));
    expect(verdict(switched.statuses.get('b')![0])).toBe('HostAlreadyClaimed a');
  });

  it.each<[string, Partial<Route>, Partial<Shard>, string]>([
    ['a wildcard', { host: '*.h.test' }, {}, 'yes'],
    [
      'a wildcard where none is allowed',
      { host: '*.h.test' },
      { routeAdmission: { wildcardPolicy: 'WildcardsDisallowed', namespaceOwnership: 'Strict' } },
      'RouteNotAdmitted',
    ],
    ['a host that is none', { host: 'a..b' }, {}, 'InvalidHost'],
    ['a host with a port', { host: 'a:80' }, {}, 'InvalidHost'],
    ['an address', { host: '127.0.0.1' }, {}, 'yes'],
    ['an IPv6 address', { host: '[::1]' }, {}, 'yes'],
    ['passthrough of every host', { host: undefined as never, tls: tls('passthrough') }, {}, 'NoHostValue'],
    ['passthrough of a path', { path: '/a', tls: tls('passthrough') }, {}, 'ExtendedValidationFailed'],
    ['every host', { host: undefined as never }, {}, 'yes'],
  ])('of %s', (_, settings, shardSettings, expected) => {
    expect(verdicts([route('r', settings)], shardSettings)).toEqual({ r: expected });
  });

  it('gives a wildcard with all that is below it to one namespace', () => {
    const wildcard = route('wild', { host: '*.apps.test', namespace: 'a' });
    const own = route('own', { host: 'x.apps.test', namespace: 'a' });
    const other = route('other', { host: 'y.apps.test', namespace: 'b' });
    const deep = route('deep', { host: '*.y.apps.test', namespace: 'b' });
    const beside = route('beside', { host: 'apps.test', namespace: 'b' });
    expect(verdicts([wildcard, own, other, deep, beside])).toEqual({
      wild: 'yes',
      own: 'yes',
      other: 'HostAlreadyClaimed wild',
      deep: 'HostAlreadyClaimed wild',
      beside: 'yes',
    });
    expect(verdicts([own, other, wildcard])).toEqual({
      own: 'yes',
      other: 'yes',
      wild: 'HostAlreadyClaimed other',
    });
    expect(verdicts([deep, wildcard])).toEqual({ deep: 'yes', wild: 'HostAlreadyClaimed deep' });
    expect(verdicts([other, wildcard], interNamespace)).toEqual({ other: 'yes', wild: 'yes' });
  });

  it('lets routes without a host compete among themselves alone', () => {
    const every = { host: undefined as never };
    expect(
      verdicts([
        route('fallback', every),
        route('second', every),
        route('foreign', { ...every, namespace: 'b', path: '/b' }),
        route('shop', { namespace: 'c' }),
      ]),
    ).toEqual({
      fallback: 'yes',
      second: 'HostAlreadyClaimed fallback',
      foreign: 'HostAlreadyClaimed fallback',
      shop: 'yes',
    });
  });

  describe('of several shards', () => {
    const gold = { namespaceSelector: { matchLabels: { tier: 'gold' } } };
    const sharded = { routeSelector: { matchLabels: { sharded: 'true' } } };
    const namespaces = [{ name: 'bank', labels: { tier: 'gold' } }];
    const routes = [
      route('a'),
      route('b', { labels: { sharded: 'true' } }),
      route('c', { namespace: 'bank' }),
      route('d', { namespace: 'bank', labels: { sharded: 'true' } }),
    ];
    const shardsOf = (shards: readonly Shard[]): Record<string, string> => {
      const { served } = admit(shardedPlan({ shards, routes, namespaces }));
      return Object.fromEntries(
        [...served].map(([name, of]) => [name, of.map((each) => each.name).join('')]),
      );
    };

    it('both selectors must match, and the default shard takes what no other takes', () => {
      expect(shardsOf([shard('s', sharded)])).toEqual({ s: 'bd' });
      expect(shardsOf([shard('s', gold)])).toEqual({ s: 'cd' });
      expect(shardsOf([shard('rest', { isDefault: true }), shard('s', { ...sharded, ...gold })])).toEqual({
        rest: 'abc',
        s: 'd',
      });
      expect(shardsOf([shard('rest', { isDefault: true, ...gold }), shard('s', sharded)])).toEqual({
        rest: 'c',
        s: 'bd',
      });
    });

    it('one without selectors takes every route, which is then served twice', () => {
      expect(shardsOf([shard('all'), shard('s', sharded)])).toEqual({ all: 'abcd', s: 'bd' });
    });

    it('knows a namespace by the name that Kubernetes labels it with', () => {
      const byName = { matchLabels: { 'kubernetes.io/metadata.name': 'bank' } };
      expect(shardsOf([shard('s', { namespaceSelector: byName })])).toEqual({ s: 'cd' });
    });

    it('a route refused by one may be served by another', () => {
      const { statuses } = admit(
        shardedPlan({
          shards: [shard('all'), shard('s', sharded)],
          routes: [
            route('old', { host: 'h.test' }),
            route('new', { host: 'h.test', labels: { sharded: 'true' } }),
          ],
        }),
      );
      expect(statuses.get('new')!.map(verdict)).toEqual(['HostAlreadyClaimed old', 'yes']);
      expect(statuses.get('old')!.map(({ shard: name }) => name)).toEqual(['all']);
    });
  });
});

describe('admission of random plans', () => {
  const hosts = ['a.t', 'b.t', '*.t', 'x.a.t', '*.a.t', 'y.x.a.t', undefined];
  const someRoute = fc.record({
    namespace: fc.constantFrom('n1', 'n2'),
    host: fc.constantFrom(...hosts),
    path: fc.constantFrom('/', '/p'),
    createdAt: fc.option(fc.integer({ min: 0, max: 3 }), { nil: undefined }),
    uid: fc.option(fc.constantFrom('u', 'v'), { nil: undefined }),
    mode: fc.constantFrom('passthrough' as const, 'edge' as const, undefined),
    labels: fc.constantFrom({}, { s: '1' }, { s: '2' }),
  });
  const someShard = fc.record({
    wildcardPolicy: fc.constantFrom('WildcardsAllowed' as const, 'WildcardsDisallowed' as const),
    namespaceOwnership: fc.constantFrom(
      'Strict' as const,
      'Strict' as const,
      'InterNamespaceAllowed' as const,
    ),
    routeSelector: fc.constantFrom(undefined, { matchLabels: { s: '1' } }, { matchLabels: { s: '2' } }),
    namespaceSelector: fc.constantFrom(undefined, undefined, { matchLabels: { n: '1' } }),
  });
  const somePlan = fc
    .record({
      routes: fc.array(someRoute, { maxLength: 10 }),
      shards: fc.array(someShard, { minLength: 1, maxLength: 3 }),
      hasDefault: fc.boolean(),
    })
    .map(
      ({ routes, shards, hasDefault }): Plan =>
        shardedPlan({
          namespaces: [{ name: 'n1', labels: { n: '1' } }],
          routes: routes.map(({ mode, ...settings }, i) => {
            const made = { ...route(`r${i}`), ...settings, ...(mode && { tls: tls(mode) }) };
            return JSON.parse(JSON.stringify(made)) as Route;
          }),
          shards: shards.map(({ wildcardPolicy, namespaceOwnership, ...selectors }, i) => {
            const made = shard(`s${i}`, {
              isDefault: hasDefault && i === 0,
              routeAdmission: { wildcardPolicy, namespaceOwnership },
            });
            return JSON.parse(JSON.stringify({ ...made, ...selectors })) as Shard;
          }),
        }),
    );

  it('is what comparing every route with every older one says', () => {
    fc.assert(
      fc.property(somePlan, (plan) => {
        const { statuses, served } = admit(plan);
        for (const each of plan.shards) {
          const expected = naivelyServed(plan, each);
          expect(served.get(each.name)!.map(({ name }) => name)).toEqual(expected);
          for (const { name } of plan.routes) {
            const status = statuses.get(name)!.find((one) => one.shard === each.name);
            expect(status?.admitted === true).toBe(expected.includes(name));
          }
        }
      }),
      { numRuns: 500 },
    );
  });

  it('lets nobody in the way of a route who is not served himself', () => {
    fc.assert(
      fc.property(somePlan, (plan) => {
        const { statuses, served } = admit(plan);
        for (const status of [...statuses.values()].flat())
          if (!status.admitted && status.by !== undefined)
            expect(served.get(status.shard)!.map(({ name }) => name)).toContain(status.by);
      }),
    );
  });

  it('does not depend on the order of dated routes', () => {
    fc.assert(
      fc.property(somePlan, (plan) => {
        const routes = plan.routes.map((each, i) => ({
          ...each,
          createdAt: each.createdAt ?? 0,
          uid: `${i}`,
        }));
        const reversed = [...routes].reverse();
        expect(admit({ ...plan, routes: reversed }).served).toEqual(admit({ ...plan, routes }).served);
      }),
    );
  });
});

function naivelyServed(plan: Plan, of: Shard): string[] {
  const taken = (each: Shard, one: Route): boolean =>
    selectedBy(one, each, plan.namespaces) && selects(each.routeSelector, one.labels);
  const candidates = plan.routes
    .filter((one) => taken(of, one))
    .filter((one) => !of.isDefault || !plan.shards.some((each) => !each.isDefault && taken(each, one)))
    .filter((one) => valid(one, of));
  const order = (a: Route, b: Route): number =>
    (a.createdAt ?? -1) - (b.createdAt ?? -1) ||
    (a.uid ?? '').localeCompare(b.uid ?? '') ||
    plan.routes.indexOf(a) - plan.routes.indexOf(b);
  const admitted: Route[] = [];
  for (const one of [...candidates].sort(order))
    if (!admitted.some((older) => excludes(older, one, of))) admitted.push(one);
  return admitted.map(({ name }) => name);
}

function valid(one: Route, { routeAdmission }: Shard): boolean {
  if (one.host?.startsWith('*') && routeAdmission.wildcardPolicy === 'WildcardsDisallowed') return false;
  return one.tls?.termination !== 'passthrough' || (one.host !== undefined && one.path === '/');
}

function excludes(older: Route, newer: Route, { routeAdmission }: Shard): boolean {
  const strict = routeAdmission.namespaceOwnership === 'Strict' && older.namespace !== newer.namespace;
  if (strict && (covers(older.host, newer.host) || covers(newer.host, older.host))) return true;
  if (older.host !== newer.host) return false;
  if (older.path === newer.path) return true;
  const passes = [older, newer].some(({ tls: of }) => of?.termination === 'passthrough');
  return passes && older.tls !== undefined && newer.tls !== undefined;
}

function covers(wide: string | undefined, narrow: string | undefined): boolean {
  if (wide === narrow) return true;
  return wide?.startsWith('*.') === true && narrow !== undefined && narrow.endsWith(wide.slice(1));
}
