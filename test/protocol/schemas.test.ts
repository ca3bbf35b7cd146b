import { describe, expect, it } from 'vitest';
import type { Command } from '../../src/domain/command.ts';
import type {
  CertificateEntity,
  Change,
  InstanceEntity,
  RouteEntity,
  ShardEntity,
} from '../../src/domain/model.ts';
import type { LabelSelector } from '../../src/domain/selector.ts';
import type { ShapeChange } from '../../src/domain/shape.ts';
import type { TlsSwitch } from '../../src/domain/tls-switch.ts';
import { command, precondition } from '../../src/protocol/schemas/commands.ts';
import { change } from '../../src/protocol/schemas/entities.ts';
import { whatIf } from '../../src/protocol/schemas/shards.ts';
import { connectionDetail, streamRecord } from '../../src/protocol/schemas/traffic.ts';

const tlsSwitch: Command = {
  kind: 'tls-switch',
  route: 'shop',
  termination: 'reencrypt',
  watchMs: 60_000,
  threshold: 0.05,
  closeMs: 0,
};

describe('LM10: commands on routes', () => {
  it.each<Command>([
    tlsSwitch,
    { ...tlsSwitch, watchMs: 3_600_000, threshold: 1, closeMs: 604_800_000, force: 'shop' },
    { kind: 'tls-revert', route: 'shop' },
    { kind: 'reset-route', route: 'a.b_c:d-1' },
    { kind: 'reset-route', route: 'x'.repeat(200) },
    { kind: 'write-back-route', route: 'shop' },
  ])('%j is one', (given) => expect(command.parse(given)).toEqual(given));

  it.each([
    { ...tlsSwitch, termination: 'none' },
    { ...tlsSwitch, watchMs: 3_600_001 },
    { ...tlsSwitch, watchMs: -1 },
    { ...tlsSwitch, threshold: 1.01 },
    { ...tlsSwitch, threshold: Number.NaN },
    { ...tlsSwitch, closeMs: 604_800_001 },
    { ...tlsSwitch, route: '' },
    { ...tlsSwitch, route: 'a\u001b[2J' },
    { ...tlsSwitch, route: 'x'.repeat(201) },
    { ...tlsSwitch, force: true },
    { ...tlsSwitch, forced: 'shop' },
    { kind: 'tls-revert', route: 'web/app1' },
    { kind: 'reset', route: 'shop' },
  ])('%j is none', (given) => expect(command.safeParse(given).success).toBe(false));

  it('a precondition is of a server or of a route, never half of one', () => {
    expect(precondition.safeParse({ termination: 'edge' }).success).toBe(true);
    expect(precondition.safeParse({ admin: 'ready', weight: 100 }).success).toBe(true);
    expect(precondition.safeParse({ admin: 'ready' }).success).toBe(false);
    expect(precondition.safeParse({ termination: 'plain' }).success).toBe(false);
  });
});

const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, at) => [`l${at}`, 'x']));
const relabel = { kind: 'relabel', route: 'shop', labels: { sharded: 'true', old: null } } as const;
const scale = { kind: 'scale', shard: 'default', instances: 3 } as const;
const select = (routeSelector: LabelSelector | null): ShapeChange => ({
  kind: 'select',
  shard: 'sharded',
  routeSelector,
});

