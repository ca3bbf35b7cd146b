// Routes, certificates and switches that tests show.

import type { CertificateEntity, MutableModel, RouteEntity, RouteTlsEntity } from '../../src/domain/model.ts';
import type { Preflight } from '../../src/domain/preflight.ts';
import type { RouteRates } from '../../src/domain/sample.ts';
import type { TlsSwitch } from '../../src/domain/tls-switch.ts';
import { addBackend, addEntry, changeServer, noon, wellWorld } from './worlds.ts';

const minute = 60_000;
const day = 24 * 60 * minute;

export function addRoute(
  model: MutableModel,
  name: string,
  tls: (Partial<RouteTlsEntity> & Pick<RouteTlsEntity, 'termination'>) | undefined,
  more: Partial<RouteEntity> = {},
): void {
  model.route.set(name, {
    name,
    host: `${name}.apps.example.com`,
    path: '/',
    to: [{ backend: 'web', weight: 100 }],
    warnings: [],
    namespace: 'default',
    labels: {},
    configuredLabels: {},
    shards: [{ shard: 'default', admitted: true }],
    ...(tls === undefined
      ? {}
      : {
          tls: {
            configuredTermination: tls.termination,
            insecureEdgeTerminationPolicy: 'Redirect',
            verify: 'required',
            certificate: 'apps.pem',
            ...tls,
          },
        }),
    ...more,
  });
}

export function addCertificate(
  model: MutableModel,
  key: string,
  leftMs: number,
  more: Partial<CertificateEntity> = {},
): void {
  model.certificate.set(key, {
    key,
    names: ['*.apps.example.com'],
    subject: 'CN=*.apps.example.com, O=Example',
    issuer: 'Example TLS CA 2',
    selfSigned: false,
    notBefore: noon - 29 * day,
    notAfter: noon + leftMs,
    keyType: 'ECDSA P-256',
    fingerprint: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
    chain: 2,
    isDefault: false,
    routes: [],
    servedSince: noon - 2 * day,
    disk: { state: 'same' },
    ...more,
  });
}

/** All is well with three modes, weights, and one backend that is spoken to without verifying it. */
export function tlsWorld(): MutableModel {
  const model = wellWorld();
  model.bind.set(':443', {
    name: ':443',
    shard: 'default',
    address: '[::]:443',
    mode: 'tls',
    backend: 'web',
    maxConnections: 20_000,
    state: 'open',
  });
  addBackend(model, 'canary', ['c1']);
  addBackend(model, 'pay', ['p1', 'p2'], { mode: 'tcp', algorithm: 'source' });
  addCertificate(model, 'apps.pem', 61 * day, {
    isDefault: true,
    routes: ['api'],
    ocsp: { state: 'good', nextUpdate: noon + 3 * day },
  });
  addCertificate(model, 'shop.pem', 244 * day, {
    names: ['shop.apps.example.com', 'www.shop.example'],
    subject: 'CN=shop.apps.example.com',
    keyType: 'RSA 2048',
    chain: 3,
    routes: ['shop'],
    fingerprint: '60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752',
  });
  addRoute(
    model,
    'shop',
    { termination: 'edge', certificate: 'shop.pem', hsts: 'max-age=31536000;includeSubDomains' },
    {
      to: [
        { backend: 'web', weight: 90 },
        { backend: 'canary', weight: 10 },
      ],
    },
  );
  addRoute(model, 'pay', { termination: 'passthrough' }, { to: [{ backend: 'pay', weight: 100 }] });
  addRoute(
    model,
    'api',
    { termination: 'reencrypt', insecureEdgeTerminationPolicy: 'Allow', verify: 'none' },
    {
      path: '/v2',
      to: [{ backend: 'api', weight: 100 }],
      warnings: [{ about: 'route', text: 'verify: none: whoever answers at its servers is believed' }],
    },
  );
  addRoute(model, 'status', undefined, { host: 'status.apps.example.com' });
  return model;
}

export const watched: TlsSwitch = {
  route: 'shop',
  from: 'edge',
  to: 'reencrypt',
  phase: 'watching',
  by: 'anna',
  startedAt: noon - 18_000,
  watchUntil: noon + 42_000,
  threshold: 0.05,
  before: { attempts: 72_240, failures: 72, handshakeFailures: 1, clientErrors: 0, overMs: minute },
  after: { attempts: 21_672, failures: 87, handshakeFailures: 3, clientErrors: 0, overMs: 18_000 },
  left: 212,
  closeAt: 0,
};

export const revertedByItself: TlsSwitch = {
  ...watched,
  phase: 'reverted',
  startedAt: noon - 3 * minute,
  watchUntil: noon - 2 * minute,
  endedAt: noon - 2 * minute - 52_000,
  after: { attempts: 9_600, failures: 4_128, handshakeFailures: 4_101, clientErrors: 0, overMs: 8_000 },
  left: 0,
  text: '43 % of 9,600 failed since, 0.1 % before: 4,101 handshakes with web/app3 (self-signed certificate)',
};

