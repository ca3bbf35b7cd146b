import { describe, expect, it } from 'vitest';
import { admit } from '../../src/domain/admission.ts';
import { hashClient } from '../../src/domain/balance/client-hash.ts';
import { createSourceBalancer } from '../../src/domain/balance/source-balancer.ts';
import { slotOfClient, slotTable } from '../../src/domain/maglev.ts';
import type { CertificateEntity, ServerEntity } from '../../src/domain/model.ts';
import { type Plan, serverKey } from '../../src/domain/plan.ts';
import { toCandidate } from '../../src/domain/server-moves.ts';
import {
  type Trace,
  type TraceFacts,
  type TraceQuestion,
  type TraceStep,
  trace,
  traceFault,
} from '../../src/domain/trace.ts';
import { backend, bind, route, server, shard, shardedPlan, tls } from './sharded-plans.ts';

const sharded = { matchLabels: { sharded: 'true' } };
const plan = shardedPlan({
  shards: [
    shard('default', {
      isDefault: true,
      domain: 'apps.test',
      instances: 2,
      binds: [
        bind('web', 'http', { backend: 'fallback' }),
        bind('secure', 'tls'),
        bind('db', 'tcp', { backend: 'db', address: { kind: 'ip', host: '127.0.0.1', port: 5432 } }),
      ],
    }),
    shard('sharded', {
      domain: 'shard-apps.test',
      routeSelector: sharded,
      binds: [
        bind('sharded-web', 'http', { address: { kind: 'ip', host: '0.0.0.0', port: 8080 } }),
        bind('sharded-secure', 'tls', { address: { kind: 'ip', host: '0.0.0.0', port: 8443 } }),
      ],
    }),
  ],
  routes: [
    route('shop', {
      host: 'shop.apps.test',
      tls: tls('edge', { insecureEdgeTerminationPolicy: 'Redirect' }),
    }),
    route('cart', {
      host: 'shop.apps.test',
      path: '/cart',
      tls: tls('reencrypt'),
      to: [{ backend: 'hashed', weight: 1 }],
    }),
    route('copycat', { host: 'shop.apps.test', namespace: 'other', tls: tls('edge') }),
    route('pay', { host: 'pay.apps.test', tls: tls('passthrough') }),
    route('plain', { host: 'plain.apps.test' }),
    route('split', {
      host: 'split.apps.test',
      to: [
        { backend: 'web', weight: 3 },
        { backend: 'sticky', weight: 1 },
        { backend: 'idle', weight: 0 },
      ],
    }),
    route('none', { host: 'none.apps.test', to: [{ backend: 'web', weight: 0 }] }),
    route('empty', { host: 'empty.apps.test', to: [{ backend: 'empty', weight: 1 }] }),
    route('kept', { host: 'kept.apps.test', to: [{ backend: 'sticky', weight: 1 }] }),
    route('media', { host: 'media.shard-apps.test', labels: { sharded: 'true' } }),
  ],
  backends: [
    backend('web'),
    backend('hashed', {
      algorithm: 'source',
      servers: [server('h1', 1), server('h2', 2), server('h3', 3), server('spare', 4, { backup: true })],
    }),
    backend('sticky', {
      cookie: { name: 'SRV' },
      servers: [server('s1', 1), server('s2', 2), server('s3', 3)],
    }),
    backend('idle'),
    backend('empty', { servers: [] }),
    backend('fallback', { servers: [server('f1', 1)] }),
    backend('db', { mode: 'tcp', servers: [server('db1', 1)] }),
  ],
});

interface Over {
  readonly plan?: Plan;
  readonly servers?: Readonly<Record<string, Partial<ServerEntity>>>;
  readonly serving?: readonly string[];
  readonly certificates?: readonly string[];
  readonly modes?: Readonly<Record<string, 'edge' | 'passthrough' | 'reencrypt'>>;
}

