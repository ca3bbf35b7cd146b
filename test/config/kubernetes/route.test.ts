import { describe, expect, it } from 'vitest';
import { annotated, checked, controller, made, route, slice, told } from './objects.ts';

const only = (objects: readonly unknown[]) => {
  const result = made(objects);
  return { ...result.configuration.routes[0], backends: result.configuration.backends, told: told(result) };
};
const haproxy = (name: string, value: unknown) => ({ [`haproxy.router.openshift.io/${name}`]: value });

describe('a Route', () => {
  it.each([
    [{}, 'random'],
    [{ tls: { termination: 'passthrough' } }, 'source'],
    [{ alternateBackends: [{ kind: 'Service', name: 'next', weight: 1 }] }, 'roundrobin'],
    [{ alternateBackends: [{ kind: 'Service', name: 'next', weight: 0 }] }, 'random'],
  ])('%j balances by %s, as the template has it', (spec, algorithm) => {
    expect(only([route(spec), slice()]).backends[0]?.balance).toEqual({ algorithm });
  });

  it.each([
    ['roundrobin', 'roundrobin', []],
    ['source', 'source', []],
    ['first', 'random', ['"first" is not roundrobin, leastconn, source or random, and not used']],
  ])('annotated with balance %s balances by %s', (written, algorithm, notes) => {
    const { backends, told: lines } = only([annotated(haproxy('balance', written)), slice()]);
    expect(backends[0]?.balance).toEqual({ algorithm });
    expect(lines.filter((line) => notes.some((note) => line.includes(note)))).toHaveLength(notes.length);
  });

  it.each([
    ['30', '30ms'],
    ['90s', '90s'],
    ['2h', '2h'],
    ['900us', '1ms'],
    ['400d', '24d'],
    ['0s', undefined],
    ['soon', undefined],
  ])('annotated with a timeout of %s waits %s', (written, server) => {
    const { backends } = only([annotated(haproxy('timeout', written)), slice()]);
    expect(backends[0]?.timeouts?.server).toBe(server);
  });

  it('takes either timeout for a tunnel, where it is passthrough', () => {
    const spec = { tls: { termination: 'passthrough' } };
    expect(only([annotated(haproxy('timeout', '5m'), spec), slice()]).backends[0]?.timeouts).toEqual({
      tunnel: '5m',
    });
  });

  it.each([
    [haproxy('disable_cookies', 'TRUE'), undefined],
    [haproxy('disable_cookies', 'yes'), { name: '21340055978303309f920a8473d829b1' }],
    [{ 'router.openshift.io/cookie_name': 'mine' }, { name: 'mine' }],
    [{ 'router.openshift.io/cookie_name': 'a b' }, { name: '21340055978303309f920a8473d829b1' }],
  ])('annotated with %j has the cookie %j', (annotations, cookie) => {
    expect(only([annotated(annotations), slice()]).backends[0]?.cookie).toEqual(cookie);
  });

  it('is checked only where there is another server to go to', () => {
    const one = { endpoints: [{ addresses: ['10.0.0.1'] }] };
    expect(only([route(), slice('shop', one)]).backends[0]?.check).toBeUndefined();
    const annotations = { 'router.openshift.io/haproxy.health.check.interval': '2s' };
    expect(only([annotated(annotations), slice()]).backends[0]?.check).toEqual({ tcp: {}, interval: '2s' });
  });

  it('limits the connections of a pod', () => {
    const { backends } = only([annotated(haproxy('pod-concurrent-connections', '20')), slice()]);
    expect(backends[0]?.servers.map(({ maxConnections }) => maxConnections)).toEqual([20, 20]);
  });

  it.each(['ip_allowlist', 'ip_whitelist'])('with an %s is left out, unless it is asked for', (key) => {
    const objects = [annotated(haproxy(key, '10.0.0.0/8')), slice()];
    const closed = made(objects);
    expect(closed.configuration.routes).toEqual([]);
    expect(told(closed)).toEqual([
      expect.stringMatching(/^a.yaml:1 error: Route shop is only for "10.0.0.0\/8"/),
    ]);
    const open = made(objects, { serveRestricted: true });
    expect(open.configuration.routes).toHaveLength(1);
    expect(told(open)).toEqual([expect.stringContaining('IT IS OPEN TO EVERYBODY')]);
  });

  it.each([
    [haproxy('rewrite-target', '/'), 'rewrite-target is not done'],
    [haproxy('set-forwarded-headers', 'never'), 'set-forwarded-headers is not used'],
    [haproxy('h1-adjust-case', 'true'), 'h1-adjust-case is not needed'],
    [haproxy('rate-limit-connections', 'true'), 'rate-limit-connections is not enforced'],
    [haproxy('hsts_header', 'always'), 'hsts_header: "always" is not understood'],
    [haproxy('unheard-of', '1'), 'unheard-of is not known'],
    [{ 'router.openshift.io/cookie-same-site': 'Strict' }, 'cookie-same-site is not set'],
    [{ 'router.openshift.io/pool-size': '5' }, 'pool-size is not needed'],
  ])('annotated with %j tells so', (annotations, text) => {
    const { told: lines } = only([annotated(annotations, { tls: { termination: 'edge' } }), slice()]);
    expect(
      lines.some((line) => line.includes(text)),
      lines.join('\n'),
    ).toBe(true);
  });

  it.each([
    [{ weight: 0 }, 0, []],
    [{ weight: 256 }, 256, []],
    [{ weight: 300 }, 256, ['weight "300" is not from 0 to 256: taken as 256']],
    [{ weight: -1 }, 0, ['weight "-1" is not from 0 to 256: taken as 0']],
    [{}, 100, []],
  ])('with an alternate of %j sends there by %i', (target, weight, notes) => {
    const spec = { alternateBackends: [{ kind: 'Service', name: 'next', ...target }] };
    const result = only([route(spec), slice(), slice('next')]);
    expect(result.to?.[1]).toEqual({ backend: 'store:shop:next', weight });
    for (const note of notes) expect(result.told.join('\n')).toContain(note);
  });

  it.each([
    ['web', 2],
    [8080, 2],
    ['8080', 2],
    [80, 0],
    ['http', 0],
  ])('with targetPort %j has %i servers, as the router', (targetPort, servers) => {
    const result = only([route({ port: { targetPort } }), slice()]);
    expect(result.backends[0]?.servers).toHaveLength(servers);
    expect(result.told.some((line) => line.includes('no endpoint of Service "shop" has the port'))).toBe(
      servers === 0,
    );
  });

  it.each([
    [[], '"shop" and its endpoints are not in the input'],
    [
      [{ apiVersion: 'v1', kind: 'Service', metadata: { name: 'shop', namespace: 'store' } }],
      'has neither EndpointSlices nor Endpoints',
    ],
    [
      [slice('shop', { endpoints: [{ addresses: ['10.0.0.1'], conditions: { ready: false } }] })],
      'has no endpoint that is ready (1 are not)',
    ],
    [[slice('shop', { ports: [{ port: 53, protocol: 'UDP' }] })], 'has no endpoint'],
    [
      [slice('shop', { addressType: 'FQDN', endpoints: [{ addresses: ['web.internal'] }] })],
      'has no endpoint',
    ],
  ])('whose Service has nobody behind it answers 503, and tells why', (objects, text) => {
    const result = made([route(), ...objects]);
    expect(result.configuration.backends[0]?.servers).toEqual([]);
    expect(told(result).join('\n')).toContain(text);
    expect(checked(result)).toMatchObject({ ok: true });
  });

  it.each([
    [{ host: '', subdomain: 'shop' }, 'shop.apps.example.com'],
    [{ host: '' }, 'shop-store.apps.example.com'],
    [{ host: 'SHOP.example.com' }, 'shop.example.com'],
    [{ wildcardPolicy: 'Subdomain' }, '*.example.com'],
    [{ host: 'a b' }, undefined],
    [{ host: '::1' }, undefined],
    [{ path: 'no-slash' }, undefined],
    [{ tls: { termination: 'magic' } }, undefined],
    [{ to: {} }, undefined],
    [{ to: { kind: 'Function', name: 'x' } }, undefined],
  ])('of %j has the host %s', (spec, host) => {
    const result = made([controller({ domain: 'apps.example.com' }), route(spec), slice()]);
    expect(result.configuration.routes[0]?.host).toBe(host);
    if (host === undefined) expect(told(result).join('\n')).toMatch(/error: .*left out/);
    expect(checked(result)).toMatchObject({ ok: true });
  });

  it('without any host is left out where no shard has a domain: it would take every host', () => {
    const result = made([route({ host: '' }), slice()]);
    expect(result.configuration.routes).toEqual([]);
    expect(told(result)[0]).toMatch(/neither host nor subdomain: left out \(NoHostValue\)/);
  });

  it('of a subdomain goes by the shard that takes it, the first of several', () => {
    const shards = [
      {
        name: 'internal',
        domain: 'internal.example.com',
        routeSelector: { matchLabels: { internal: 'true' } },
      },
      { name: 'a', domain: 'a.example.com' },
      { name: 'b', domain: 'b.example.com' },
    ];
    const result = made([route({ host: '', subdomain: 'x' }), slice()], { shards });
    expect(result.configuration.routes[0]?.host).toBe('x.a.example.com');
    expect(result.configuration.shards).toEqual([]);
    expect(told(result)[0]).toMatch(/is taken by a, b: its host is of the domain of a alone/);
  });

  it('of passthrough has no path, and tells so', () => {
    const result = only([route({ path: '/x', tls: { termination: 'passthrough' } }), slice()]);
    expect(result.path).toBeUndefined();
    expect(result.told).toEqual([expect.stringContaining('where no path can be seen')]);
  });

  it('with a name that nobody else could have stays apart from its like', () => {
    const long = 'a'.repeat(240);
    const result = made([
      route({}, { name: `${long}1` }),
      route({ path: '/2' }, { name: `${long}2` }),
      slice(),
    ]);
    const names = result.configuration.routes.map(({ name }) => name);
    expect(new Set(names).size).toBe(2);
    expect(checked(result)).toMatchObject({ ok: true });
    const colon = made([
      route({}, { name: 'a:b' }),
      route({ path: '/2', alternateBackends: [{ name: 'c' }], to: { name: 'b' } }, { name: 'a' }),
    ]);
    expect(checked(colon)).toMatchObject({ ok: true });
  });

  it('sends over TLS to what has the name of its Service', () => {
    const { backends, told: lines } = only([route({ tls: { termination: 'reencrypt' } }), slice()]);
    expect(backends[0]?.tls).toEqual({ serverName: 'shop.store.svc' });
    expect(lines[0]).toContain('service CA');
  });
});
