import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { planFromText } from '../../src/config/load-plan.ts';

const place = { file: 'sluice.yaml', folder: '/etc/sluice' };
const example = readFileSync(join(import.meta.dirname, 'tls.yaml'), 'utf8');

describe('the example', () => {
  it('becomes this plan', () => {
    const result = planFromText(example, place);
    expect(result).toMatchObject({ ok: true, warnings: [] });
    if (!result.ok) return;
    const { certificates, shards, routes, backends } = result.plan;
    expect({
      certificates,
      binds: shards[0]!.binds.map(({ name, mode, backend, tls }) => ({ name, mode, backend, tls })),
      routes: routes.map(({ name, host, path, tls }) => ({ name, host, path, tls })),
      backends: backends.map(({ name, mode, check, tls, servers }) => ({
        name,
        mode,
        checkTls: check?.tls,
        tls,
        tlsPorts: servers.map(({ tlsPort }) => tlsPort),
      })),
    }).toMatchSnapshot();
  });
});

/** Right in itself; `@@` marks where a row puts its text. */
const frame = {
  root: `shards: [{ name: default, binds: [{ listen: ":443", mode: tls, defaultBackend: web }] }]
backends: [{ name: web, servers: [{ name: app1, address: "127.0.0.1:80" }] }]
@@`,
  bind: `shards: [{ name: default, binds: [{ listen: ":443", @@ }] }]
certificates: [{ cert: a.pem }]
backends: [{ name: web, servers: [{ name: app1, address: "127.0.0.1:80" }] }]`,
  route: `shards: [{ name: default, binds: [{ listen: ":443", mode: tls }] }]
certificates: [{ cert: a.pem }]
routes:
- { name: r, to: [{ backend: web }], @@ }
backends: [{ name: web, servers: [{ name: app1, address: "127.0.0.1:80" }] }]`,
  tcp: `shards: [{ name: default, binds: [{ listen: ":443", mode: tls }] }]
certificates: [{ cert: a.pem }]
routes: [{ name: r, host: a.example, @@ }]
backends: [{ name: web, mode: tcp, servers: [{ name: app1, address: "127.0.0.1:80" }] }]`,
  backend: `shards: [{ name: default, binds: [{ listen: ":443", mode: tls, defaultBackend: web }] }]
certificates: [{ cert: a.pem }]
backends: [{ name: web, servers: [{ name: app1, address: "127.0.0.1:80" }], @@ }]`,
  server: `shards: [{ name: default, binds: [{ listen: ":443", mode: tls, defaultBackend: web }] }]
certificates: [{ cert: a.pem }]
backends: [{ name: web, servers: [{ name: app1, @@ }] }]`,
};

function load(where: keyof typeof frame, marked: string) {
  const text = frame[where].replace('@@', () => marked);
  const before = text.slice(0, text.indexOf('^')).split('\n');
  return {
    result: planFromText(text.replace('^', ''), place),
    at: { line: before.length, column: before.at(-1)!.length + 1 },
  };
}

const other = (more: string) => `}\n- { name: s, to: [{ backend: web }], ${more}`;

