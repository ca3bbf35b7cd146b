import { describe, expect, it } from 'vitest';
import { type RouteRow, routes } from '../../../src/cli/show/routes.ts';
import { emptyModel, type RouteEntity } from '../../../src/domain/model.ts';
import type { Sample } from '../../../src/domain/sample.ts';
import type { TlsSwitch } from '../../../src/domain/tls-switch.ts';

const tls: NonNullable<RouteEntity['tls']> = {
  termination: 'edge',
  configuredTermination: 'edge',
  insecureEdgeTerminationPolicy: 'None',
  verify: 'required',
};
const plain: RouteRow = {
  name: 'shop',
  host: 'shop.example.com',
  path: '/',
  to: [{ backend: 'web', weight: 90 }],
  namespace: 'default',
  labels: {},
  configuredLabels: {},
  shards: [],
  warnings: [],
  traffic: null,
  switch: null,
};

/** Title to text, as a table has them; colour as a mark before the text. */
function cells(row: RouteRow): Record<string, string> {
  return Object.fromEntries(
    routes.columns(0).map(({ title, cell }) => {
      const made = cell(row);
      return [title, typeof made === 'object' ? `${made.shade}: ${made.text}` : String(made ?? '–')];
    }),
  );
}

describe('show routes', () => {
  it.each<[string, Partial<RouteRow>, Record<string, string>]>([
    ['without TLS', {}, { 'TLS mode': 'muted: none', 'plain HTTP': 'served', open: '–', 'req/s': '–' }],
    ['that no shard takes', {}, { shard: 'bad: ▼ no shard' }],
    ['of one shard', { shards: [{ shard: 'default', admitted: true }] }, { shard: 'default' }],
    [
      'of two shards',
      { shards: ['a', 'b'].map((shard) => ({ shard, admitted: true })) },
      { shard: 'warning: ▲ 2 shards: a b' },
    ],
    [
      'of one shard, and refused by another',
      {
        shards: [
          { shard: 'a', admitted: false, reason: 'HostAlreadyClaimed', message: 'pay is older' },
          { shard: 'b', admitted: true },
        ],
      },
      { shard: 'warning: ▲ b, refused by a: HostAlreadyClaimed' },
    ],
    [
      'that is refused',
      { shards: [{ shard: 'a', admitted: false, reason: 'RouteNotAdmitted', message: 'a wildcard' }] },
      { shard: 'bad: ▼ refused by a: RouteNotAdmitted' },
    ],
    ['as configured', { tls }, { 'TLS mode': 'edge', 'plain HTTP': 'muted: not served' }],
    [
      'overridden and watched',
      {
        tls: { ...tls, termination: 'passthrough', insecureEdgeTerminationPolicy: 'Redirect' },
        switch: { phase: 'watching' } as TlsSwitch,
      },
      { 'TLS mode': 'warning: passthrough ≠ edge ◌ watched', 'plain HTTP': 'redirected' },
    ],
    [
      'with traffic and warnings',
      {
        tls,
        traffic: {
          name: 'shop',
          open: { passthrough: 1, edge: 2, reencrypt: 0 },
          requests: 12,
          errors: 0.5,
          bytesIn: 0,
          bytesOut: 0,
          handshakes: 0,
          handshakeFailures: 0,
        },
        warnings: [
          { about: 'route', text: 'verify: none' },
          { about: 'route', text: 'no certificate' },
        ],
      },
      { open: '3', 'req/s': '12', 'errors/s': '0.5', warnings: 'warning: ▲ verify: none; no certificate' },
    ],
  ])('%s', (_, over, expected) => expect(cells({ ...plain, ...over })).toMatchObject(expected));

  it('a row is its route with its traffic and its newest switch', () => {
    const model = emptyModel();
    const { traffic: _t, switch: _s, ...entity } = plain;
    model.route.set('shop', entity);
    model.switch.set('shop', { phase: 'settled' } as TlsSwitch);
    const sample = { routes: [{ name: 'shop', requests: 3 }] } as unknown as Sample;
    expect(routes.rows(model, sample)).toMatchObject([
      { name: 'shop', traffic: { requests: 3 }, switch: { phase: 'settled' } },
    ]);
    expect(routes.rows(model, undefined)).toMatchObject([{ traffic: null }]);
  });
});
