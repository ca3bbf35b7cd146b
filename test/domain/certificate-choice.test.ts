import { describe, expect, it } from 'vitest';
import {
  certificateChoice,
  certificateFor,
  certificateNames,
  type NamedCertificate,
  namesCover,
  plannedCertificates,
} from '../../src/domain/certificate-choice.ts';

interface Known extends NamedCertificate {
  readonly id: string;
}

const known = (id: string, names: string, more: Partial<Known> = {}): Known => ({
  id,
  names: names.split(' '),
  keyKind: 'ecdsa',
  ...more,
});

const first = known('default', 'default.example');
const shop = known('shop', 'shop.example.com');
const wild = known('wild', '*.example.com example.com');
const deep = known('deep', '*.a.example.com');
const routes = known('route', 'whatever.example', { host: 'shop.example.com' });
const routeWild = known('route-wild', '*.example.com', { host: '*.example.com' });

describe('which certificate', () => {
  it.each([
    ['the exact name before a wildcard', 'shop.example.com', [first, wild, shop], 'shop'],
    ['whatever its case', 'Shop.Example.COM', [first, wild, shop], 'shop'],
    ['a name with a dot at its end', 'shop.example.com.', [first, shop], 'shop'],
    ['a wildcard of one label', 'api.example.com', [first, wild], 'wild'],
    ['not of two labels', 'b.api.example.com', [first, wild], 'default'],
    ['the name of the wildcard itself only if it is listed', 'example.com', [first, wild], 'wild'],
    ['the longer wildcard', 'x.a.example.com', [first, wild, deep], 'deep'],
    ['the default without a name', undefined, [first, shop], 'default'],
    ['the default for an unknown name', 'other.example', [first, shop], 'default'],
    ['none where there is no default', 'other.example', [routes], undefined],
    ['none without a name where there is no default', undefined, [routes], undefined],
    ['none of none', 'a.example', [], undefined],
    ["a route's own before the plan's", 'shop.example.com', [shop, routes], 'route'],
    ["a route's own for its host alone", 'whatever.example', [first, routes], 'default'],
    ["a route's wildcard at any depth", 'b.api.example.com', [first, routeWild], 'route-wild'],
    ["a route's wildcard before the plan's", 'api.example.com', [wild, routeWild], 'route-wild'],
    [
      "a route's wildcard before an exact name of the plan's",
      'shop.example.com',
      [shop, routeWild],
      'route-wild',
    ],
    ["a route's host before a route's wildcard", 'shop.example.com', [routeWild, routes], 'route'],
    ['the first listed of two', 'shop.example.com', [shop, known('twin', 'shop.example.com')], 'shop'],
    ['no name of dots alone', '...', [first], 'default'],
  ] as const)('%s', (_, host, certificates, id) => {
    expect(certificateFor<Known>(host, certificates)?.id).toBe(id);
  });

  it.each([
    ['two kinds of key side by side', 'shop.example.com', ['shop', 'shop-rsa']],
    ['of the default as well', undefined, ['default', 'default-rsa']],
    ['where only one kind has the name', 'lone.example', ['lone']],
  ] as const)('%s', (_, host, ids) => {
    const choice = certificateChoice([
      first,
      shop,
      known('shop-rsa', 'shop.example.com', { keyKind: 'rsa' }),
      known('shop-late', 'shop.example.com', { keyKind: 'rsa' }),
      known('default-rsa', 'default.example', { keyKind: 'rsa' }),
      known('lone', 'lone.example'),
    ]);
    expect(choice(host).map(({ id }) => id)).toEqual(ids);
  });
});

describe('the names of a certificate', () => {
  it.each([
    ['DNS:A.example, DNS:*.b.example', 'CN=c', ['a.example', '*.b.example']],
    ['DNS:a.example, IP Address:10.0.0.1, DNS:a.example', 'CN=c', ['a.example', '10.0.0.1']],
    ['IP Address:2001:DB8:0:0:0:0:0:1', '', ['2001:db8:0:0:0:0:0:1']],
    ['DNS:"a, DNS:evil.example", DNS:b.example', '', ['a, dns:evil.example', 'b.example']],
    ['email:x@example.com, URI:https://a', 'O=x\nCN=Plain.Example', ['plain.example']],
    [undefined, 'CN=plain.example\nO=x', ['plain.example']],
    [undefined, 'O=x', []],
    [undefined, undefined, []],
    ['DNS:"broken, DNS:x', undefined, []],
  ] as const)('%s', (alternative, subject, names) => {
    const found = certificateNames(alternative, subject);
    if (alternative?.startsWith('DNS:"broken')) expect(found).not.toContain('evil.example');
    else expect(found).toEqual(names);
  });
});

it("lists a plan's certificates, those of routes first", () => {
  const files = (name: string) => ({ cert: `/${name}.pem`, key: `/${name}.key` });
  const tls = { termination: 'edge', insecureEdgeTerminationPolicy: 'None' } as const;
  const route = { namespace: 'default', labels: {}, path: '/', to: [] };
  expect(
    plannedCertificates({
      certificates: [files('a'), files('b')],
      routes: [
        { ...route, name: 'plain' },
        { ...route, name: 'r', host: 'r.example', tls: { ...tls, certificate: files('r') } },
        { ...route, name: 's', host: 's.example', tls },
      ],
    }),
  ).toEqual([{ files: files('r'), host: 'r.example' }, { files: files('a') }, { files: files('b') }]);
});

describe('namesCover', () => {
  it.each([
    ['shop.example.com', 'shop.example.com', true],
    ['com', 'com', true],
    ['*', 'com', false],
    ['*.example.com', 'shop.example.com', true],
    ['*.example.com', 'a.shop.example.com', false],
    ['*.example.com', 'example.com', false],
    ['*.example.com', '*.example.com', true],
    ['example.com', 'shop.example.com', false],
  ])('%s covers %s: %s', (name, host, does) => {
    expect(namesCover(['other.example.net', name], host)).toBe(does);
  });
});
