// As access-log-like-haproxy.test.ts, over TLS: requests, connections passed through, and every way in which a handshake
// fails, beside a real HAProxy with the same certificate. Behind HAProxy's words for a failure ours names the cause.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { connect as connectTcp, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeAuthority, makeCertificate } from '../../src/cli/demo/make-certificate.ts';
import type { Plan } from '../../src/domain/plan.ts';
import type { TlsMaterial } from '../../src/domain/tls.ts';
import { createEmbeddedEngine, type EmbeddedEngine } from '../../src/engine/embedded/embedded-engine.ts';
import { systemClock } from '../../src/proxy/system-clock.ts';
import { routeOf } from '../proxy/plan-parts.ts';
import { connects, freePort, haproxy, listen, normal, readLines, until } from './log-twins.ts';
import { paths, shopTls, tlsPlanOf } from './tls-worlds.ts';

const patience = { timeout: 10_000, interval: 20 };
const host = 'shop.example.com';
const passed = 'pay.example.com';
const get = `GET /index.html HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;
const silenceMs = 500;

interface Case {
  readonly name: string;
  readonly bind: 'secure' | 'members' | 'pass';
  readonly converse: (port: number) => Promise<void>;
  /** What ours says in brackets. */
  readonly cause?: RegExp;
}

const over = (socket: Socket) =>
  new Promise<void>((resolve) => void socket.on('error', () => {}).on('close', () => resolve()));

const request = (options: ConnectionOptions) => (port: number) => {
  const socket = connectTls({
    port,
    host: '127.0.0.1',
    servername: host,
    rejectUnauthorized: false,
    ...options,
  });
  socket.on('secureConnect', () => socket.write(get));
  socket.resume();
  return over(socket);
};

/** In plain bytes; `then` hangs up, or waits for the other side to. */
const raw = (bytes: string, then: 'end' | 'wait') => (port: number) => {
  const socket = connectTcp(port, '127.0.0.1', () => {
    if (bytes !== '') socket.write(bytes, 'latin1');
    if (then === 'end') socket.end();
  });
  socket.resume();
  return over(socket);
};

const cases: readonly Case[] = [
  { name: 'a request, TLS 1.3', bind: 'secure', converse: request({}) },
  { name: 'a request, TLS 1.2', bind: 'secure', converse: request({ maxVersion: 'TLSv1.2' }) },
  { name: 'passed through', bind: 'pass', converse: request({ servername: passed }) },
  {
    name: 'a name that no certificate has',
    bind: 'secure',
    converse: request({ servername: 'nobody.example.org' }),
    cause: /nobody\.example\.org/,
  },
  {
    name: 'a client that does not trust the certificate',
    bind: 'secure',
    converse: request({ rejectUnauthorized: true }),
    cause: /./,
  },
  {
    name: 'a version that is too old',
    bind: 'secure',
    converse: request({ minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }),
    cause: /TLSv1|version|protocol/i,
  },
  { name: 'no client certificate', bind: 'members', converse: request({}), cause: /certificate/ },
  {
    name: 'plain HTTP',
    bind: 'secure',
    converse: raw(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`, 'wait'),
    cause: /plain HTTP/i,
  },
  { name: 'garbage', bind: 'secure', converse: raw('garbage and more of it\r\n\r\n', 'wait'), cause: /./ },
  { name: 'a client that hangs up at once', bind: 'secure', converse: raw('', 'end'), cause: /./ },
  {
    name: 'one that hangs up in mid-hello',
    bind: 'secure',
    converse: raw('\x16\x03\x01\x02', 'end'),
    cause: /./,
  },
  { name: 'one that says nothing', bind: 'secure', converse: raw('', 'wait'), cause: /./ },
];

