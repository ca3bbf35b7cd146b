import type { Socket } from 'node:net';
import { createSecureContext as contextOf, type TlsOptions } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { makeAuthority, makeCertificate } from '../../../src/cli/demo/make-certificate.ts';
import type { CertificateEntity } from '../../../src/domain/model.ts';
import type { Backend, Plan, Route, Server } from '../../../src/domain/plan.ts';
import type { Preflight } from '../../../src/domain/preflight.ts';
import type { AdminState, OperationalState } from '../../../src/domain/server-state.ts';
import type { RouteTls, Termination } from '../../../src/domain/tls.ts';
import { createPreflights } from '../../../src/runtime/preflight/preflights.ts';
import type { ServerProbe } from '../../../src/runtime/preflight/probe-server.ts';
import { backendOf, bindOf, loopback, planOf, serverOf } from '../../proxy/plan-parts.ts';
import { answering, authority, day, leaf, plainServer, tlsServer } from '../../support/tls-peers.ts';

const now = Date.now();
const ours: CertificateEntity = {
  key: '/certs/shop.pem',
  names: ['shop.example.com'],
  subject: 'CN=shop.example.com',
  issuer: 'CN=R11',
  selfSigned: false,
  notBefore: now - day,
  notAfter: now + 80.5 * day,
  keyType: 'ECDSA P-256',
  fingerprint: 'ab',
  chain: 2,
  isDefault: true,
  routes: ['shop'],
  servedSince: now,
  disk: { state: 'same' },
};

interface World {
  readonly servers?: readonly Server[];
  readonly backend?: Partial<Backend>;
  readonly route?: Partial<Route>;
  readonly tls?: Partial<RouteTls>;
  readonly others?: readonly Route[];
  readonly certificate?: CertificateEntity | null;
  readonly from?: Termination;
  readonly states?: Readonly<Record<string, { admin: AdminState; operational: OperationalState }>>;
  readonly connections?: Partial<Record<Termination, number>>;
  readonly binds?: Plan['shards'][number]['binds'];
  readonly probe?: ServerProbe;
}

async function preflights(world: World) {
  const ca = Buffer.from((await authority()).cert);
  const from = world.from ?? 'edge';
  const route: Route = {
    name: 'shop',
    namespace: 'default',
    labels: {},
    host: 'shop.example.com',
    path: '/',
    tls: { termination: from, insecureEdgeTerminationPolicy: 'None', ...world.tls },
    to: [{ backend: 'web', weight: 1 }],
    ...world.route,
  };
  const backend = backendOf('web', world.servers ?? [], {
    mode: 'http',
    tls: { verify: 'required', ca: '/ca.pem' },
    ...world.backend,
  });
  const plan = planOf(
    'p',
    world.binds ?? [bindOf(':443', { mode: 'tls' })],
    [backend],
    [route, ...(world.others ?? [])],
  );
  return createPreflights({
    plan: () => plan,
    content: (path) => (path === '/ca.pem' ? ca : undefined),
    certificateOf: () => (world.certificate === null ? undefined : (world.certificate ?? ours)),
    terminationOf: ({ tls }) => tls?.termination,
    stateOf: (key) => world.states?.[key],
    connectionsByMode: () => ({ passthrough: 0, edge: 0, reencrypt: 0, ...world.connections }),
    clock: { now: () => Date.now() },
    ...(world.probe === undefined ? {} : { probe: world.probe }),
  });
}

async function run(to: Termination, world: World): Promise<Preflight> {
  return (await preflights(world)).run('shop', to);
}

const lines = ({ findings }: Preflight) =>
  findings.map(({ subject, severity, text }) => `${severity} ${subject}: ${text}`);
const about = (preflight: Preflight, subject: string) =>
  lines(preflight).find((line) => line.includes(` ${subject}: `)) ?? '';