describe('LM11: changes of shape', () => {
  it.each<ShapeChange>([
    scale,
    { ...scale, instances: 1 },
    { ...scale, instances: 64 },
    relabel,
    { ...relabel, labels: { 'example.com/tier': 'gold', 'a.b_c-d': '' } },
    { ...relabel, labels: { constructor: 'true' } },
    { ...relabel, labels: many(64) },
    select(null),
    select({}),
    select({
      matchLabels: { sharded: 'true' },
      matchExpressions: [{ key: 'old', operator: 'DoesNotExist' }],
    }),
    select({ matchExpressions: [{ key: 'tier', operator: 'In', values: ['gold', ''] }] }),
    select({ matchExpressions: [{ key: 'tier', operator: 'Exists', values: [] }] }),
  ])('%j is one', (given) => {
    const reshape = { kind: 'reshape', changes: [given], from: 'ab12ab12ab12' };
    expect(command.parse(reshape)).toEqual(reshape);
    expect(whatIf.parse({ changes: [given] })).toEqual({ changes: [given] });
  });

  it.each([
    { ...scale, instances: 0 },
    { ...scale, instances: 65 },
    { ...scale, instances: 1.5 },
    { ...scale, shard: '' },
    { ...scale, shard: 'a\u001b[2J' },
    { ...scale, by: 2 },
    { ...relabel, labels: {} },
    { ...relabel, labels: many(65) },
    { ...relabel, labels: { 'a b': 'x' } },
    { ...relabel, labels: { '-a': 'x' } },
    { ...relabel, labels: { 'Example.com/a': 'x' } },
    { ...relabel, labels: { a: 'x y' } },
    { ...relabel, labels: { a: 'x'.repeat(64) } },
    { ...relabel, labels: { a: '\u001b[2J' } },
    { ...relabel, labels: JSON.parse('{"__proto__":"x"}') },
    { ...relabel, route: 'web/app1' },
    { kind: 'select', shard: 'sharded' },
    select({ matchLabels: many(65) }),
    select({ matchExpressions: [{ key: 'tier', operator: 'In' }] }),
    select({ matchExpressions: [{ key: 'tier', operator: 'NotIn', values: [] }] }),
    select({ matchExpressions: [{ key: 'tier', operator: 'Exists', values: ['gold'] }] }),
    select({ matchExpressions: [{ key: 'a b', operator: 'Exists' }] }),
    select({ matchExpressions: Array.from({ length: 65 }, () => ({ key: 'a', operator: 'Exists' })) }),
    { kind: 'move' },
  ])('%j is none', (given) => {
    expect(command.safeParse({ kind: 'reshape', changes: [given] }).success).toBe(false);
    expect(whatIf.safeParse({ changes: [given] }).success).toBe(false);
  });

  it('come 1 to 64 at a time', () => {
    for (const [count, good] of [
      [0, false],
      [1, true],
      [64, true],
      [65, false],
    ] as const) {
      const changes = Array.from({ length: count }, () => scale);
      expect(command.safeParse({ kind: 'reshape', changes }).success).toBe(good);
      expect(whatIf.safeParse({ changes }).success).toBe(good);
    }
  });

  it.each<Command>([
    { kind: 'reset-shape', drift: 'default:instances' },
    { kind: 'write-back-shape', drift: 'a:b:labels' },
    { kind: 'renew', shard: 'default' },
    { kind: 'reload', from: 'ab12', to: 'cd34' },
  ])('%j is a command', (given) => expect(command.parse(given)).toEqual(given));

  it.each([
    { kind: 'reset-shape', drift: 'default' },
    { kind: 'reset-shape', drift: 'default:weight' },
    { kind: 'reset-shape', drift: 'a\u001b[2J:labels' },
    { kind: 'renew' },
    { kind: 'renew', shard: 'a/1' },
    { kind: 'reload', from: 'not a hash' },
    { kind: 'reshape', changes: [scale], from: '' },
  ])('%j is no command', (given) => expect(command.safeParse(given).success).toBe(false));

  it('a what-if may ask of servers too, or of the file', () => {
    for (const good of [
      { changes: [{ kind: 'remove', server: 'web/app1' }] },
      { changes: [{ kind: 'weight', server: 'web/app1', weight: 0 }] },
      { reload: true },
    ])
      expect(whatIf.parse(good)).toEqual(good);
    for (const bad of [
      { reload: false },
      {},
      { reload: true, changes: [scale] },
      { changes: [{ kind: 'weight', server: 'web/app1', weight: 257 }] },
    ])
      expect(whatIf.safeParse(bad).success).toBe(false);
  });
});

const certificate: CertificateEntity = {
  key: 'shop.pem',
  names: ['shop.example.com'],
  subject: 'CN=shop.example.com',
  issuer: 'CN=ca',
  selfSigned: false,
  notBefore: -1,
  notAfter: 2_000_000_000_000,
  keyType: 'ECDSA P-256',
  fingerprint: 'ab12',
  chain: 2,
  isDefault: true,
  routes: ['shop'],
  servedSince: 1,
  disk: { state: 'refused', text: 'shop.pem holds no certificate' },
  ocsp: { state: 'good', nextUpdate: 5 },
};

const route: RouteEntity = {
  name: 'shop',
  host: 'shop.example.com',
  path: '/',
  tls: {
    termination: 'edge',
    configuredTermination: 'reencrypt',
    insecureEdgeTerminationPolicy: 'Redirect',
    hsts: 'max-age=31536000',
    verify: 'none',
    certificate: 'shop.pem',
  },
  to: [{ backend: 'web', weight: 100 }],
  namespace: 'default',
  labels: { sharded: 'true' },
  configuredLabels: {},
  shards: [
    { shard: 'sharded', admitted: true },
    {
      shard: 'default',
      admitted: false,
      reason: 'HostAlreadyClaimed',
      message: 'pay of namespace bank is older',
      by: 'pay',
    },
  ],
  warnings: [{ about: 'route', text: 'verify: none' }],
};

