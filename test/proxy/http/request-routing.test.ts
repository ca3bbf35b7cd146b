import { describe, expect, it } from 'vitest';
import type { Route } from '../../../src/domain/plan.ts';
import type { InsecurePolicy, Termination } from '../../../src/domain/tls.ts';
import { BackendRuntime } from '../../../src/proxy/backend-runtime.ts';
import { BindRuntime, RouteRuntime } from '../../../src/proxy/bind-runtime.ts';
import type { RequestHead } from '../../../src/proxy/http/request-head.ts';
import { RequestRouting } from '../../../src/proxy/http/request-routing.ts';
import { LiveConnection } from '../../../src/proxy/live-connection.ts';
import type { TlsEntrance } from '../../../src/proxy/plane.ts';
import { compileRouteTables } from '../../../src/proxy/route-tables.ts';
import { TimerWheel } from '../../../src/proxy/timers.ts';
import type { ServerProfile } from '../../../src/proxy/tls/server-profiles.ts';
import { fakeClock } from '../fake-clock.ts';
import { backendOf, bindOf } from '../plan-parts.ts';
import { headOf } from './head-of.ts';

const route = (
  name: string,
  host: string,
  path: string,
  termination?: Termination,
  policy: InsecurePolicy = 'None',
  hsts?: string,
): Route => ({
  name,
  host,
  path,
  namespace: 'default',
  labels: {},
  to: [{ backend: 'app', weight: 1 }],
  ...(termination === undefined
    ? {}
    : {
        tls: { termination, insecureEdgeTerminationPolicy: policy, ...(hsts === undefined ? {} : { hsts }) },
      }),
});

const routes: Route[] = [
  route('plain', 'mixed.example', '/'),
  route('plain-admin-none', 'mixed.example', '/admin', 'edge', 'None'),
  route('plain-pay-redirect', 'mixed.example', '/pay', 'edge', 'Redirect'),
  route('redirected', 'redirect.example', '/', 'edge', 'Redirect', 'max-age=60'),
  route('redirected-open', 'redirect.example', '/open'),
  route('redirected-none', 'redirect.example', '/none', 'reencrypt', 'None'),
  route('allowed', 'allow.example', '/', 'edge', 'Allow'),
  route('allowed-reencrypt', 'allow-re.example', '/', 'reencrypt', 'Allow'),
  route('none', 'none.example', '/', 'edge', 'None'),
  route('through', 'through.example', '/', 'passthrough', 'None'),
  route('through-redirect', 'through-redirect.example', '/', 'passthrough', 'Redirect'),
  route('wild', '*.wild.example', '/', 'edge', 'Redirect'),
  route('wild-plain', 'plain.wild.example', '/'),
];

const profile: ServerProfile = {} as ServerProfile;

function world(options: {
  readonly now?: Readonly<Record<string, Termination>>;
  readonly entrance?: Readonly<Record<string, Termination>>;
  readonly of?: () => ServerProfile;
}) {
  const timers = new TimerWheel(fakeClock());
  const app = new BackendRuntime({ timers, random: () => 0, wall: () => 0 }, backendOf('app', []));
  const bind = new BindRuntime(bindOf('web', { mode: 'http' }));
  bind.configure(
    bind.settings,
    compileRouteTables(routes.map((entry) => new RouteRuntime(entry, () => app))),
    undefined,
  );
  const entrance: TlsEntrance | undefined =
    options.entrance === undefined
      ? undefined
      : {
          live: new LiveConnection(1, 'c', 'web', 'tcp', 0, 0, () => {}),
          terminations: new Map(Object.entries(options.entrance)),
        };
  const plane = {
    terminations: new Map(Object.entries(options.now ?? {})),
    serverProfiles: { of: options.of ?? (() => profile) },
  } as unknown as ConstructorParameters<typeof RequestRouting>[1];
  return new RequestRouting(bind, plane, entrance);
}