const ok = answering('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
const server = (port: number, name = 'app1') => serverOf(name, { address: loopback(port) });
const good = { names: ['shop.example.com'], notAfter: now + 91.5 * day };

describe('a preflight to reencrypt', () => {
  it('is safe with servers that speak TLS as they must, with the evidence', async () => {
    const heard: string[] = [];
    const port = await tlsServer(await leaf(good), (socket) => {
      socket.on('data', (bytes) => heard.push(String(bytes)));
      ok(socket);
    });
    const preflight = await run('reencrypt', { servers: [server(port)], connections: { edge: 7 } });
    expect(preflight).toMatchObject({ verdict: 'safe', pending: 0, from: 'edge', to: 'reencrypt' });
    expect(lines(preflight)).toEqual([
      'good certificate: for shop.example.com, 80 d left, issuer CN=R11: shop.pem',
      'note shop: open connections stay as they are: 7 in edge',
      `good web/app1: chain good for shop.example.com, 91 d left: TLSv1.3 on port ${port}, issuer Test Authority`,
    ]);
    expect(heard.join('')).toMatch(/^HEAD \/ HTTP\/1\.1\r\nHost: shop\.example\.com\r\n/);
  });

  it('asks what the check asks, where there is one: that changes nothing, and a server knows it', async () => {
    const heard: string[] = [];
    const port = await tlsServer(await leaf(good), (socket) => {
      socket.on('data', (bytes) => heard.push(String(bytes)));
      ok(socket);
    });
    const kind = {
      type: 'http',
      method: 'GET',
      path: '/healthz',
      headers: [],
      expect: [[200, 399]],
    } as const;
    const check = {
      kind,
      interval: 1_000,
      fastInterval: 1_000,
      downInterval: 1_000,
      timeout: 1_000,
      rise: 2,
      fall: 3,
      jitter: 0,
    };
    await run('reencrypt', { servers: [server(port)], backend: { check } });
    expect(heard.join('')).toMatch(/^GET \/healthz HTTP\/1\.1\r\n/);
  });

  const faults: [string, () => Promise<TlsOptions>, string][] = [
    [
      'expired',
      () => leaf({ ...good, notBefore: now - 9 * day, notAfter: now - 2.5 * day }),
      'its certificate has expired',
    ],
    ['not yet valid', () => leaf({ ...good, notBefore: now + 2 * day }), 'its certificate is not yet valid'],
    [
      'of another name',
      () => leaf({ names: ['api.internal'] }),
      'its certificate is not for shop.example.com but for api.internal',
    ],
    ['self-signed', () => makeCertificate(good), 'its certificate is self-signed'],
    [
      'of an unknown authority',
      async () => makeCertificate(good, await makeAuthority('Other')),
      'signed by an authority that is not trusted: CN=shop.example.com, issuer Other',
    ],
  ];
  it.each(faults)('is unsafe with a certificate %s, and names the cause', async (_name, options, why) => {
    const port = await tlsServer(await options(), ok);
    const preflight = await run('reencrypt', { servers: [server(port)] });
    expect(preflight.verdict).toBe('unsafe');
    expect(about(preflight, 'web/app1')).toContain('unsafe ');
    expect(about(preflight, 'web/app1')).toContain(why);
    const unverified = await run('reencrypt', {
      servers: [server(port)],
      backend: { tls: { verify: 'none' } },
    });
    expect(unverified.verdict).toBe('safe');
    expect(about(unverified, 'web')).toContain('warning web: verify: none');
  });

  it.each<[string, (socket: Socket) => void, string]>([
    [
      'that speaks plain HTTP',
      (socket) =>
        socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n')),
      'answers plain HTTP on port PORT: HTTP/1.1 400 Bad Request',
    ],
    [
      'that resets',
      (socket) => socket.once('data', () => socket.resetAndDestroy()),
      'broke the connection off',
    ],
    [
      'that speaks something else',
      (socket) => socket.write('220 mail ESMTP\x1b[2J\r\n'),
      'no HTTP: 220 mail ESMTP\\x1b[2J',
    ],
  ])('is unsafe with a server %s', async (_name, act, why) => {
    const port = await plainServer(act);
    const preflight = await run('reencrypt', { servers: [server(port)] });
    expect(preflight.verdict).toBe('unsafe');
    expect(about(preflight, 'web/app1')).toContain(why.replace('PORT', String(port)));
  });

  it('is unsafe with a server that wants a certificate of ours', async () => {
    const port = await tlsServer(
      { ...(await leaf(good)), requestCert: true, rejectUnauthorized: true, ca: (await authority()).cert },
      ok,
    );
    expect(about(await run('reencrypt', { servers: [server(port)] }), 'web/app1')).toContain(
      'it wants a certificate of ours',
    );
  });

  it('is unsafe without a certificate for clients, or with one that they would refuse', async () => {
    const without = await run('reencrypt', { certificate: null });
    expect(about(without, 'certificate')).toContain('no certificate for shop.example.com');
    for (const certificate of [
      { ...ours, notAfter: now - day },
      { ...ours, notBefore: now + day },
      { ...ours, names: ['*.other.example'] },
    ])
      expect((await run('reencrypt', { certificate })).verdict).toBe('unsafe');
    expect((await run('reencrypt', { certificate: { ...ours, names: ['*.example.com'] } })).verdict).toBe(
      'safe',
    );
  });

  it('says what a server shows without SNI', async () => {
    const fallback = await leaf({ names: ['default.example'] });
    const port = await tlsServer(
      {
        ...fallback,
        SNICallback: (_name, done) => void leaf(good).then((pair) => done(null, contextOf(pair))),
      },
      ok,
    );
    expect(about(await run('reencrypt', { servers: [server(port)] }), 'web/app1')).toContain(
      'shows default.example without SNI',
    );
  });
});

describe('a preflight to edge', () => {
  it('is safe with servers that speak plain HTTP, and unsafe with such that speak TLS on that port', async () => {
    const plain = await plainServer(ok);
    const tls = await tlsServer(await leaf(good), () => {});
    const preflight = await run('edge', {
      from: 'reencrypt',
      servers: [server(plain), server(tls, 'app2')],
    });
    expect(about(preflight, 'web/app1')).toBe(
      `good web/app1: speaks plain HTTP on port ${plain}: HTTP/1.1 200 OK`,
    );
    expect(about(preflight, 'web/app2')).toBe(
      `unsafe web/app2: speaks TLSv1.3 on port ${tls}, not plain HTTP`,
    );
    expect(preflight.verdict).toBe('unsafe');
  });
});

describe('a preflight to passthrough', () => {
  it('looks at the servers as clients will: the name of the route in their certificate', async () => {
    const right = await tlsServer(await leaf(good), () => {});
    const wrong = await tlsServer(await leaf({ names: ['web.internal'] }), () => {});
    const old = await tlsServer(
      await leaf({ ...good, notBefore: now - 9 * day, notAfter: now - day }),
      () => {},
    );
    const preflight = await run('passthrough', {
      servers: [server(right), server(wrong, 'app2'), server(old, 'app3')],
      backend: { cookie: { name: 'SRV' } },
      tls: { hsts: 'max-age=1' },
      binds: [
        bindOf(':443', {
          mode: 'tls',
          tls: {
            minVersion: 'TLSv1.2',
            clientTLS: { clientCertificatePolicy: 'Required', clientCA: '/c.pem' },
          },
        }),
      ],
    });
    expect(preflight.verdict).toBe('unsafe');
    expect(about(preflight, 'web/app1')).toBe(
      `warning web/app1: authority unknown here: clients must trust it; for shop.example.com, 91 d left: TLSv1.3 on port ${right}, issuer Test Authority`,
    );
    expect(about(preflight, 'web/app2')).toContain('that is not for shop.example.com but for web.internal');
    expect(about(preflight, 'web/app3')).toContain('that has expired, since 1 d');
    expect(about(preflight, 'web')).toContain('its cookie SRV keeps no client on its server');
    expect(lines(preflight).join('\n')).toContain('certificates of clients are not required any more by us');
    expect(lines(preflight).join('\n')).toContain('without X-Forwarded-* headers, HSTS');
  });

  const other: Route = {
    name: 'api',
    namespace: 'default',
    labels: {},
    host: 'shop.example.com',
    path: '/api',
    tls: { termination: 'edge', insecureEdgeTerminationPolicy: 'None' },
    to: [],
  };
  it.each<[string, World, string]>([
    ['a path', { route: { path: '/cart' } }, '/cart'],
    ['another TLS route on the host', { others: [other] }, 'route api has TLS on the same host'],
    ['the policy Allow', { tls: { insecureEdgeTerminationPolicy: 'Allow' } }, 'Allow'],
  ])('is unsafe with %s, and names it', async (_name, world, why) => {
    const preflight = await run('passthrough', world);
    expect(preflight.verdict).toBe('unsafe');
    expect(about(preflight, 'shop')).toContain(why);
  });
});

describe('servers that no client meets', () => {
  const dead: ServerProbe = () =>
    Promise.resolve({ tls: { kind: 'unreachable', text: 'connection refused' } });
  it.each<[AdminState, OperationalState, string]>([
    ['maint', 'paused', 'in maint'],
    ['ready', 'down', 'down now'],
  ])('(%s, %s) are noted, and forbid nothing', async (admin, operational, why) => {
    const preflight = await run('reencrypt', {
      servers: [server(1)],
      probe: dead,
      states: { 'web/app1': { admin, operational } },
    });
    expect(about(preflight, 'web/app1')).toBe(
      `note web/app1: ${why}: does not answer on port 1: connection refused`,
    );
    expect(preflight.verdict).toBe('safe');
    expect(lines(preflight).at(-1)).toContain('no server that clients could meet');
  });

  it('in drain still serve those who were there', async () => {
    const states = { 'web/app1': { admin: 'drain' as const, operational: 'up' as const } };
    expect((await run('reencrypt', { servers: [server(1)], probe: dead, states })).verdict).toBe('unsafe');
  });
});

describe('a preflight under way', () => {
  it('tells each finding as it comes in, asks some servers at a time, and ends with its listener', async () => {
    let asked = 0;
    const answers: (() => void)[] = [];
    const probe: ServerProbe = (_target, abort) =>
      new Promise((resolve) => {
        asked += 1;
        answers.push(() =>
          resolve({ tls: { kind: 'unreachable', text: abort.aborted ? 'ended' : 'refused' } }),
        );
      });
    const told: Preflight[] = [];
    const servers = Array.from({ length: 40 }, (_, at) => server(1, `app${at}`));
    const opened = (await preflights({ servers, probe })).open('shop', 'reencrypt', (preflight) =>
      told.push(preflight),
    );
    expect(told[0]).toMatchObject({ verdict: 'running', pending: 40 });
    expect(asked).toBe(16);
    answers.shift()!();
    await new Promise((resolve) => setImmediate(resolve));
    expect(asked).toBe(17);
    expect(told.at(-1)).toMatchObject({ verdict: 'running', pending: 39 });
    (opened as () => void)();
    const count = told.length;
    for (const answer of answers) answer();
    await new Promise((resolve) => setImmediate(resolve));
    expect([told.length, asked]).toEqual([count, 17]);
  });

  it('of no route, or one without TLS, is not begun', async () => {
    const some = await preflights({});
    expect(some.open('other', 'edge', () => {})).toEqual({ fault: 'there is no route other' });
    await expect(some.run('other', 'edge')).rejects.toThrow('there is no route other');
  });
});
