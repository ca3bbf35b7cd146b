import { describe, expect, it } from 'vitest';
import type { Route } from '../../src/domain/plan.ts';
import type { RouteTls, Termination } from '../../src/domain/tls.ts';
import { tlsConflict } from '../../src/domain/tls-conflicts.ts';
import { shard } from './sharded-plans.ts';

const tls = (termination: Termination, over: Partial<RouteTls> = {}): RouteTls => ({
  termination,
  insecureEdgeTerminationPolicy: 'None',
  ...over,
});
const shop: Route = {
  name: 'shop',
  namespace: 'default',
  labels: {},
  host: 'shop.example.com',
  path: '/',
  tls: tls('edge'),
  to: [{ backend: 'web', weight: 1 }],
};
const shards = [
  shard('default', { isDefault: true }),
  shard('sharded', { routeSelector: { matchLabels: { sharded: 'true' } } }),
];
const backends = [
  { name: 'web', mode: 'http' },
  { name: 'raw', mode: 'tcp' },
] as never;

describe('tlsConflict', () => {
  const cases: [string, Partial<Route>, Partial<Route>[], Termination, RegExp | undefined][] = [
    ['nothing against passthrough', {}, [], 'passthrough', undefined],
    ['a path', { path: '/a' }, [], 'passthrough', /path \/a/],
    ['no host', { host: undefined as never }, [], 'passthrough', /no host/],
    [
      'another TLS route on the host',
      {},
      [{ name: 'api', path: '/api', tls: tls('edge') }],
      'passthrough',
      /api has TLS on the same host shop\.example\.com \(path \/api\)/,
    ],
    [
      'a plain route on the host',
      {},
      [{ name: 'api', path: '/api', tls: undefined as never }],
      'passthrough',
      undefined,
    ],
    ['a TLS route elsewhere', {}, [{ name: 'api', host: 'api.example.com' }], 'passthrough', undefined],
    [
      'Allow',
      { tls: tls('edge', { insecureEdgeTerminationPolicy: 'Allow' }) },
      [],
      'passthrough',
      /policy|Allow/,
    ],
    ['a tcp backend, passed through', { to: [{ backend: 'raw', weight: 1 }] }, [], 'passthrough', undefined],
    ['a tcp backend at the edge', { to: [{ backend: 'raw', weight: 1 }] }, [], 'edge', /raw is of mode tcp/],
    [
      'an older passed-through route on the host',
      { createdAt: 2 },
      [{ name: 'old', createdAt: 1, tls: tls('passthrough') }],
      'reencrypt',
      /passed through by route old/,
    ],
    [
      'a passed-through route that is refused as it is',
      { createdAt: 1 },
      [{ name: 'new', createdAt: 2, tls: tls('passthrough') }],
      'reencrypt',
      undefined,
    ],
    [
      'a TLS route of another shard on the host',
      {},
      [{ name: 'api', path: '/api', labels: { sharded: 'true' } }],
      'passthrough',
      undefined,
    ],
    [
      'a TLS route on the host that is refused as it is',
      {},
      [{ name: 'foreign', namespace: 'foreign', path: '/api' }],
      'passthrough',
      undefined,
    ],
    ['no TLS', { tls: undefined as never }, [], 'edge', /has no tls/],
    ['nothing against edge', {}, [], 'edge', undefined],
  ];
  it.each(cases)('%s', (_, over, others, to, text) => {
    const route = { ...shop, ...over };
    const routes = [route, ...others.map((other) => ({ ...shop, ...other }))];
    const conflict = tlsConflict(
      route,
      to,
      { shards, namespaces: [], routes, backends },
      (each) => each.tls?.termination,
    );
    if (text === undefined) expect(conflict).toBeUndefined();
    else expect(conflict?.text).toMatch(text);
  });
});