function find(routing: RequestRouting, url: string): string {
  const { host, pathname } = new URL(url);
  const head: RequestHead = headOf(`GET ${pathname} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  const way = routing.find(head);
  return `${way} ${routing.route?.name ?? '-'} ${routing.termination ?? '-'}`;
}

describe('on a bind of mode http', () => {
  it.each([
    ['a route without TLS', 'http://mixed.example/', 'forward plain -'],
    ['a closer route with policy None hides nothing', 'http://mixed.example/admin', 'forward plain -'],
    ['a closer route redirects', 'http://mixed.example/pay/now', 'redirect plain-pay-redirect edge'],
    ['by whole segments alone', 'http://mixed.example/payment', 'forward plain -'],
    ['Redirect', 'http://redirect.example/a', 'redirect redirected edge'],
    ['a closer route without TLS is served', 'http://redirect.example/open/a', 'forward redirected-open -'],
    ['a closer route with policy None is not redirected', 'http://redirect.example/none', 'forward - -'],
    ['Allow', 'http://allow.example/', 'forward allowed edge'],
    ['Allow, re-encrypted', 'http://allow-re.example/', 'forward allowed-reencrypt reencrypt'],
    ['None', 'http://none.example/', 'forward - -'],
    ['passed through', 'http://through.example/', 'forward - -'],
    ['passed through, Redirect', 'http://through-redirect.example/', 'redirect through-redirect passthrough'],
    ['a wildcard redirects', 'http://a.wild.example/', 'redirect wild edge'],
    ['a name before a wildcard', 'http://plain.wild.example/', 'forward wild-plain -'],
    ['whatever the case and a dot at the end', 'http://MIXED.example./', 'forward plain -'],
    ['an unknown host', 'http://other.example/', 'forward - -'],
  ])('%s: %s', (_what, url, expected) => {
    expect(find(world({}), url)).toBe(expected);
  });

  it('asks for the mode in force', () => {
    const routing = world({ now: { allowed: 'reencrypt' } });
    expect(find(routing, 'http://allow.example/')).toBe('forward allowed reencrypt');
    expect(routing.choose()).toBeUndefined();
    expect(routing.profile).toBe(profile);
  });

  it('serves nothing of a route with policy Allow while it is passed through', () => {
    expect(find(world({ now: { allowed: 'passthrough' } }), 'http://allow.example/')).toBe('forward - -');
  });

  it('says nothing of Strict-Transport-Security (RFC 6797 7.2)', () => {
    const routing = world({});
    find(routing, 'http://redirect.example/');
    expect(routing.hstsLine).toBe('');
  });
});

describe('over TLS that was ended here', () => {
  it.each([
    ['edge', 'https://none.example/', 'forward none edge'],
    ['re-encrypted', 'https://allow-re.example/', 'forward allowed-reencrypt reencrypt'],
    ['a route without TLS is none', 'https://redirect.example/open', 'forward redirected edge'],
    ['… nor is one on a host of its own', 'https://plain.wild.example/', 'forward wild edge'],
    ['a host that is passed through', 'https://through.example/', 'misdirected through passthrough'],
    ['an unknown host', 'https://other.example/', 'forward - -'],
  ])('%s: %s', (_what, url, expected) => {
    expect(find(world({ entrance: {} }), url)).toBe(expected);
  });

  it.each<[string, Record<string, Termination>, Record<string, Termination>, string]>([
    [
      'the mode of its handshake before the one in force',
      { none: 'edge' },
      { none: 'reencrypt' },
      'forward none edge',
    ],
    ['… also where it is passed through now', { none: 'edge' }, { none: 'passthrough' }, 'forward none edge'],
    ['the mode in force of a route that came later', {}, { none: 'reencrypt' }, 'forward none reencrypt'],
    ['passed through now, and unknown then', {}, { none: 'passthrough' }, 'misdirected none passthrough'],
  ])('keeps %s', (_what, entrance, now, expected) => {
    expect(find(world({ entrance, now }), 'https://none.example/')).toBe(expected);
  });

  it("says its route's Strict-Transport-Security", () => {
    const routing = world({ entrance: {} });
    find(routing, 'https://redirect.example/');
    expect(routing.hstsLine).toBe('Strict-Transport-Security: max-age=60\r\n');
    find(routing, 'https://none.example/');
    expect(routing.hstsLine).toBe('');
  });

  it('sets the persistence cookie for TLS alone unless plain HTTP is served too', () => {
    const routing = world({ entrance: {} });
    const secure = (url: string) => {
      find(routing, url);
      return routing.secureCookie;
    };
    expect(secure('https://none.example/')).toBe(true);
    expect(secure('https://redirect.example/')).toBe(true);
    expect(secure('https://redirect.example/none')).toBe(true);
    expect(secure('https://allow.example/')).toBe(false);
    expect(secure('https://other.example/')).toBe(false);
  });
});

describe('the way to a server', () => {
  it('is plain for edge, and with TLS as its profile says for re-encrypt', () => {
    const routing = world({ entrance: {} });
    find(routing, 'https://allow-re.example/');
    expect([routing.choose(), routing.profile]).toEqual([undefined, profile]);
    find(routing, 'https://none.example/');
    expect([routing.choose(), routing.profile]).toEqual([undefined, undefined]);
  });

  it('that cannot be gone is told the client without the name of a file', () => {
    const routing = world({
      entrance: {},
      of: () => {
        throw new Error('/etc/ca.pem: no certificate in it');
      },
    });
    find(routing, 'https://allow-re.example/');
    expect(routing.choose()).toBe('its servers cannot be spoken to over TLS');
    expect(routing.fault).toBe('/etc/ca.pem: no certificate in it');
    find(routing, 'https://none.example/');
    expect(routing.choose()).toBeUndefined();
    expect(routing.fault).toBeUndefined();
  });

  it('is missing without a route where the bind has no backend', () => {
    const routing = world({ entrance: {} });
    find(routing, 'https://other.example/');
    expect(routing.choose()).toBe('no route for this host');
  });
});
