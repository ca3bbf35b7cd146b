// The same clients and servers, once through a real HAProxy with `option httplog` and `option tcplog`, once through the
// embedded engine: the lines differ in nothing but ports, dates, times taken and sizes of heads.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Plan } from '../../src/domain/plan.ts';
import { createEmbeddedEngine, type EmbeddedEngine } from '../../src/engine/embedded/embedded-engine.ts';
import { systemClock } from '../../src/proxy/system-clock.ts';
import { connects, freePort, haproxy, listen, normal, readLines, until } from './log-twins.ts';
import { planOf } from './worlds.ts';

const patience = { timeout: 10_000, interval: 20 };

interface Case {
  readonly name: string;
  readonly bind: 'web' | 'db' | 'nowhere' | 'dbnowhere';
  readonly say: string;
  /** The client hangs up once it was answered so many bytes; else it waits for the end. */
  readonly enough?: number;
}

const get = (path: string, rest = '') =>
  `GET ${path} HTTP/1.1\r\nHost: shop.example.com\r\n${rest}Connection: close\r\n\r\n`;
const cases: readonly Case[] = [
  { name: 'a request', bind: 'web', say: get('/index.html?a=b') },
  { name: 'another status', bind: 'web', say: get('/404') },
  { name: 'HTTP/1.0', bind: 'web', say: 'GET /old HTTP/1.0\r\n\r\n' },
  { name: 'HEAD', bind: 'web', say: get('/head').replace('GET', 'HEAD') },
  {
    name: 'a body',
    bind: 'web',
    say: `${get('/form', 'Content-Length: 5\r\n').replace('GET', 'POST')}hello`,
  },
  { name: 'a quote in the path', bind: 'web', say: get('/a"b') },
  { name: 'no HTTP', bind: 'web', say: 'nonsense\r\n\r\n' },
  { name: 'a server that hangs up without an answer', bind: 'web', say: get('/hangup') },
  { name: 'a server that hangs up within its answer', bind: 'web', say: get('/half') },
  { name: 'a server that says nothing', bind: 'web', say: get('/silence') },
  { name: 'a server that answers nonsense', bind: 'web', say: get('/garbage') },
  { name: 'a server that cannot be reached', bind: 'nowhere', say: get('/') },
  { name: 'TCP, the client ends it', bind: 'db', say: 'hello', enough: 5 },
  { name: 'TCP, the server ends it', bind: 'db', say: 'bye' },
  { name: 'TCP, no server', bind: 'dbnowhere', say: 'hello' },
];

/** Answers by path, in raw bytes. */
function httpOrigin(): Server {
  return createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', (head) => {
      const path = /^\S+ (\S+)/.exec(head.toString('latin1'))?.[1];
      if (path === '/silence') return;
      if (path === '/hangup') socket.end();
      else if (path === '/half') socket.end('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf');
      else if (path === '/garbage') socket.end('good morning\r\n\r\n');
      else if (path === '/404') socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno');
      else if (path === '/head') socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n');
      else socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    });
  });
}

function tcpOrigin(): Server {
  return createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', (bytes) => (String(bytes) === 'bye' ? socket.end('bye') : socket.write(bytes)));
  });
}

function converse(port: number, { say, enough }: Case): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(say));
    let received = 0;
    socket.on('data', (bytes) => {
      received += bytes.length;
      if (enough !== undefined && received >= enough) socket.end();
    });
    socket.on('error', () => {}).on('close', () => resolve());
  });
}

