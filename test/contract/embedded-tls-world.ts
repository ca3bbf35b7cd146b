// The embedded engine with a server that speaks plain HTTP on one port and HTTPS on another, and clients that tell by the
// certificate and by the server's word in which mode they were carried.

import { mkdtempSync, rmSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { type Authority, makeAuthority, makeCertificate } from '../../src/cli/demo/make-certificate.ts';
import type { TlsMaterial } from '../../src/domain/tls.ts';
import { createEmbeddedEngine, type EmbeddedEngine } from '../../src/engine/embedded/embedded-engine.ts';
import type { Engine } from '../../src/engine/engine.ts';
import { systemClock } from '../../src/proxy/system-clock.ts';
import { addressOf, listening, portOf, rowOf } from './embedded-world.ts';
import { type Edition, type HeldTls, type Met, paths, type TlsWorld, tlsPlanOf } from './tls-worlds.ts';

export interface EmbeddedTlsWorld extends TlsWorld {
  readonly engine: EmbeddedEngine;
  readonly directory: string;
  /** Another runtime side over the same directory. */
  anotherEngine(): EmbeddedEngine;
  /** Sends a request through what `engine` listens on. */
  requestThrough(engine: Engine): Promise<Met>;
  /** Shakes hands and hangs up. @throws what the handshake failed with */
  shakeHands(servername: string): Promise<void>;
  /** Resumes `session` where there is one; answers whether it was, and the newest session for next time. */
  resume(session?: Buffer): Promise<{ resumed: boolean; session: Buffer | undefined }>;
  /** The keys of our certificates, PEM: nothing that is printed may hold a line of them. */
  readonly keys: readonly string[];
}

const host = 'shop.example.com';
const ask = `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`;

/** Made once for all tests: authorities that are named for what a client can tell by them. */
const authorities = Promise.all(['first', 'second', 'servers'].map((name) => makeAuthority(name)));

export async function embeddedTlsWorld(): Promise<EmbeddedTlsWorld> {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-tls-'));
  const [first, second, servers] = (await authorities) as [Authority, Authority, Authority];
  const leaf = (authority: Authority) => makeCertificate({ names: [host] }, authority);
  const [ours, next, theirs] = await Promise.all([first, second, servers].map(leaf));
  const origins = [
    createHttpServer((_request, response) => void response.end('plain')),
    createHttpsServer({ ...theirs! }, (_request, response) => void response.end('tls')),
  ];
  const taken = createServer();
  await Promise.all([...origins, taken].map(listening));
  const [plain, tls] = origins.map(portOf) as [number, number];
  const anotherEngine = () =>
    createEmbeddedEngine({ directory, clock: systemClock, exitWithRuntime: true, output: 'ignore' });
  const engine = anotherEngine();
  const sockets = new Set<TLSSocket>();
  let dialled = 0;
  const sessions = new WeakMap<TLSSocket, Buffer>();
  const file = (path: string, text: string) => ({ path, content: Buffer.from(text).toString('base64') });

  function material(edition: Edition): TlsMaterial {
    const { cert, key } = edition === 'first' ? ours! : next!;
    return {
      files: [file(paths.cert, cert), file(paths.key, key), file(paths.serverAuthority, servers.cert)],
      tickets: { secret: Buffer.alloc(32, 7).toString('base64'), epoch: 1 },
    };
  }

  /** @throws where the handshake fails or the certificate is nobody's that we know */
  async function dial(through: Engine, session?: Buffer, servername = host): Promise<TLSSocket> {
    const socket = connect({
      ...addressOf(through, 'secure'),
      // Another client each time: several instances get some each.
      localAddress: `127.8.1.${(dialled++ % 16) + 1}`,
      servername,
      ca: [first, second, servers].map(({ cert }) => cert),
      ...(session === undefined ? {} : { session }),
    } as ConnectionOptions);
    sockets.add(socket);
    socket.on('session', (next) => void sessions.set(socket, next));
    await new Promise<void>((resolve, reject) => {
      socket.once('secureConnect', resolve).once('error', reject);
      socket.once('close', () => reject(new Error('closed in the handshake')));
    });
    socket.on('error', () => {});
    return socket;
  }

  async function met(socket: TLSSocket): Promise<Met> {
    const issuer = String(socket.getPeerCertificate().issuer.CN);
    const word = await say(socket);
    if (issuer === 'servers') return { mode: 'passthrough', certificate: undefined };
    return { mode: word === 'tls' ? 'reencrypt' : 'edge', certificate: issuer as Edition };
  }

  async function requestThrough(through: Engine): Promise<Met> {
    const socket = await dial(through);
    const answer = await met(socket);
    socket.destroy();
    return answer;
  }

  async function hold(): Promise<HeldTls> {
    const socket = await dial(engine);
    const ended = new Promise<void>((resolve) => void socket.once('close', () => resolve()));
    const first = await met(socket);
    const row = await rowOf(engine, `${socket.localAddress}:${socket.localPort}`, ['idle', 'tunnel']);
    return {
      row,
      met: first,
      again: async () => (await met(socket)).mode,
      ended,
      close: () => socket.destroy(),
    };
  }

  async function resume(session?: Buffer) {
    const socket = await dial(engine, session);
    // Of TLS 1.3 tickets come after the handshake, before the answer.
    await say(socket);
    const resumed = socket.isSessionReused();
    socket.destroy();
    return { resumed, session: sessions.get(socket) };
  }

  return {
    engine,
    directory,
    anotherEngine,
    keys: [ours!.key, next!.key],
    plan: tlsPlanOf('plan-1', plain, tls),
    otherPlan: tlsPlanOf('plan-2', plain, tls),
    badPlan: () => tlsPlanOf('plan-3', plain, tls, portOf(taken)),
    material,
    request: () => requestThrough(engine),
    requestThrough,
    async shakeHands(servername) {
      (await dial(engine, undefined, servername)).destroy();
    },
    hold,
    resume,
    killInstance: () => void process.kill(engine.snapshot().instances[0]!.pid, 'SIGKILL'),
    async close() {
      for (const socket of sockets) socket.destroy();
      for (const origin of origins) origin.closeAllConnections();
      await Promise.all([...origins, taken].map((server) => new Promise((resolve) => server.close(resolve))));
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** A request over an open connection; answers the body. */
function say(socket: TLSSocket): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const read = (bytes: Buffer) => {
      text += bytes.toString('latin1');
      const body = /\r\n\r\n(plain|tls)/.exec(text)?.[1];
      if (body === undefined) return;
      socket.off('data', read).off('close', lost);
      resolve(body);
    };
    const lost = () => reject(new Error(`closed after ${JSON.stringify(text.slice(0, 200))}`));
    socket.on('data', read).once('close', lost);
    socket.write(ask);
  });
}
