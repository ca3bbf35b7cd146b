// A data plane with one HTTP bind on an ephemeral port, for tests that speak to it over real sockets.

import { type AddressInfo, connect, createServer, type Server as NetServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import type { Backend, Bind, Plan, Route, Timeouts } from '../../../src/domain/plan.ts';
import type { ServerWish } from '../../../src/domain/server-state.ts';
import type { CertificateFiles, TlsMaterial } from '../../../src/domain/tls.ts';
import { ConnectionTable } from '../../../src/proxy/connection-table.ts';
import { DataPlane } from '../../../src/proxy/data-plane.ts';
import { serveHttp } from '../../../src/proxy/http/client-session.ts';
import type { Serve, ServeHttp } from '../../../src/proxy/plane.ts';
import { systemClock } from '../../../src/proxy/system-clock.ts';
import { serveTls } from '../../../src/proxy/tls/tls-session.ts';
import { plainShard } from '../../support/plain-shard.ts';

export const timeouts: Timeouts = {
  connect: 1_000,
  client: 5_000,
  server: 5_000,
  request: 5_000,
  keepAlive: 5_000,
  queue: 1_000,
  tunnel: 5_000,
};

export interface EndedStream {
  readonly status: number;
  readonly termination: string | undefined;
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly route: string | undefined;
  readonly server: string | undefined;
  readonly retries: number;
  readonly redispatched: boolean;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly cause: string | undefined;
}

export interface HttpPlane {
  readonly plane: DataPlane;
  readonly port: number;
  readonly streams: EndedStream[];
  apply(plan: Plan, wishes?: readonly ServerWish[]): Promise<void>;
  readonly plan: Plan;
}

export interface PlaneOptions {
  readonly bind?: Partial<Bind>;
  readonly backend?: Partial<Backend>;
  readonly routes?: readonly Route[];
  /** Ports of the backend's servers "s1", "s2" … */
  readonly servers: readonly number[];
  readonly maxConnections?: number;
  readonly backends?: readonly Backend[];
  /** In place of the product's way of ending TLS. */
  readonly serveTls?: (serveHttp: ServeHttp) => Serve;
  /** For the product's way: the plan's certificates and what stands in them. */
  readonly certificates?: readonly CertificateFiles[];
  readonly material?: TlsMaterial;
}

export function backendOf(name: string, ports: readonly number[], more: Partial<Backend> = {}): Backend {
  return {
    name,
    mode: 'http',
    algorithm: 'roundrobin',
    timeouts,
    retries: 3,
    redispatch: true,
    maxIdleConnections: 100,
    servers: ports.map((port, i) => ({
      name: `s${i + 1}`,
      id: i + 1,
      address: { kind: 'ip', host: '127.0.0.1', port },
      weight: 100,
      maxConnections: 0,
      backup: false,
      admin: 'ready',
    })),
    ...more,
  };
}

/** Gone with the test. */
export async function startPlane(options: PlaneOptions): Promise<HttpPlane> {
  const streams: EndedStream[] = [];
  const plane = new DataPlane({
    clock: systemClock,
    random: Math.random,
    connections: new ConnectionTable(),
    serveHttp,
    serveTls: options.serveTls ?? serveTls,
    shard: undefined,
    instance: 'default/1',
    life: 'test',
    exclusive: true,
    processSample: () => ({ cpuUs: 0, rssBytes: 0, loopDelayMs: 0, logDropped: 0 }),
  });
  plane.onStreamEnd = (live) => {
    streams.push({
      status: live.status,
      termination: live.termination,
      method: live.method,
      path: live.path,
      route: live.route,
      server: live.server,
      retries: live.retries,
      redispatched: live.redispatched,
      bytesIn: live.streamBytesIn,
      bytesOut: live.streamBytesOut,
      cause: live.cause,
    });
  };
  const plan: Plan = {
    hash: 'test',
    certificates: options.certificates ?? [],
    namespaces: [],
    runtime: { name: 'test', nft: { counters: false, atExit: 'remove' }, control: [], grace: 0 },
    shards: [
      {
        name: 'default',
        ...plainShard,
        binds: [
          {
            name: 'web',
            address: { kind: 'ip', host: '127.0.0.1', port: 0 },
            mode: 'http',
            backend: 'app',
            maxConnections: 1_000,
            timeouts,
            maxHeadBytes: 16_384,
            maxBodyBytes: 0,
            forwardedHeaders: 'append',
            ...options.bind,
          },
        ],
      },
    ],
    routes: options.routes ?? [],
    backends: [backendOf('app', options.servers, options.backend), ...(options.backends ?? [])],
  };
  const { material } = options;
  await plane.apply(plan, [], material === undefined ? undefined : { routes: [], material });
  onTestFinished(() => plane.stop(0));
  const port = Number(plane.binds[0]!.address.split(':').at(-1));
  return { plane, port, streams, plan, apply: (next, wishes = []) => plane.apply(next, wishes) };
}

/** A server that is told of each connection and does what the test says, octet by octet. Gone with the test. */
export async function rawServer(onConnection: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server: NetServer = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {});
    onConnection(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return (server.address() as AddressInfo).port;
}

/** A port that nobody listens on. */
export async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export interface Client {
  readonly socket: Socket;
  /** All that came so far, latin1. */
  readonly received: string;
  /** How it ended: 'end' (FIN), 'reset', or still open. */
  readonly ended: 'end' | 'reset' | undefined;
  write(text: string): void;
  /** Resolves once `test` holds; looked at whenever something comes. */
  until(test: (client: Client) => boolean): Promise<Client>;
  /** Resolves once the other side ended or reset. */
  untilEnded(): Promise<Client>;
  untilText(text: string): Promise<Client>;
}

/** Gone with the test. */
export function openClient(port: number): Promise<Client> {
  return clientOn(connect({ port, host: '127.0.0.1', allowHalfOpen: true }), 'connect');
}

/** `ready`: the event after which it may be written to. Gone with the test. */
export async function clientOn(socket: Socket, ready: 'connect' | 'secureConnect'): Promise<Client> {
  onTestFinished(() => void socket.destroy());
  let received = '';
  let ended: 'end' | 'reset' | undefined;
  const waiting = new Set<() => void>();
  const changed = () => {
    for (const look of [...waiting]) look();
  };
  socket.on('data', (chunk) => {
    received += chunk.toString('latin1');
    changed();
  });
  socket.on('end', () => {
    ended ??= 'end';
    changed();
  });
  socket.on('error', () => {
    ended ??= 'reset';
    changed();
  });
  const client: Client = {
    socket,
    get received() {
      return received;
    },
    get ended() {
      return ended;
    },
    write: (text) => void socket.write(text, 'latin1'),
    until: (test) =>
      new Promise((resolve) => {
        const look = () => {
          if (!test(client)) return;
          waiting.delete(look);
          resolve(client);
        };
        waiting.add(look);
        look();
      }),
    untilEnded: () => client.until(() => ended !== undefined),
    untilText: (text) => client.until(() => received.includes(text) || ended !== undefined),
  };
  await new Promise<void>((resolve, reject) => {
    socket.once(ready, resolve);
    socket.once('error', reject);
  });
  return client;
}

/** Sends `text` on a new connection and resolves with all that came back, once the other side ended. */
export async function ask(port: number, text: string): Promise<Client> {
  const client = await openClient(port);
  client.write(text);
  return client.untilEnded();
}

/** Collects what a server is sent, and answers each whole request (as `count` empty-bodied GETs) with `answer`. */
export function recorder(answer: string): {
  onConnection: (socket: Socket) => void;
  readonly heard: string[];
} {
  const heard: string[] = [];
  return {
    heard,
    onConnection(socket) {
      const at = heard.push('') - 1;
      let answered = 0;
      socket.on('end', () => socket.end());
      socket.on('data', (chunk) => {
        heard[at] += chunk.toString('latin1');
        for (let heads = heard[at]!.split('\r\n\r\n').length - 1; answered < heads; answered += 1)
          socket.write(answer, 'latin1');
      });
    },
  };
}

export const okAnswer = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
