import { beforeAll, describe, expect, it } from 'vitest';
import {
  type Authority,
  type MadeCertificate,
  makeAuthority,
  makeCertificate,
} from '../../../src/cli/demo/make-certificate.ts';
import { controller, made, route, slice, told } from './objects.ts';

let pair: MadeCertificate;
let other: MadeCertificate;
let authority: Authority;
beforeAll(async () => {
  pair = await makeCertificate({ names: ['shop.example.com'] });
  other = await makeCertificate({ names: ['shop.example.com'] });
  authority = await makeAuthority('A test');
});

const pathOf = ({ name }: { readonly name: string }) => `/certs/${name}`;
const secret = (name: string, namespace: string, { cert, key }: MadeCertificate) => ({
  apiVersion: 'v1',
  kind: 'Secret',
  type: 'kubernetes.io/tls',
  metadata: { name, namespace },
  data: {
    'tls.crt': Buffer.from(cert).toString('base64'),
    'tls.key': Buffer.from(key).toString('base64'),
  },
});
const edge = (tls: object) => route({ tls: { termination: 'edge', ...tls } });

describe('certificates in Routes', () => {
  it('become files, the key a secret one', () => {
    const result = made(
      [edge({ certificate: pair.cert, key: pair.key, caCertificate: authority.cert }), slice()],
      { pathOf },
    );
    expect(result.configuration.routes[0]?.tls).toEqual({
      termination: 'edge',
      certificate: '/certs/store_shop.crt',
      key: '/certs/store_shop.key',
    });
    expect(result.files).toEqual([
      {
        path: '/certs/store_shop.crt',
        content: `${pair.cert.trim()}\n${authority.cert.trim()}\n`,
        secret: false,
      },
      { path: '/certs/store_shop.key', content: `${pair.key.trim()}\n`, secret: true },
    ]);
  });

  it('are told of where there is no folder for them', () => {
    const result = made([edge({ certificate: pair.cert, key: pair.key }), slice()]);
    expect(result.configuration.routes[0]?.tls).toEqual({ termination: 'edge' });
    expect(result.files).toEqual([]);
    expect(told(result)).toEqual([
      expect.stringContaining('there is no folder for them (--certificates DIR)'),
    ]);
  });

  it.each([
    [
      'of another key',
      () => ({ certificate: pair.cert, key: other.key }),
      'its key is of another certificate',
    ],
    ['that are damaged', () => ({ certificate: 'x', key: pair.key }), 'damaged'],
  ])('%s cost the Route, as at the router', (_, tls, text) => {
    const result = made([edge(tls()), slice()], { pathOf });
    expect(result.configuration.routes).toEqual([]);
    expect(told(result).join('\n')).toContain(text);
    expect(told(result).join('\n')).not.toContain('BEGIN');
  });

  it('without a key are not served', () => {
    const result = made([edge({ certificate: pair.cert }), slice()], { pathOf });
    expect(result.configuration.routes[0]?.tls).toEqual({ termination: 'edge' });
    expect(told(result)).toEqual([expect.stringContaining('has a certificate without its key')]);
  });

  it('may stand in a Secret of the same namespace', () => {
    const external = edge({ externalCertificate: { name: 'shop-tls' } });
    const found = made([external, secret('shop-tls', 'store', pair), slice()], { pathOf });
    expect(found.files.map(({ path }) => path)).toEqual(['/certs/store_shop.crt', '/certs/store_shop.key']);
    const elsewhere = made([external, secret('shop-tls', 'bank', pair), slice()], { pathOf });
    expect(elsewhere.files).toEqual([]);
    expect(told(elsewhere)).toEqual([expect.stringContaining('Secret "shop-tls" is not in the input')]);
  });

  it('of servers are verified by the authorities that are given', () => {
    const reencrypt = (destinationCACertificate: string) =>
      made([route({ tls: { termination: 'reencrypt', destinationCACertificate } }), slice()], { pathOf });
    expect(reencrypt(authority.cert).configuration.routes[0]?.tls).toEqual({
      termination: 'reencrypt',
      destinationCACertificate: '/certs/store_shop.destination-ca.crt',
    });
    expect(reencrypt('nonsense').configuration.routes).toEqual([]);
  });
});

describe('TLS of an IngressController', () => {
  it('has the certificate that is named, else the one that the operator makes', () => {
    const named = controller({ defaultCertificate: { name: 'apps' } });
    const result = made([named, secret('apps', 'openshift-ingress', pair)], { pathOf });
    expect(result.configuration.certificates).toEqual([
      { cert: '/certs/ingress_default.crt', key: '/certs/ingress_default.key' },
    ]);
    const own = made([controller(), secret('router-certs-default', 'openshift-ingress', pair)], { pathOf });
    expect(own.configuration.certificates).toHaveLength(1);
  });

  it.each([
    [{ type: 'Modern', modern: {} }, 'TLSv1.3', ''],
    [{ type: 'Intermediate' }, undefined, ''],
    [{ type: 'Old' }, undefined, 'nothing older than TLSv1.2'],
    [{ type: 'Custom', custom: { minTLSVersion: 'VersionTLS13' } }, 'TLSv1.3', ''],
    [{ type: 'Custom', custom: { minTLSVersion: 'VersionTLS10' } }, undefined, 'nothing older than TLSv1.2'],
    [{ type: 'Custom', custom: { minTLSVersion: 'VersionTLS12' } }, undefined, 'not the ciphers'],
  ])('with the profile %j speaks %s', (tlsSecurityProfile, minVersion, note) => {
    const result = made([controller({ tlsSecurityProfile })]);
    expect(result.configuration.shards[0]?.binds[1]?.minVersion).toBe(minVersion);
    expect(told(result).join('\n')).toContain(note);
  });

  it('that asks for certificates which cannot be verified has no bind for TLS', () => {
    const clientTLS = { clientCertificatePolicy: 'Required', clientCA: { name: 'clients' } };
    const config = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'clients', namespace: 'openshift-config' },
      data: { 'ca-bundle.pem': authority.cert },
    };
    const modes = (...objects: unknown[]) =>
      made(objects, { pathOf }).configuration.shards[0]?.binds.map(({ mode, clientTLS: asked }) => [
        mode,
        asked,
      ]);
    expect(modes(controller({ clientTLS }))).toEqual([['http', undefined]]);
    expect(modes(controller({ clientTLS: { ...clientTLS, allowedSubjectPatterns: ['x'] } }), config)).toEqual(
      [['http', undefined]],
    );
    expect(modes(controller({ clientTLS }), config)).toEqual([
      ['http', undefined],
      ['tls', { clientCertificatePolicy: 'Required', clientCA: '/certs/ingress_default.client-ca.crt' }],
    ]);
  });
});