describe('one error, where it is', () => {
  it.each([
    ['root', 'certificates: ^{}', 'certificates', 'expected a list', 'after a "-"'],
    ['root', 'certificates: [^{ key: a }]', 'certificates[0].cert', '"cert" is missing', undefined],
    ['root', 'certificates: [{ cert: a, ^crt: b }]', 'certificates[0].crt', 'unknown key', 'cert?'],
    ['root', 'certificates: [{ cert: ^5 }]', 'certificates[0].cert', 'expected text', 'quote it'],
    ['root', 'certificates: [{ cert: ^"" }]', 'certificates[0].cert', 'is empty', undefined],
    [
      'root',
      'certificates: [{ cert: a, key: ^"-----BEGIN PRIVATE KEY-----" }]',
      'certificates[0].key',
      'what such a file holds',
      'path of the file',
    ],
    [
      'root',
      'certificates: [{ cert: a }, { cert: ^a }]',
      'certificates[1].cert',
      'the certificate "a" is there twice',
      'remove one',
    ],
    ['bind', 'mode: tls, ^backend: web', 'shards[0].binds[0].backend', 'sends by routes', 'defaultBackend'],
    [
      'bind',
      'mode: http, ^minVersion: TLSv1.2',
      'shards[0].binds[0].minVersion',
      'mode http ends no TLS',
      'mode: tls',
    ],
    [
      'bind',
      'mode: tcp, backend: web, ^clientTLS: { clientCertificatePolicy: Optional, clientCA: a }',
      'shards[0].binds[0].clientTLS',
      'mode tcp ends no TLS',
      'mode: tls',
    ],
    [
      'bind',
      'mode: ^https',
      'shards[0].binds[0].mode',
      '"https" is none of http, tcp, tls',
      'did you mean tls?',
    ],
    [
      'bind',
      'mode: tls, minVersion: ^TLSv1.1',
      'shards[0].binds[0].minVersion',
      '"TLSv1.1" is broken (RFC 8996)',
      'TLSv1.2 or TLSv1.3',
    ],
    [
      'bind',
      'mode: tls, ^tls: { cert: a }',
      'shards[0].binds[0].tls',
      'does not belong here',
      'under certificates:',
    ],
    ['bind', 'mode: tls, ^crt: a', 'shards[0].binds[0].crt', 'does not belong here', 'under certificates:'],
    ['bind', 'mode: tls, ^clientCA: a', 'shards[0].binds[0].clientCA', 'does not belong here', 'clientTLS:'],
    ['route', '^termination: edge', 'routes[0].termination', 'does not belong here', 'tls: { termination'],
    [
      'route',
      'tls: { termination: edge, ^verify: none }',
      'routes[0].tls.verify',
      'does not belong here',
      'of the backend',
    ],
    ['backend', '^tlsPort: 443', 'backends[0].tlsPort', 'does not belong here', 'each server'],
    ['bind', 'mode: tls, minVersion: ^TLSv13', 'shards[0].binds[0].minVersion', 'none of', 'TLSv1.3?'],
    [
      'bind',
      'mode: tls, clientTLS: ^{ clientCertificatePolicy: Optional }',
      'shards[0].binds[0].clientTLS.clientCA',
      '"clientCA" is missing',
      undefined,
    ],
    [
      'bind',
      'mode: tls, clientTLS: { clientCertificatePolicy: ^optional, clientCA: a }',
      'shards[0].binds[0].clientTLS.clientCertificatePolicy',
      '"optional" is none of Optional, Required',
      'Optional?',
    ],
    ['route', 'tls: ^{}', 'routes[0].tls.termination', '"termination" is missing', undefined],
    ['route', 'tls: ^edge', 'routes[0].tls', 'expected a map, got text', '{ termination: … }'],
    [
      'route',
      'tls: { termination: ^re-encrypt }',
      'routes[0].tls.termination',
      'none of passthrough, edge, reencrypt',
      'reencrypt?',
    ],
    [
      'route',
      'tls: { termination: edge, insecureEdgeTerminationPolicy: ^allow }',
      'routes[0].tls.insecureEdgeTerminationPolicy',
      'none of None, Allow, Redirect',
      'Allow?',
    ],
    [
      'route',
      'tls: { termination: edge, ^insecurePolicy: None }',
      'routes[0].tls.insecurePolicy',
      'unknown key',
      'insecureEdgeTerminationPolicy?',
    ],
    [
      'route',
      'tls: { termination: edge, ^caCertificate: x }',
      'routes[0].tls.caCertificate',
      'not supported',
      'after its own',
    ],
    [
      'route',
      'host: a.example, tls: { termination: passthrough, ^certificate: x }',
      'routes[0].tls.certificate',
      'clients see the certificate of the server',
      'certificates:',
    ],
    [
      'route',
      'host: a.example, tls: { termination: passthrough, ^hsts: { maxAge: 1d } }',
      'routes[0].tls.hsts',
      'nothing can be added',
      'remove it',
    ],
    [
      'route',
      'host: a.example, tls: { termination: passthrough, insecureEdgeTerminationPolicy: ^Allow }',
      'routes[0].tls.insecureEdgeTerminationPolicy',
      'plain HTTP has nowhere to go',
      'None or Redirect',
    ],
    ['route', 'tls: { termination: ^passthrough }', 'routes[0].tls.termination', 'needs a host', 'host:'],
    [
      'route',
      'host: a.example, path: ^/x, tls: { termination: passthrough }',
      'routes[0].path',
      'cannot be seen',
      'edge or reencrypt',
    ],
    [
      'route',
      'host: a.example, tls: { termination: edge, ^key: k }',
      'routes[0].tls.key',
      'of no use without certificate',
      'add certificate:',
    ],
    [
      'route',
      'tls: { termination: edge, ^certificate: c }',
      'routes[0].tls.certificate',
      'route of every host',
      'certificates:',
    ],
    [
      'route',
      'tls: { termination: edge, hsts: { maxAge: ^365 } }',
      'routes[0].tls.hsts.maxAge',
      '365 has no unit',
      '365d',
    ],
    ['route', 'tls: { termination: edge, hsts: ^{} }', 'routes[0].tls.hsts.maxAge', 'is missing', undefined],
    [
      'route',
      'tls: { termination: edge, hsts: { maxAge: ^1.5d } }',
      'routes[0].tls.hsts.maxAge',
      'whole seconds',
      '365d',
    ],
    [
      'tcp',
      'tls: { termination: edge }, to: [{ backend: ^web }]',
      'routes[0].to[0].backend',
      'the backend "web" has mode tcp',
      'of its own',
    ],
    ['backend', 'tls: { verify: ^off }', 'backends[0].tls.verify', 'none of required, none', undefined],
    ['backend', 'tls: { ^key: k }', 'backends[0].tls.key', 'without certificate', 'add certificate:'],
    ['backend', 'tls: { ^sni: k }', 'backends[0].tls.sni', 'unknown key', 'serverName?'],
    [
      'backend',
      'tls: { serverName: ^"*.example" }',
      'backends[0].tls.serverName',
      'cannot be asked for',
      'web.internal',
    ],
    [
      'backend',
      'tls: { serverName: ^"10.0.0.1" }',
      'backends[0].tls.serverName',
      'cannot be asked for',
      'web.internal',
    ],
    ['backend', 'check: { tls: ^yes }', 'backends[0].check.tls', 'expected true or false', undefined],
    [
      'server',
      'address: "unix:/x", ^tlsPort: 443',
      'backends[0].servers[0].tlsPort',
      'a unix socket has no ports',
      'same socket',
    ],
    [
      'server',
      'address: "10.0.0.1:80", tlsPort: ^0',
      'backends[0].servers[0].tlsPort',
      'out of range',
      '1 to 65535',
    ],
  ] as const)('%s: %s', (where, marked, path, message, remedy) => {
    const { result, at } = load(where, marked);
    expect(result.ok ? result.warnings : result.errors).toHaveLength(1);
    expect(result).toMatchObject({
      ok: false,
      errors: [
        {
          file: 'sluice.yaml',
          path,
          message: expect.stringContaining(message),
          ...(remedy === undefined ? {} : { remedy: expect.stringContaining(remedy) }),
          ...at,
        },
      ],
    });
  });

  it('tells all of them at once', () => {
    const { result } = load(
      'route',
      'host: a.example, path: /x, tls: { termination: passthrough, key: k, ocsp: o, hsts: { maxAge: 1d }, insecureEdgeTerminationPolicy: Allow }',
    );
    expect(!result.ok && result.errors).toHaveLength(5);
  });
});