describe.skipIf(haproxy === '')('the access log beside HAProxy’s', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-haproxy-'));
  const origins = [httpOrigin(), tcpOrigin()];
  let proxy: ChildProcess;
  let engine: EmbeddedEngine;
  let output = '';
  const theirPorts: Record<string, number> = {};
  const ourPorts: Record<string, number> = {};
  const ourLog = join(folder, 'access.log');

  beforeAll(async () => {
    const [web, db] = [await listen(origins[0]!), await listen(origins[1]!)];
    const nobody = await freePort();
    for (const bind of ['web', 'db', 'nowhere', 'dbnowhere']) theirPorts[bind] = await freePort();
    const section = (name: string, mode: string, server: string, port: number) => [
      `frontend ${name}`,
      `  mode ${mode}`,
      `  option ${mode}log`,
      `  bind 127.0.0.1:${theirPorts[name]}`,
      `  default_backend ${name}`,
      `backend ${name}`,
      `  mode ${mode}`,
      `  server ${server} 127.0.0.1:${port}`,
    ];
    const configuration = join(folder, 'haproxy.cfg');
    writeFileSync(
      configuration,
      [
        'global',
        '  log stdout format raw local0',
        'defaults',
        '  log global',
        '  retries 1',
        '  option redispatch',
        '  timeout connect 1s',
        '  timeout client 5s',
        '  timeout server 300ms',
        ...section('web', 'http', 'app1', web),
        ...section('nowhere', 'http', 'app2', nobody),
        ...section('db', 'tcp', 'one', db),
        ...section('dbnowhere', 'tcp', 'one', nobody),
        '',
      ].join('\n'),
    );
    proxy = spawn(haproxy, ['-db', '-f', configuration], { stdio: ['ignore', 'pipe', 'ignore'] });
    proxy.stdout!.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    // Only the probe that got through is logged.
    await until(() => connects(theirPorts.dbnowhere!));
    await until(() => output.includes('\n'));

    engine = createEmbeddedEngine({
      directory: join(folder, 'engine'),
      clock: systemClock,
      exitWithRuntime: true,
      output: 'ignore',
    });
    await engine.start(ourPlan(planOf('plan-1', [web, nobody, db]), nobody, ourLog), []);
    for (const { name, address } of engine.snapshot().binds) ourPorts[name] = Number(address.split(':')[1]);
  });
  afterAll(async () => {
    proxy?.kill();
    await engine?.stop(0);
    for (const origin of origins) origin.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it.each(cases)('$name', async (each) => {
    const theirs = () => output.trimEnd().split('\n');
    const ours = () => readLines(ourLog);
    const [theirCount, ourCount] = [theirs().length, ours().length];
    await Promise.all([converse(theirPorts[each.bind]!, each), converse(ourPorts[each.bind]!, each)]);
    await expect.poll(() => theirs().length, patience).toBe(theirCount + 1);
    await expect.poll(() => ours().length, patience).toBe(ourCount + 1);
    expect(normal(ours().at(-1)!)).toBe(normal(theirs().at(-1)!));
  });
});

/** The HAProxy configuration's twin. */
function ourPlan(plan: Plan, nobody: number, log: string): Plan {
  const [shard] = plan.shards;
  const [web, db] = shard!.binds;
  const timeouts = { connect: 1_000, server: 300, queue: 1_000, tunnel: 5_000 };
  const backend = (name: string, from: 0 | 1, server: string, port: number) => {
    const template = plan.backends[from]!;
    const [first] = template.servers;
    return {
      ...template,
      name,
      timeouts,
      servers: [{ ...first!, name: server, address: { kind: 'ip' as const, host: '127.0.0.1', port } }],
    };
  };
  const portOf = (from: 0 | 1) => (plan.backends[from]!.servers[0]!.address as { port: number }).port;
  return {
    ...plan,
    runtime: { ...plan.runtime, accessLog: { path: log, format: 'haproxy' } },
    shards: [
      {
        ...shard!,
        binds: [
          web!,
          db!,
          { ...web!, name: 'nowhere', backend: 'nowhere' },
          { ...db!, name: 'dbnowhere', backend: 'dbnowhere' },
        ],
      },
    ],
    backends: [
      backend('web', 0, 'app1', portOf(0)),
      backend('nowhere', 0, 'app2', nobody),
      backend('db', 1, 'one', portOf(1)),
      backend('dbnowhere', 1, 'one', nobody),
    ],
  };
}
