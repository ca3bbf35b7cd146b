import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fromKubernetes } from '../../../src/config/kubernetes/from-kubernetes.ts';
import { checked, told } from './objects.ts';

// As oc indents them, which a formatter of YAML would change.
const fixture = (file: string) => ({
  file,
  text: readFileSync(join(import.meta.dirname, 'fixtures', file.replace('.yaml', '.txt')), 'utf8'),
});
const cluster = fixture('cluster.yaml');
const controllers = fixture('ingresscontrollers.yaml');

describe('what oc prints of a cluster', () => {
  const result = fromKubernetes([cluster, controllers]);
  const { routes, backends, shards, namespaces } = result.configuration;

  it('becomes a configuration that is right', () => {
    expect(checked(result)).toMatchObject({ ok: true });
    expect(result.broken).toEqual([]);
  });

  it('has its Routes with name, age, labels and TLS', () => {
    expect(routes).toEqual([
      {
        name: 'bank:db',
        namespace: 'bank',
        created: '2025-03-03T09:00:00Z',
        uid: '0b1f4a46-3a52-4c2e-9d3f-8ac2b3a0e003',
        host: 'db.apps.example.com',
        tls: { termination: 'passthrough' },
        to: [{ backend: 'bank:db' }],
      },
      {
        name: 'store:canary',
        namespace: 'store',
        labels: { sharded: 'true' },
        created: '2025-03-02T09:00:00Z',
        uid: '0b1f4a46-3a52-4c2e-9d3f-8ac2b3a0e002',
        host: 'canary.shard-apps.example.com',
        path: '/beta',
        to: [
          { backend: 'store:canary:shop', weight: 90 },
          { backend: 'store:canary:shop-next', weight: 10 },
        ],
      },
      {
        name: 'store:shop',
        namespace: 'store',
        labels: { app: 'shop' },
        created: '2025-03-01T09:00:00Z',
        uid: '0b1f4a46-3a52-4c2e-9d3f-8ac2b3a0e001',
        host: 'shop-store.apps.example.com',
        tls: {
          termination: 'edge',
          insecureEdgeTerminationPolicy: 'Redirect',
          hsts: { maxAge: '31536000s', includeSubDomains: true, preload: true },
        },
        to: [{ backend: 'store:shop' }],
      },
    ]);
  });

  it('has a backend for each Service of a Route, with what is ready, on the port that is meant', () => {
    expect(backends.map(({ name, mode, balance }) => [name, mode, balance.algorithm])).toEqual([
      ['bank:db', 'tcp', 'source'],
      ['store:canary:shop', 'http', 'roundrobin'],
      ['store:canary:shop-next', 'http', 'roundrobin'],
      ['store:shop', 'http', 'leastconn'],
    ]);
    expect(backends[0]?.servers).toEqual([
      { name: '10-129-0-5', address: '10.129.0.5:5432' },
      { name: 'db-1', address: '10.129.0.7:5433' },
    ]);
    expect(backends[3]).toMatchObject({
      check: { tcp: {}, interval: '5s' },
      timeouts: { server: '5500ms' },
      servers: [
        { name: 'shop-7d4b9-aaaaa', address: '10.128.0.12:8080' },
        { name: 'shop-7d4b9-bbbbb-8080', address: '10.128.2.11:8080' },
        { name: 'shop-7d4b9-bbbbb-fd02-0-0-1-b-8080', address: '[fd02:0:0:1::b]:8080' },
      ],
    });
  });

  it('keeps clients by the cookies that the router gave them', () => {
    // printf ' store:shop' | md5sum
    expect(backends[3]?.cookie).toEqual({ name: '21340055978303309f920a8473d829b1' });
    expect(backends[1]?.cookie).toEqual({ name: 'canary' });
    expect(backends[0]?.cookie).toBeUndefined();
  });

  it('has its IngressControllers as shards, each on ports of its own', () => {
    expect(shards).toMatchObject([
      {
        name: 'default',
        domain: 'apps.example.com',
        instances: 2,
        routeSelector: { matchExpressions: [{ key: 'sharded', operator: 'DoesNotExist' }] },
        routeAdmission: { wildcardPolicy: 'WildcardsDisallowed', namespaceOwnership: 'Strict' },
        binds: [
          { listen: ':80', mode: 'http' },
          { listen: ':443', mode: 'tls' },
        ],
      },
      {
        name: 'sharded',
        domain: 'shard-apps.example.com',
        routeSelector: { matchLabels: { sharded: 'true' } },
        namespaceSelector: { matchLabels: { tier: 'gold' } },
        routeAdmission: { wildcardPolicy: 'WildcardsAllowed', namespaceOwnership: 'InterNamespaceAllowed' },
        binds: [
          { listen: ':8080', mode: 'http' },
          { listen: ':8443', mode: 'tls', minVersion: 'TLSv1.3' },
        ],
      },
    ]);
    expect(namespaces).toEqual([
      { name: 'store', labels: { 'kubernetes.io/metadata.name': 'store', tier: 'gold' } },
    ]);
  });

  it('tells, line by line, what is not had', () => {
    expect(told(result).map((line) => line.slice(0, 96))).toMatchSnapshot();
  });

  it('tells where each Route stands', () => {
    expect(result.places.get('store:shop')).toEqual({ file: 'cluster.yaml', line: 4 });
    expect(result.places.get('bank:db')).toEqual({ file: 'cluster.yaml', line: 73 });
  });

  it('is the same in whatever order it comes, and with the line ends of other systems', () => {
    const other = fromKubernetes([
      { ...controllers, text: controllers.text.replaceAll('\n', '\r\n') },
      { ...cluster, text: cluster.text.replaceAll('\n', '\r\n') },
    ]);
    expect(other.configuration).toEqual(result.configuration);
    expect(new Set(told(other))).toEqual(new Set(told(result)));
  });
});