describe('what is no error', () => {
  it.each([
    ['route', 'host: a.example, tls: { termination: passthrough, insecureEdgeTerminationPolicy: None }'],
    [
      'route',
      `host: "*.example", tls: { termination: passthrough } ${other('host: a.example, tls: { termination: edge }')}`,
    ],
    [
      'route',
      `host: a.example, tls: { termination: passthrough } ${other('host: b.example, tls: { termination: passthrough }')}`,
    ],
    [
      'route',
      `host: a.example, path: /x, tls: { termination: edge } ${other('host: a.example, tls: { termination: reencrypt }')}`,
    ],
    ['route', `host: a.example, tls: { termination: passthrough } ${other('host: a.example, path: /x')}`],
    ['tcp', 'tls: { termination: passthrough }, to: [{ backend: web }]'],
    ['bind', 'mode: tls, defaultBackend: web }, { listen: ":8443", mode: tls, defaultBackend: web'],
  ] as const)('%s: %s', (where, text) => {
    expect(load(where, text).result).toMatchObject({ ok: true, warnings: [] });
  });
});

describe('warnings', () => {
  it.each([
    [
      'route',
      'host: a.example, tls: { termination: passthrough, insecureEdgeTerminationPolicy: ^Redirect }',
      'no bind of mode http, so there is nothing to redirect',
    ],
    ['backend', 'tls: { verify: ^none }', 'the servers of "web" are not verified'],
    ['backend', 'tls: { ^ca: x, verify: none }', 'ca is not used with verify: none'],
    ['root', '^#', 'every handshake is refused', { line: 1, column: 59 }],
    [
      'route',
      'host: a.example, tls: { termination: edge, ^destinationCACertificate: x }',
      'termination edge does not verify servers',
    ],
    [
      'route',
      'host: a.example, tls: { termination: edge, hsts: { maxAge: 30d, includeSubDomains: true, ^preload: true } }',
      'only with includeSubDomains and a maxAge of 365d',
    ],
  ] as const)('%s: %s', (where, marked, message, given?: { line: number; column: number }) => {
    const { result, at } = load(where, marked);
    expect(result).toMatchObject({
      ok: true,
      warnings: expect.arrayContaining([
        expect.objectContaining({ message: expect.stringContaining(message), ...(given ?? at) }),
      ]),
    });
  });

  it('of a TLS route without a bind for it', () => {
    const text = `shards: [{ name: default, binds: [{ listen: ":80", mode: http }] }]
routes: [{ name: r, host: a.example, tls: { termination: edge }, to: [{ backend: web }] }]
backends: [{ name: web, servers: [{ name: app1, address: "127.0.0.1:80" }] }]`;
    expect(planFromText(text, place)).toMatchObject({
      ok: true,
      warnings: [{ line: 2, column: 38, message: expect.stringContaining('no bind of mode tls') }],
    });
  });
});