function factsOf({
  plan: of = plan,
  servers = {},
  serving,
  certificates,
  modes = {},
}: Over = {}): TraceFacts {
  const terminationOf = (name: string) => {
    const found = of.routes.find((each) => each.name === name)?.tls;
    return found && (modes[name] ?? found.termination);
  };
  const entities = of.backends.flatMap((each) =>
    each.servers.map(({ name, weight, backup, admin }) => {
      const key = serverKey(each.name, name);
      return [
        key,
        { key, name, weight, backup, admin, operational: 'up', ...servers[key] } as ServerEntity,
      ] as const;
    }),
  );
  const names = certificates ?? ['*.apps.test'];
  return {
    plan: of,
    admission: admit(of, ({ name }) => terminationOf(name)),
    addresses: new Map(),
    terminationOf,
    servers: new Map(entities),
    certificateOf: () =>
      names.length === 0 ? undefined : ({ key: 'apps.pem', names } as unknown as CertificateEntity),
    serving: new Set(serving ?? ['default/1', 'default/2', 'sharded/1']),
  };
}

function traced(question: string | TraceQuestion, over: Over = {}): Trace {
  return trace(typeof question === 'string' ? { url: question } : question, factsOf(over));
}

function step(of: Trace, what: TraceStep['what']): TraceStep {
  const found = of.steps.find((each) => each.what === what);
  if (found === undefined) throw new Error(`no step ${what} in ${JSON.stringify(of)}`);
  return found;
}

function whyNot(of: Trace, what: TraceStep['what'], name: string): string | undefined {
  return step(of, what).others.find((other) => other.name === name)?.why;
}

