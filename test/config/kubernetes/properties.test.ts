import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromKubernetes } from '../../../src/config/kubernetes/from-kubernetes.ts';
import { checked, controller, made, route, slice } from './objects.ts';

const anything = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      '',
      'shop',
      'a.example.com',
      '*.x',
      '/a',
      'web',
      'edge',
      'passthrough',
      'reencrypt',
      'Allow',
      'Subdomain',
      'true',
      '5s',
      '-----BEGIN X-----',
    ),
  },
  { weight: 1, arbitrary: fc.constantFrom(null, 0, -1, 80, 1e9, true, [], {}, [null], { a: {} }) },
  { weight: 1, arbitrary: fc.string({ maxLength: 8, unit: 'grapheme' }) },
);
const some = (...keys: string[]) =>
  fc.dictionary(fc.constantFrom(...keys), anything, { maxKeys: 4, noNullPrototype: true });
const target = fc.oneof(anything, some('kind', 'name', 'weight'));

const routes = fc
  .record({
    metadata: fc.record({
      name: fc.constantFrom('shop', 'pay', 'a:b', 'a', `${'x'.repeat(200)}1`),
      namespace: fc.constantFrom('store', 'bank', undefined),
      labels: fc.oneof(some('app', 'sharded', 'x y', ''), anything),
      annotations: fc.oneof(
        some(
          'haproxy.router.openshift.io/timeout',
          'haproxy.router.openshift.io/balance',
          'haproxy.router.openshift.io/hsts_header',
          'haproxy.router.openshift.io/ip_allowlist',
          'router.openshift.io/cookie_name',
          'haproxy.router.openshift.io/pod-concurrent-connections',
          'router.openshift.io/haproxy.health.check.interval',
        ),
        anything,
      ),
      creationTimestamp: fc.oneof(fc.constant('2025-03-01T09:00:00Z'), anything),
      uid: anything,
    }),
    spec: fc.oneof(
      {
        weight: 9,
        arbitrary: fc.record(
          {
            host: fc.oneof(fc.constant('shop.example.com'), anything),
            subdomain: anything,
            path: anything,
            to: target,
            alternateBackends: fc.oneof(fc.array(target, { maxLength: 3 }), anything),
            port: some('targetPort'),
            tls: fc.oneof(
              some(
                'termination',
                'insecureEdgeTerminationPolicy',
                'certificate',
                'key',
                'externalCertificate',
                'more',
              ),
              anything,
            ),
            wildcardPolicy: anything,
          },
          { requiredKeys: ['host', 'to'] },
        ),
      },
      { weight: 1, arbitrary: anything },
    ),
  })
  .map(({ metadata, spec }) => ({ apiVersion: 'route.openshift.io/v1', kind: 'Route', metadata, spec }));

const controllers = fc
  .record({
    name: fc.constantFrom('default', 'sharded', 'x'.repeat(100)),
    spec: some(
      'domain',
      'replicas',
      'routeSelector',
      'namespaceSelector',
      'routeAdmission',
      'tlsSecurityProfile',
      'clientTLS',
      'tuningOptions',
      'httpHeaders',
      'endpointPublishingStrategy',
      'defaultCertificate',
    ),
  })
  .map(({ name, spec }) => controller(spec, name));

const slices = fc
  .record({
    service: fc.constantFrom('shop', 'a.example.com'),
    endpoints: fc.oneof(
      fc.array(
        fc.record({
          addresses: fc.oneof(fc.array(fc.oneof(fc.ipV4(), fc.ipV6(), anything), { maxLength: 2 }), anything),
          targetRef: fc.oneof(fc.constant({ kind: 'Pod', name: 'pod-a' }), anything),
        }),
        { maxLength: 3 },
      ),
      anything,
    ),
    ports: fc.array(
      fc.oneof(fc.record({ name: anything, port: fc.oneof(fc.constantFrom(80, 8080), anything) }), anything),
      { maxLength: 2 },
    ),
  })
  .map(({ service, endpoints, ports }) => slice(service, { endpoints, ports }));

describe('whatever objects say', () => {
  it('every Route is in the configuration or in a note, and the configuration is right', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(routes, {
          maxLength: 4,
          selector: ({ metadata }) => `${metadata.namespace}/${metadata.name}`,
        }),
        fc.uniqueArray(controllers, {
          maxLength: 3,
          selector: ({ metadata }) => (metadata as { name: string }).name,
        }),
        fc.array(slices, { maxLength: 3 }),
        (someRoutes, someControllers, someSlices) => {
          const objects = [...someRoutes, ...someControllers, ...someSlices];
          const result = made(objects, { pathOf: ({ name }) => `/certs/${name}` });
          for (const [index] of someRoutes.entries()) {
            // Every object of the text is on a line of its own, with a mark after it.
            const line = 2 * index + 1;
            const served = [...result.places.values()].some((place) => place.line === line);
            const noted = result.notes.some((note) => note.severity === 'error' && note.line === line);
            expect(served || noted, JSON.stringify(someRoutes[index])).toBe(true);
          }
          const whole = result.configuration.shards.length > 0 ? checked(result) : { ok: true };
          expect(whole, JSON.stringify(whole)).toMatchObject({ ok: true });
        },
      ),
      { numRuns: 120 },
    );
  });

  it('no text crashes it', () => {
    const cluster = readFileSync(join(import.meta.dirname, 'fixtures', 'cluster.txt'), 'utf8');
    const junk = fc.oneof(
      fc.constantFrom(
        '',
        '- ',
        ':',
        '{',
        '[',
        '"',
        '&a ',
        '*a',
        '---\n',
        '...\n',
        '\t',
        '\r',
        '!!binary x',
        '<<: ',
        '|\n',
        '\0',
        '\ufeff',
        '%YAML 9\n',
        '💥',
      ),
      fc.string({ maxLength: 4 }),
    );
    fc.assert(
      fc.property(fc.nat(cluster.length), fc.nat(60), junk, (at, length, piece) => {
        const text = cluster.slice(0, at) + piece + cluster.slice(at + length);
        const result = fromKubernetes([{ file: 'a.yaml', text }]);
        for (const { line, text: told } of result.notes) {
          expect(line).toBeGreaterThan(0);
          expect(told).not.toMatch(/[\p{Cc}\p{Cf}]/u);
        }
        expect(checked(result)).toMatchObject({ ok: true });
      }),
      { numRuns: 60 },
    );
  });
});

describe('a whole cluster', () => {
  it('of 5,000 Routes is read, none of them lost', () => {
    const entries = Array.from({ length: 5_000 }, (_, index) => {
      const metadata = {
        name: `r${index}`,
        namespace: `team-${index % 40}`,
        managedFields: [{ fieldsV1: { 'f:spec': {} } }],
      };
      return `- ${JSON.stringify(route({ host: `r${index}.example.com`, to: { name: `s${index}` } }, metadata))}`;
    });
    const result = fromKubernetes([
      { file: 'routes.yaml', text: `apiVersion: v1\nitems:\n${entries.join('\n')}\nkind: List\n` },
    ]);
    expect(result.configuration.routes).toHaveLength(5_000);
    expect(result.configuration.backends).toHaveLength(5_000);
    expect(result.places.get('team-39:r4999')).toEqual({ file: 'routes.yaml', line: 5_002 });
    expect(result.notes).toHaveLength(5_000);
  });
});