describe.skipIf(haproxy === '')('the access log over TLS beside HAProxy’s', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-haproxy-'));
  const ourLog = join(folder, 'access.log');
  const theirPorts: Record<string, number> = {};
  const ourPorts: Record<string, number> = {};
  let origins: ReturnType<typeof createHttpServer>[] = [];
  let proxy: ChildProcess;
  let engine: EmbeddedEngine;
  let output = '';

  beforeAll(async () => {
    const authority = await makeAuthority('everybody');
    const { cert, key } = await makeCertificate({ names: [host] }, authority);
    writeFileSync(join(folder, 'both.pem'), cert + key);
    writeFileSync(join(folder, 'ca.pem'), authority.cert);
    origins = [
      createHttpServer((_request, response) => void response.end('ok')),
      createHttpsServer({ cert, key }, (_request, response) => void response.end('ok')),
    ];
    const [plain, tls] = (await Promise.all(origins.map(listen))) as [number, number];
    for (const bind of ['secure', 'members', 'pass']) theirPorts[bind] = await freePort();
    const certificate = `ssl crt ${join(folder, 'both.pem')} strict-sni`;
    const configuration = join(folder, 'haproxy.cfg');
    writeFileSync(
      configuration,
      [
        ...['global', '  log stdout format raw local0', 'defaults', '  log global', '  mode http'],
        ...['  timeout connect 1s', `  timeout client ${silenceMs}ms`, '  timeout server 5s'],
        ...['frontend secure', '  option httplog', '  default_backend web'],
        `  bind 127.0.0.1:${theirPorts.secure} ${certificate}`,
        ...['frontend members', '  option httplog', '  default_backend web'],
        `  bind 127.0.0.1:${theirPorts.members} ${certificate} verify required ca-file ${join(folder, 'ca.pem')}`,
        ...['frontend pass', '  mode tcp', '  option tcplog', '  default_backend pay'],
        `  bind 127.0.0.1:${theirPorts.pass}`,
        '  tcp-request inspect-delay 1s',
        '  tcp-request content accept if { req_ssl_hello_type 1 }',
        ...['backend web', `  server app1 127.0.0.1:${plain}`],
        ...['backend pay', '  mode tcp', `  server one 127.0.0.1:${tls}`, ''],
      ].join('\n'),
    );
    proxy = spawn(haproxy, ['-db', '-f', configuration], { stdio: ['ignore', 'pipe', 'ignore'] });
    proxy.stdout!.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    // Only the probe that got through is logged.
    await until(() => connects(theirPorts.secure!));
    await until(() => output.includes('\n'));

    engine = createEmbeddedEngine({
      directory: join(folder, 'engine'),
      clock: systemClock,
      exitWithRuntime: true,
      output: 'ignore',
    });
    const file = (path: string, text: string) => ({ path, content: Buffer.from(text).toString('base64') });
    const material: TlsMaterial = {
      files: [file(paths.cert, cert), file(paths.key, key), file(paths.serverAuthority, authority.cert)],
      tickets: { secret: Buffer.alloc(32, 7).toString('base64'), epoch: 1 },
    };
    await engine.start(ourPlan(plain, tls, ourLog), [], { routes: [], material });
    for (const { name, address } of engine.snapshot().binds) ourPorts[name] = Number(address.split(':')[1]);
  });
  afterAll(async () => {
    proxy?.kill();
    await engine?.stop(0);
    for (const origin of origins) origin.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it.each(cases)('$name', async ({ bind, converse, cause }) => {
    const theirs = () => output.trimEnd().split('\n');
    const ours = () => readLines(ourLog);
    const [theirCount, ourCount] = [theirs().length, ours().length];
    await Promise.all([converse(theirPorts[bind]!), converse(ourPorts[bind]!)]);
    await expect.poll(() => theirs().length, patience).toBe(theirCount + 1);
    await expect.poll(() => ours().length, patience).toBe(ourCount + 1);
    const line = ours().at(-1)!;
    expect(normal(line)).toBe(normal(theirs().at(-1)!));
    if (cause !== undefined) expect(/\((.*)\)$/.exec(line)?.[1] ?? '').toMatch(cause);
  });
});

/** The HAProxy configuration's twin; what is passed through there by the bind is so here by the route. */
function ourPlan(plain: number, tls: number, log: string): Plan {
  const plan = tlsPlanOf('plan-1', plain, tls);
  const [shard] = plan.shards;
  const [secure] = shard!.binds;
  const timeouts = { ...secure!.timeouts, client: silenceMs, request: silenceMs };
  const clientTLS = { clientCertificatePolicy: 'Required', clientCA: paths.serverAuthority } as const;
  const [web] = plan.backends;
  return {
    ...plan,
    runtime: { ...plan.runtime, accessLog: { path: log, format: 'haproxy' } },
    shards: [
      {
        ...shard!,
        binds: [
          { ...secure!, timeouts },
          { ...secure!, timeouts, name: 'pass' },
          { ...secure!, timeouts, name: 'members', tls: { minVersion: 'TLSv1.2', clientTLS } },
        ],
      },
    ],
    routes: [
      routeOf('shop', { host, tls: shopTls, to: [{ backend: 'web', weight: 1 }] }),
      routeOf('pay', {
        host: passed,
        tls: { termination: 'passthrough', insecureEdgeTerminationPolicy: 'None' },
        to: [{ backend: 'pay', weight: 1 }],
      }),
    ],
    backends: [web!, { ...web!, name: 'pay', servers: [{ ...web!.servers[0]!, name: 'one', tlsPort: tls }] }],
  };
}