describe('a trace', () => {
  it.each<[string, TraceQuestion, string, boolean]>([
    ['TLS at the edge', { url: 'https://shop.apps.test/' }, 'shop (edge) → web → app1 or app2', true],
    [
      'the longest path',
      { url: 'https://SHOP.apps.test./cart/1?x=y', from: '10.0.0.1' },
      'cart (reencrypt) → hashed → h',
      true,
    ],
    [
      'passthrough',
      { url: 'https://pay.apps.test/whatever' },
      'pay (passthrough) → web → app1 or app2',
      true,
    ],
    ['plain HTTP', { url: 'http://plain.apps.test' }, 'plain → web → app1 or app2', true],
    ['a redirect', { url: 'http://shop.apps.test/a?b=c' }, 'shop: 302 to https://shop.apps.test/a?b=c', true],
    [
      'no plain HTTP (None): the backend of the bind',
      { url: 'http://pay.apps.test/' },
      'fallback → f1',
      true,
    ],
    [
      'no route, and no backend of the bind',
      { url: 'https://unknown.apps.test/' },
      '503: no route of shard default is for',
      false,
    ],
    [
      'a connection for another host',
      { url: 'https://pay.apps.test/', sni: 'shop.apps.test' },
      '421: pay.apps.test is passed through',
      false,
    ],
    [
      'several backends',
      { url: 'http://split.apps.test/' },
      'split → web → app1 or app2, or sticky → s1 or s2 or s3',
      true,
    ],
    ['weights of 0', { url: 'http://none.apps.test/' }, 'none → 503: every weight of route none is 0', false],
    [
      'a backend without servers',
      { url: 'http://empty.apps.test/' },
      'empty → empty → 503: the backend has no servers',
      false,
    ],
    ['TCP', { url: 'tcp://127.0.0.1:5432' }, 'db → db1', true],
    [
      'a port that nobody listens on',
      { url: 'http://shop.apps.test:81/' },
      'no connection: no bind listens on port 81',
      false,
    ],
    [
      'TLS to a bind of mode http',
      { url: 'https://shop.apps.test:80/' },
      'web: no TLS is spoken there',
      false,
    ],
    [
      'plain HTTP to a bind of mode tls',
      { url: 'http://shop.apps.test:443/' },
      'secure: plain HTTP is answered 400',
      false,
    ],
    [
      'another shard, by its port',
      { url: 'http://media.shard-apps.test:8080/' },
      'sharded/1 → media → web → app1 or app2',
      true,
    ],
    ['another shard, by its host', { url: 'http://media.shard-apps.test/' }, 'fallback → f1', true],
    ['a host of TLS bytes over TCP', { url: 'https://127.0.0.1:5432/' }, 'db → db1', true],
  ])('of %s', (_, question, result, ok) => {
    const found = traced(question);
    expect(found.result).toContain(result);
    expect(found.ok).toBe(ok);
  });

  it('takes the bind whose shard serves the host where the port says nothing', () => {
    const elsewhere = {
      ...plan,
      shards: plan.shards.map((each) => ({
        ...each,
        binds: each.binds.map((one, i) => ({
          ...one,
          address: { kind: 'ip' as const, host: '127.0.0.1', port: 10_000 + i },
        })),
      })),
    };
    const found = traced('http://media.shard-apps.test/', { plan: elsewhere });
    expect(step(found, 'bind')).toMatchObject({ chosen: 'sharded-web' });
    expect(step(found, 'bind').why).toContain('nothing listens on port 80');
    expect(step(found, 'shard')).toMatchObject({ chosen: 'sharded' });
    expect(step(found, 'shard').why).toContain('sharded=true');
  });

  it('knows the instance by the slot of the client', () => {
    const slot = slotOfClient('10.0.0.9', 251, 128)!;
    const owner = slotTable(2, 251)[slot]!;
    const other = 3 - owner;
    const question = { url: 'http://plain.apps.test/', from: '10.0.0.9' };
    const found = step(traced(question), 'instance');
    expect(found.chosen).toBe(`default/${owner}`);
    expect(found.why).toContain(`slot ${slot} of 251`);
    expect(found.others).toEqual([
      { name: `default/${other}`, why: expect.stringContaining('of the slots') },
    ]);

    const substituted = step(traced(question, { serving: [`default/${other}`] }), 'instance');
    expect(substituted.chosen).toBe(`default/${other}`);
    expect(substituted.why).toContain(`which is default/${owner}'s`);
    expect(traced(question, { serving: [] })).toMatchObject({
      ok: false,
      result: expect.stringContaining('no instance'),
    });
    expect(step(traced('http://plain.apps.test/'), 'instance').chosen).toBe('default/1 or default/2');
  });

  it('says why not the other routes, nearest first', () => {
    const found = step(traced('https://shop.apps.test/cart'), 'route');
    expect(found.others.map(({ name }) => name)).toEqual(['shop', 'copycat']);
    expect(found.others[0]!.why).toBe('its path / is shorter');
    expect(found.others[1]!.why).toContain(
      'refused by shard default: HostAlreadyClaimed: route shop of namespace default',
    );
    expect(whyNot(traced('https://shop.apps.test/'), 'route', 'cart')).toBe('its path /cart does not match');
    expect(whyNot(traced('http://pay.apps.test/'), 'route', 'pay')).toContain(
      'insecureEdgeTerminationPolicy None',
    );
    expect(whyNot(traced('https://plain.apps.test/'), 'route', 'plain')).toContain('it has no TLS');
    expect(whyNot(traced('http://media.shard-apps.test/'), 'route', 'media')).toBe(
      'it is served by shard sharded: default shard default has only what no other takes',
    );
    expect(whyNot(traced('http://plain.apps.test:8080/'), 'route', 'plain')).toBe(
      'it is served by shard default: its labels (none) and namespace default are not what sharded selects',
    );
    expect(step(traced('https://shpo.apps.test/'), 'route').others).toEqual([
      { name: 'shop', why: 'its host is shop.apps.test' },
    ]);
  });

  it('knows the certificate, and where there is none', () => {
    expect(step(traced('https://shop.apps.test/'), 'tls')).toMatchObject({
      chosen: 'edge',
      why: expect.stringContaining('with certificate apps.pem'),
    });
    expect(step(traced('https://shop.apps.test/', { certificates: ['other.test'] }), 'tls').why).toContain(
      'which does not name it (other.test)',
    );
    expect(traced('https://shop.apps.test/', { certificates: [] })).toMatchObject({
      ok: false,
      result: expect.stringContaining('the handshake is refused (unrecognized_name)'),
    });
    expect(traced('https://pay.apps.test/', { certificates: [] }).ok).toBe(true);
  });

  it('goes by the modes in force', () => {
    const found = traced('https://pay.apps.test/', { modes: { pay: 'edge' } });
    expect(found.result).toContain('pay (edge)');
    expect(step(found, 'tls').why).toContain('configured: passthrough');
  });

  it('puts the servers of a hashed backend in the order of the balancer', () => {
    const found = step(traced({ url: 'https://shop.apps.test/cart', from: '10.1.2.3' }), 'server');
    const [candidates] = plan.backends
      .filter(({ name }) => name === 'hashed')
      .map(({ servers }) =>
        servers.map((each) =>
          toCandidate(each, { server: 'hashed/x', admin: 'ready', operational: 'up', weight: each.weight }),
        ),
      );
    const balancer = createSourceBalancer<(typeof candidates & object)[number]>();
    balancer.update(candidates!);
    const first = balancer.pick(hashClient('10.1.2.3'), undefined);
    const second = balancer.pick(hashClient('10.1.2.3'), first);
    expect(found.chosen).toBe(first!.name);
    expect(found.candidates!.slice(0, 2).map(({ name }) => name)).toEqual([first!.name, second!.name]);
    expect(found.candidates!.map(({ name }) => name)).toHaveLength(4);
    expect(found.candidates![3]!.name).toBe('spare');
  });

  it('gives shares by weight, and says who is out', () => {
    const found = traced('http://kept.apps.test/', {
      servers: {
        'sticky/s1': { weight: 300 },
        'sticky/s2': { operational: 'down', check: { ok: false, reason: 'connection refused' } as never },
        'sticky/s3': { admin: 'drain' },
      },
    });
    expect(step(found, 'server')).toMatchObject({
      chosen: 's1',
      candidates: [{ name: 's1', share: 1 }],
      others: [
        { name: 's2', why: 'down: connection refused' },
        { name: 's3', why: 'in drain: takes clients with its cookie alone' },
      ],
    });
    const shares = step(
      traced('http://kept.apps.test/', { servers: { 'sticky/s1': { weight: 200 } } }),
      'server',
    );
    expect(shares.candidates!.map(({ name, share }) => [name, share])).toEqual([
      ['s1', 0.5],
      ['s2', 0.25],
      ['s3', 0.25],
    ]);
  });

  it('goes where the cookie says, while that server takes its clients', () => {
    const question = { url: 'http://kept.apps.test/', cookie: 'a=b; SRV=s2' };
    expect(traced(question).result).toContain('sticky → s2');
    const drained = traced(question, { servers: { 'sticky/s2': { admin: 'drain' } } });
    expect(step(drained, 'server')).toMatchObject({ chosen: 's2', why: expect.stringContaining('in drain') });
    const gone = traced(question, { servers: { 'sticky/s2': { admin: 'maint' } } });
    expect(step(gone, 'server').why).toContain('names a server that takes no clients (in maintenance');
    expect(gone.result).toContain('s1 or s3');
    expect(step(traced({ ...question, cookie: 'SRV=zz' }), 'server').why).toContain('names no server');
  });

  it('ends with 503 where no server takes clients', () => {
    const found = traced('http://unknown.apps.test/', {
      servers: { 'fallback/f1': { operational: 'down' } },
    });
    expect(found).toMatchObject({
      ok: false,
      result: expect.stringContaining('503: no server takes new clients'),
    });
    expect(traced('tcp://127.0.0.1:5432', { servers: { 'db/db1': { admin: 'maint' } } }).result).toContain(
      'the connection is closed',
    );
  });
});

