import { describe, expect, it } from 'vitest';
import { checked, controller, made, route, slice, told } from './objects.ts';

const shardOf = (spec: object) => {
  const result = made([controller({ ...spec })]);
  return { ...result.configuration.shards[0], told: told(result).join('\n') };
};

describe('an IngressController', () => {
  it('that is not there is one shard that serves everything', () => {
    const { configuration } = made([route(), slice()]);
    expect(configuration.shards).toMatchObject([
      { name: 'default', binds: [{ mode: 'http' }, { mode: 'tls' }] },
    ]);
    expect(configuration.shards[0]).not.toHaveProperty('routeSelector');
  });

  it.each([
    [undefined, 2, ''],
    [1, undefined, ''],
    [64, 64, ''],
    [100, 64, 'has "100" replicas: taken as 64'],
    [0, undefined, 'has "0" replicas: taken as 1'],
  ])('of %j replicas has %j instances', (replicas, instances, note) => {
    const shard = shardOf({ replicas });
    expect(shard.instances).toBe(instances);
    expect(shard.told).toContain(note);
  });

  it.each([
    [{ routeSelector: {} }, {}],
    [{ routeSelector: { matchLabels: {} } }, {}],
    [
      { namespaceSelector: { matchExpressions: [{ key: 'tier', operator: 'In', values: ['a', 'b'] }] } },
      { namespaceSelector: { matchExpressions: [{ key: 'tier', operator: 'In', values: ['a', 'b'] }] } },
    ],
  ])('with %j selects by it', (spec, selectors) => {
    expect(shardOf(spec)).toMatchObject(selectors);
  });

  it.each([
    { matchExpressions: [{ key: 'tier', operator: 'Like', values: ['a'] }] },
    { matchExpressions: [{ key: 'tier', operator: 'In', values: [] }] },
    { matchLabels: { 'not a key': 'x' } },
    'sharded=true',
  ])('whose selector %j is not understood is left out: it would take every route', (routeSelector) => {
    const result = made([controller({ routeSelector })]);
    expect(result.configuration.shards).toEqual([]);
    expect(told(result).join('\n')).toMatch(/error: .*would take every route: left out/);
  });

  it('listens where its host network says, and no two at one address', () => {
    const hostNetwork = { httpPort: 8081, httpsPort: 8444 };
    const result = made([
      controller({ endpointPublishingStrategy: { type: 'HostNetwork', hostNetwork } }),
      ...['a', 'b', 'c'].map((name) => controller({}, name)),
    ]);
    expect(result.configuration.shards.map(({ binds }) => binds.map(({ listen }) => listen))).toEqual([
      [':8081', ':8444'],
      [':80', ':443'],
      [':8080', ':8443'],
      [':8082', ':8445'],
    ]);
    expect(checked(result)).toMatchObject({ ok: true });
  });

  it.each([
    [{ httpHeaders: { forwardedHeaderPolicy: 'Replace' } }, { forwardedHeaders: 'replace' }, ''],
    [{ httpHeaders: { forwardedHeaderPolicy: 'Never' } }, { forwardedHeaders: 'never' }, ''],
    [
      { httpHeaders: { forwardedHeaderPolicy: 'IfNone' } },
      { forwardedHeaders: 'append' },
      'IfNone is taken as Append',
    ],
    [
      { httpHeaders: { actions: { response: [{ name: 'X' }] } } },
      { forwardedHeaders: 'append' },
      'spec.httpHeaders.actions is not done',
    ],
    [
      { tuningOptions: { clientTimeout: '45s', maxConnections: 5000 } },
      { maxConnections: 5000, timeouts: { client: '45s', request: '10s', keepAlive: '300s' } },
      '',
    ],
    [{ tuningOptions: { serverTimeout: '1m' } }, {}, 'spec.tuningOptions.serverTimeout is not used'],
    [{ endpointPublishingStrategy: { nodePort: { protocol: 'PROXY' } } }, {}, 'PROXY protocol'],
    [
      { logging: { access: { destination: { type: 'Container' } } } },
      {},
      'spec.logging of IngressController default: not used',
    ],
    [{ domain: 'not a domain' }, {}, 'the shard has no domain'],
  ])('with %j has its binds as %j', (spec, bind, note) => {
    const shard = shardOf(spec);
    expect(shard.binds?.[0]).toMatchObject(bind);
    expect(shard.told).toContain(note);
  });
});
