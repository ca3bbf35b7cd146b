import { describe, expect, it } from 'vitest';
import { admit } from '../../src/domain/admission.ts';
import type { Plan, Route, Shard } from '../../src/domain/plan.ts';
import type { Termination } from '../../src/domain/tls.ts';
import { type RouteContext, routeEntity } from '../../src/runtime/route-entity.ts';
import { certificate } from './certificates-in-memory.ts';
import { backend, plan } from './fixture.ts';
import { tlsPlan, tlsRoute } from './tls-scene.ts';

const now = 1_700_000_000_000;
const day = 86_400_000;

function contextOf(of: Plan, route: Route, certificateOf: RouteContext['certificateOf']): RouteContext {
  const routes = [...of.routes.filter(({ name }) => name !== route.name), route];
  const configuredLabels = (name: string) => of.routes.find((each) => each.name === name)?.labels;
  return { plan: of, now, certificateOf, configuredLabels, admission: admit({ ...of, routes }) };
}

function warnings(
  route: Route,
  {
    mode,
    given = certificate(),
    of = tlsPlan(),
  }: { mode?: Termination; given?: ReturnType<typeof certificate> | null; of?: ReturnType<typeof plan> } = {},
): readonly string[] {
  const context = contextOf(of, route, () => given ?? undefined);
  return routeEntity(route, mode ?? route.tls?.termination, context).warnings.map(({ text }) => text);
}

describe('routeEntity', () => {
  const shop = tlsRoute('shop', 'edge');

  it('has the mode in force beside the configured one', () => {
    const context = contextOf(tlsPlan(), shop, () => certificate());
    expect(routeEntity(shop, 'reencrypt', context)).toEqual({
      name: 'shop',
      host: 'shop.example.com',
      path: '/',
      to: shop.to,
      tls: {
        termination: 'reencrypt',
        configuredTermination: 'edge',
        insecureEdgeTerminationPolicy: 'None',
        verify: 'required',
        certificate: 'shop.pem',
      },
      namespace: 'default',
      labels: {},
      configuredLabels: {},
      shards: [{ shard: tlsPlan().shards[0]!.name, admitted: true }],
      warnings: [],
    });
  });

  describe('of several shards', () => {
    const [base] = tlsPlan().shards;
    const taking = (name: string, value?: string): Shard => ({
      ...base!,
      name,
      ...(value !== undefined && { routeSelector: { matchLabels: { shard: value } } }),
    });
    const shards = [taking('one', '1'), taking('two', '2'), taking('every')];
    const labelled = (value: string): Route => tlsRoute('shop', 'edge', { labels: { shard: value } });

    it('warns of a route that no shard serves, and says why', () => {
      expect(warnings(labelled('3'), { of: tlsPlan({ shards: shards.slice(0, 2) }) })).toEqual([
        'served by no shard: no selector takes it',
      ]);
      const rival = tlsRoute('rival', 'edge', { host: 'shop.example.com', createdAt: 1 });
      const late = { ...labelled('1'), createdAt: 2 };
      expect(warnings(late, { of: tlsPlan({ shards: shards.slice(2), routes: [rival] }) })).toEqual([
        'served by no shard: refused by every: HostAlreadyClaimed: route rival of namespace default is older and has the same host and path shop.example.com/',
      ]);
      expect(warnings(late, { of: tlsPlan({ shards, routes: [rival] }) })).toEqual([
        expect.stringMatching(/^refused by every: HostAlreadyClaimed: /),
      ]);
    });

    it('warns of a route that several serve', () => {
      expect(warnings(labelled('2'), { of: tlsPlan({ shards }) })).toEqual([
        'served by 2 shards: two, every',
      ]);
    });

    it('looks at the binds of those that serve it', () => {
      const [web] = base!.binds;
      const of = tlsPlan({ shards: [taking('one', '1'), { ...taking('two', '2'), binds: [web!] }] });
      expect(warnings(labelled('1'), { of })).toEqual([]);
      expect(warnings(labelled('2'), { of })).toEqual([
        'no bind of mode tls in two: it is not served anywhere',
      ]);
    });

    it('has the labels in force beside the configured ones', () => {
      const of = tlsPlan({ shards, routes: [labelled('1')] });
      const entity = routeEntity(
        labelled('2'),
        'edge',
        contextOf(of, labelled('2'), () => certificate()),
      );
      expect(entity).toMatchObject({ labels: { shard: '2' }, configuredLabels: { shard: '1' } });
      expect(entity.shards).toEqual([
        { shard: 'two', admitted: true },
        { shard: 'every', admitted: true },
      ]);
    });
  });

  it('warns of servers that are not verified where we speak TLS to them', () => {
    const of = tlsPlan({ backends: [backend({ tls: { verify: 'none' } })] });
    expect(warnings(shop, { mode: 'reencrypt', of })).toEqual([
      'verify: none: certificates of servers of web are not verified',
    ]);
    expect(warnings(shop, { of })).toEqual([]);
  });

  it.each([
    ['none at all', null, /^no certificate for shop\.example\.com: its handshakes fail$/],
    [
      'another name',
      certificate({ names: ['*.example.org'] }),
      /no certificate for shop\.example\.com: its clients get shop\.pem/,
    ],
    ['an expired one', certificate({ notAfter: now - 1 }), /has expired/],
    ['one near its end', certificate({ notAfter: now + 9 * day + 1 }), /expires in 9 d/],
    ['one in its last hours', certificate({ notAfter: now + 7_200_000 }), /expires in 2 h/],
    ['one that is too early', certificate({ notBefore: now + day }), /not valid yet/],
    ['a broken new file', certificate({ disk: { state: 'refused', text: 'no' } }), /on disk is refused/],
  ])('warns of a certificate: %s', (_, given, text) => {
    expect(warnings(shop, { given })).toEqual([expect.stringMatching(text)]);
    expect(warnings(shop, { given, mode: 'passthrough' })).toEqual([]);
  });

  it('warns where nothing serves it', () => {
    expect(warnings(shop, { of: plan() })).toEqual(['no bind of mode tls: it is not served anywhere']);
    const allow = tlsRoute('shop', 'edge', { tls: { insecureEdgeTerminationPolicy: 'Allow' } });
    expect(warnings(allow, { of: plan() })).toEqual([
      'no bind of mode tls: it is served as plain HTTP alone',
    ]);
  });

  it('warns of HSTS that has no effect, or is contradicted', () => {
    const hsts = { hsts: 'max-age=31536000' };
    expect(warnings(tlsRoute('shop', 'passthrough', { tls: hsts }))).toEqual([
      'HSTS is not added to what is passed through',
    ]);
    const allow = { ...hsts, insecureEdgeTerminationPolicy: 'Allow' } as const;
    expect(warnings(tlsRoute('shop', 'edge', { tls: allow }))).toHaveLength(1);
  });

  it('shows bytes of a certificate escaped', () => {
    const [text] = warnings(shop, { given: certificate({ names: ['\u001b[2Jevil'] }) });
    expect(text).not.toContain('\u001b');
  });
});