describe('a question', () => {
  it.each<[TraceQuestion, RegExp | undefined]>([
    [{ url: 'https://shop.apps.test/' }, undefined],
    [{ url: 'shop.apps.test' }, /begins with https/],
    [{ url: 'ftp://shop.apps.test' }, /begins with https/],
    [{ url: 'https://' }, /is not a URL/],
    [{ url: 'tcp://127.0.0.1' }, /names no port/],
    [{ url: 'https://a.test', from: '10.0.0' }, /not an IP address/],
    [{ url: 'https://a.test', from: '2001:db8::1' }, undefined],
    [{ url: 'http://a.test', sni: 'a.test' }, /over TLS alone/],
    [{ url: 'https://a.test', sni: 'a b' }, /not a server name/],
    [{ url: 'https://a.test', cookie: 'nothing' }, /NAME=VALUE/],
    [{ url: 'https://a.test', cookie: 'SRV=' }, undefined],
    [{ url: '\u001b[2Jhttps://a.test' }, /\\x1b\[2J/],
  ])('%j', (question, expected) => {
    if (expected === undefined) expect(traceFault(question)).toBeUndefined();
    else {
      expect(traceFault(question)).toMatch(expected);
      expect(trace(question, factsOf())).toMatchObject({ ok: false, steps: [] });
    }
  });
});