/** A switch under watch, one that reverted, an override, certificates that end or are refused, and none at all. */
export function troubledTlsWorld(): MutableModel {
  const model = tlsWorld();
  const shop = model.route.get('shop')!;
  model.route.set('shop', { ...shop, tls: { ...shop.tls!, termination: 'reencrypt' } });
  model.switch.set('shop', watched);
  model.drift.set('shop termination', {
    key: 'shop termination',
    route: 'shop',
    field: 'termination',
    configured: 'edge',
    running: 'reencrypt',
    by: 'anna',
    at: noon - 18_000,
  });
  addRoute(
    model,
    'legacy',
    { termination: 'edge', certificate: 'legacy.pem', insecureEdgeTerminationPolicy: 'None' },
    { to: [{ backend: 'canary', weight: 100 }] },
  );
  model.switch.set('legacy', { ...revertedByItself, route: 'legacy' });
  const bare = { termination: 'edge', insecureEdgeTerminationPolicy: 'None' } as const;
  addRoute(model, 'intranet', bare, {
    host: 'intranet.a-very-long-department-name.corp.example.com',
    warnings: [
      { about: 'route', text: 'no certificate for intranet.a-very-long-department-name.corp.example.com' },
    ],
  });
  const intranet = model.route.get('intranet')!;
  const { certificate: _, ...without } = intranet.tls!;
  model.route.set('intranet', { ...intranet, tls: without });
  addCertificate(model, 'legacy.pem', 3 * day + 60_000, {
    names: ['legacy.apps.example.com'],
    subject: 'CN=legacy.apps.example.com',
    routes: ['legacy'],
    disk: {
      state: 'refused',
      text: 'legacy.pem, written 16:01:12: its key is not the one of its certificate',
    },
  });
  addCertificate(model, 'old.pem', -2 * day, {
    names: ['old.example.com'],
    subject: 'CN=old.example.com',
    issuer: 'CN=old.example.com',
    selfSigned: true,
    keyType: 'RSA 1024',
    chain: 1,
    ocsp: { state: 'refused', text: 'old.ocsp: its next update was 9 d ago' },
  });
  addCertificate(model, 'img.pem', 22 * day, { names: ['img.example.com', 'a', 'b', 'c'] });
  changeServer(model, 'canary/c1', { operational: 'down', operationalSince: noon - 42_000 });
  addEntry(model, 20, noon - 18_000, 'shop', 'edge → reencrypt, watched 1 min', {
    kind: 'act',
    actor: { name: 'anna', from: '10.2.0.7' },
    before: 'edge',
    after: 'reencrypt',
    result: 'done',
    inverse: { kind: 'tls-revert', route: 'shop' },
  });
  addEntry(model, 21, noon - 2 * minute, 'legacy', 'reverted to edge by itself: 43 % failed, 0.1 % before', {
    actor: { name: 'runtime', from: 'watch' },
    severity: 'bad',
  });
  return model;
}

export function routeRates(name: string, change: Partial<RouteRates> = {}): RouteRates {
  return {
    name,
    open: { passthrough: 0, edge: 0, reencrypt: 0 },
    requests: 611,
    errors: 0,
    bytesIn: 50_000,
    bytesOut: 2_000_000,
    handshakes: 12,
    handshakeFailures: 0,
    ...change,
  };
}

export function routeRatesOf(model: MutableModel): RouteRates[] {
  return [...model.route.values()].map(({ name, tls }) =>
    routeRates(name, {
      ...(tls === undefined
        ? { handshakes: 0 }
        : { open: { passthrough: 0, edge: 0, reencrypt: 0, [tls.termination]: 312 } }),
      ...(name === 'shop'
        ? { requests: 1_204, errors: 0.4, open: { passthrough: 0, edge: 212, reencrypt: 700 } }
        : {}),
      ...(name === 'pay' ? { requests: 88, handshakes: null } : {}),
    }),
  );
}

export const preflightOf: Preflight = {
  route: 'shop',
  from: 'edge',
  to: 'reencrypt',
  connections: { passthrough: 0, edge: 312, reencrypt: 0 },
  findings: [
    {
      subject: 'web/app1',
      severity: 'good',
      text: 'speaks TLSv1.3, CN=web.internal, chain good, expires in 91 d',
    },
    {
      subject: 'web/app2',
      severity: 'warning',
      text: 'speaks TLSv1.3, CN=web.internal, chain good, expires in 6 d',
      remedy: 'renew its certificate soon',
    },
    {
      subject: 'certificate',
      severity: 'good',
      text: 'shop.pem for shop.apps.example.com, expires in 244 d',
    },
    { subject: 'checks', severity: 'note', text: 'go over TLS from now on, because every route of web does' },
  ],
  pending: 0,
  verdict: 'safe',
};

export const unsafePreflight: Preflight = {
  ...preflightOf,
  findings: [
    ...preflightOf.findings,
    {
      subject: 'web/app3',
      severity: 'unsafe',
      text: 'answers plain HTTP on port 8443: "HTTP/1.1 400 Bad Request"',
      remedy: 'configure TLS there, or name the right port with tlsPort',
    },
  ],
  verdict: 'unsafe',
};
