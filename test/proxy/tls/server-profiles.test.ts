import { describe, expect, it } from 'vitest';
import type { Plan } from '../../../src/domain/plan.ts';
import type { TlsFile } from '../../../src/domain/tls.ts';
import type { BackendRuntime } from '../../../src/proxy/backend-runtime.ts';
import { RouteRuntime } from '../../../src/proxy/bind-runtime.ts';
import { ServerProfiles } from '../../../src/proxy/tls/server-profiles.ts';
import { SessionCache } from '../../../src/proxy/tls/session-cache.ts';
import { authority, fileOf, leaf } from '../../support/tls-peers.ts';
import { backendOf, planOf } from '../plan-parts.ts';

function routeOf(name: string, host: string, backend: string, ca?: string): Plan['routes'][number] {
  return {
    name,
    namespace: 'default',
    labels: {},
    host,
    path: '/',
    tls: {
      termination: 'reencrypt',
      insecureEdgeTerminationPolicy: 'None',
      ...(ca === undefined ? {} : { destinationCACertificate: ca }),
    },
    to: [{ backend, weight: 1 }],
  };
}

function setUp(
  routes: readonly Plan['routes'][number][],
  tls = { verify: 'required' as const, ca: '/ca.pem' },
) {
  const backends = [backendOf('web', [], { tls }), backendOf('api', [], { tls })];
  const plan = planOf('p', [], backends, routes);
  const profiles = new ServerProfiles();
  const runtimes = new Map(routes.map((route) => [route.name, new RouteRuntime(route, () => undefined)]));
  return {
    use: (files: readonly TlsFile[]) => profiles.use(plan, { files, tickets: { secret: '', epoch: 0 } }),
    of: (route: string | undefined, backend = 'web') =>
      profiles.of(route === undefined ? undefined : runtimes.get(route), {
        settings: backends.find(({ name }) => name === backend)!,
      } as BackendRuntime),
  };
}

describe('profiles of servers', () => {
  it('are one object for all who ask for the same, and others for others', async () => {
    const ca = fileOf('/ca.pem', (await authority()).cert);
    const { use, of } = setUp([
      routeOf('a', 'shop.example.com', 'web'),
      routeOf('b', 'shop.example.com', 'web'),
      routeOf('c', 'other.example.com', 'web'),
      routeOf('d', '*.example.com', 'web'),
    ]);
    expect(use([ca])).toEqual([]);
    expect(of('a')).toBe(of('b'));
    expect(of('a')).toBe(of('a', 'api'));
    expect(of('a')).not.toBe(of('c'));
    expect(of('a').context).toBe(of('c').context);
    expect([of('a').serverName, of('d').serverName, of(undefined).serverName]).toEqual([
      'shop.example.com',
      undefined,
      undefined,
    ]);
  });

  it('stay with the same contents, and are retired with others', async () => {
    const ca = (await authority()).cert;
    const { use, of } = setUp([routeOf('a', 'shop.example.com', 'web')]);
    use([fileOf('/ca.pem', ca)]);
    const first = of('a');
    use([fileOf('/ca.pem', ca)]);
    expect(of('a')).toBe(first);
    use([fileOf('/ca.pem', `${ca}#`)]);
    expect(of('a')).not.toBe(first);
    expect([first.retired, of('a').retired]).toEqual([true, false]);
  });

  it('take the destination CA of the route before that of the backend', async () => {
    const { use, of } = setUp([routeOf('a', 'shop.example.com', 'web', '/dest.pem')]);
    expect(use([fileOf('/ca.pem', (await authority()).cert)])).toEqual([
      '/dest.pem: its contents are not there',
    ]);
    expect(of('a')).toMatchObject({ context: undefined, fault: '/dest.pem: its contents are not there' });
  });

  it('tell what is wrong with a file by its name, never by what is in it', async () => {
    const { cert, key } = await leaf({ names: ['sluice'], client: true });
    const other = await leaf({ names: ['other'], client: true });
    const tls = {
      verify: 'required' as const,
      ca: '/ca.pem',
      certificate: { cert: '/c.pem', key: '/c.key' },
    };
    const ca = fileOf('/ca.pem', (await authority()).cert);
    const { use } = setUp([routeOf('a', 'shop.example.com', 'web')], tls);
    expect(use([ca, fileOf('/c.pem', cert), fileOf('/c.key', key)])).toEqual([]);
    for (const [certFile, keyFile] of [
      [cert, other.key],
      ['garbage', key],
      [cert, 'garbage'],
    ] as const) {
      const [fault = '', ...more] = use([ca, fileOf('/c.pem', certFile), fileOf('/c.key', keyFile)]);
      expect(more).toEqual([]);
      expect(fault).toMatch(/^\/ca\.pem, \/c\.pem, \/c\.key: \S/);
      expect(fault).not.toMatch(/garbage|BEGIN|MII/);
    }
  });
});

describe('sessions of servers', () => {
  it('are the newest of each address, and bounded', () => {
    const cache = new SessionCache();
    for (let at = 0; at < 1_200; at += 1) cache.set(`a${at}`, Buffer.from([at & 255]));
    cache.set('a1199', Buffer.from('newer'));
    expect(cache.get('a0')).toBeUndefined();
    expect(cache.get('a200')).toBeDefined();
    expect(cache.get('a1199')?.toString()).toBe('newer');
    cache.forget('a1199');
    expect(cache.get('a1199')).toBeUndefined();
  });
});