const watched: TlsSwitch = {
  route: 'shop',
  from: 'edge',
  to: 'reencrypt',
  phase: 'reverted',
  by: 'anna',
  startedAt: 1,
  watchUntil: 2,
  endedAt: 3,
  threshold: 0.05,
  before: { attempts: 10, failures: 0, handshakeFailures: 0, clientErrors: 0, overMs: 60_000 },
  after: null,
  left: 2,
  closeAt: 0,
  text: 'failures rose',
};

const shard: ShardEntity = {
  name: 'default',
  domain: 'apps.example.com',
  instances: 3,
  configuredInstances: 2,
  routeSelector: '!sharded',
  configuredRouteSelector: '',
  namespaceSelector: 'tier=gold',
  isDefault: true,
  binds: ['http'],
  routes: ['shop'],
  refused: ['pay'],
  steering: { by: 'handoff', tableSize: 65_537, ipv6Prefix: 64 },
};

const instance: InstanceEntity = {
  id: 'default/1:4711',
  name: 'default/1',
  shard: 'default',
  pid: 4711,
  state: 'leaving',
  planHash: 'ab12',
  startedAt: 1,
  version: '0.4.0',
  crashes: 2,
  retryAt: 3,
  leaveBy: 4,
  text: 'finishes what it has',
};

const drift = { key: 'k', configured: 'edge', running: 'reencrypt', by: 'anna', at: 1 };

it.each<Change>([
  { seq: 1, type: 'certificate', key: 'shop.pem', value: certificate },
  { seq: 1, type: 'route', key: 'shop', value: route },
  { seq: 1, type: 'switch', key: 'shop', value: watched },
  { seq: 1, type: 'drift', key: 'k', value: { ...drift, route: 'shop', field: 'termination' } },
  { seq: 1, type: 'drift', key: 'k', value: { ...drift, server: 'web/app1', field: 'weight' } },
  { seq: 1, type: 'drift', key: 'k', value: { ...drift, route: 'shop', field: 'labels' } },
  { seq: 1, type: 'drift', key: 'k', value: { ...drift, shard: 'default', field: 'instances' } },
  { seq: 1, type: 'shard', key: 'default', value: shard },
  { seq: 1, type: 'instance', key: 'default/1:4711', value: instance },
])('carries a $type whole', (given) => expect(change.parse(given)).toEqual(given));

it('PF5: of a certificate nothing is carried but what is named, whatever it is given', () => {
  const value = { ...certificate, content: 'secret', pem: 'secret', keyText: 'secret' };
  expect(JSON.stringify(change.parse({ seq: 1, type: 'certificate', key: 'k', value }))).not.toContain(
    'secret',
  );
});

const row = {
  id: 'a-1',
  client: '10.0.0.1:1',
  bind: 'secure',
  instance: 'default/1',
  mode: 'tcp',
  route: 'shop',
  tls: 'passthrough',
  sni: 'shop.example.com\u001b',
  phase: 'handshake',
  ageMs: 1,
  idleMs: 1,
  bytesIn: 1,
  bytesOut: 1,
  rate: 1,
  requests: 1,
};
const timers = { TR: -1, Tw: -1, Tc: -1, Tr: -1, Ta: 4 };

it('carries a connection over TLS whole', () => {
  const detail = {
    ...row,
    acceptedAt: 1,
    clientTls: {
      termination: 'reencrypt',
      sni: 'shop.example.com',
      alpnOffered: ['h2', 'http/1.1'],
      versionsOffered: ['TLSv1.3'],
      version: 'TLSv1.3',
      cipher: 'TLS_AES_128_GCM_SHA256',
      alpn: 'http/1.1',
      resumed: true,
      clientSubject: 'CN=anna',
    },
    serverTls: {
      version: 'TLSv1.2',
      cipher: 'x',
      resumed: false,
      serverName: 'web.internal',
      verified: true,
      handshakeMs: 0.4,
    },
    steps: [
      { what: 'client-hello', atMs: 0, text: 'SNI shop.example.com' },
      { what: 'server-handshake-failed', atMs: 1, text: 'expired' },
      { what: 'reset', by: 'sluice', atMs: 2, text: '' },
    ],
    timers,
  };
  expect(connectionDetail.parse(detail)).toEqual(detail);
});

it('carries a failed handshake with its cause', () => {
  const record = {
    connection: 'a-1',
    mode: 'tcp',
    at: 1,
    client: '10.0.0.1:1',
    bind: 'secure',
    instance: 'default/1',
    timers,
    bytesIn: 0,
    bytesOut: 7,
    termination: 'PR',
    cause: 'no certificate for api.example.com',
    tls: 'edge',
    sni: 'api.example.com',
    handshake: { version: 'TLSv1.3', cipher: 'x', resumed: false },
    connections: [1, 1, 0, 0],
    retries: 0,
    redispatched: false,
    queue: [0, 0],
  };
  expect(streamRecord.parse(record)).toEqual(record);
});
