// The embedded engine with real processes, real servers and real clients, all on loopback and ephemeral ports.

import { mkdtempSync, rmSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ConnectionPhase, ConnectionRow } from '../../src/domain/connection.ts';
import type { ServerKey } from '../../src/domain/plan.ts';
import {
  createEmbeddedEngine,
  type EmbeddedEngine,
  type EmbeddedEngineOptions,
} from '../../src/engine/embedded/embedded-engine.ts';
import type { Engine } from '../../src/engine/engine.ts';
import { systemClock } from '../../src/proxy/system-clock.ts';
import { type HeldClient, planOf, type World } from './worlds.ts';

export interface EmbeddedWorld extends World {
  readonly engine: EmbeddedEngine;
  readonly directory: string;
  /** Another runtime side over the same directory. */
  anotherEngine(over?: Partial<EmbeddedEngineOptions>): EmbeddedEngine;
  /** Sends a request through what `engine` listens on. */
  requestThrough(engine: Engine, path?: string): Promise<ServerKey | undefined>;
}

export async function embeddedWorld(): Promise<EmbeddedWorld> {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-engine-'));
  const sockets = new Set<Socket>();
  const track = (server: Server) =>
    server.on('connection', (socket: Socket) => {
      sockets.add(socket);
      socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    });
  // "/hold" is never answered; everything else with the server's name.
  const web = (name: string) =>
    track(
      createHttpServer((request, response) => {
        if (request.url !== '/hold') response.end(name);
      }),
    );
  const origins = [web('app1'), web('app2'), track(createServer((socket) => socket.pipe(socket)))];
  const taken = track(createServer());
  await Promise.all([...origins, taken].map(listening));
  const ports = origins.map(portOf) as [number, number, number];
  const anotherEngine = (over: Partial<EmbeddedEngineOptions> = {}) =>
    createEmbeddedEngine({
      directory,
      clock: systemClock,
      exitWithRuntime: true,
      output: 'ignore',
      ...over,
    });
  const engine = anotherEngine();
  const plan = planOf('plan-1', ports);

  async function hold(bind: string, say: string): Promise<HeldClient> {
    const socket = connect(addressOf(engine, bind));
    sockets.add(socket);
    const ended = new Promise<void>((resolve) => {
      socket.on('error', () => {}).on('close', () => resolve());
      socket.on('end', () => socket.end());
    });
    socket.on('data', () => {});
    socket.write(say);
    await new Promise((resolve) => socket.once('connect', resolve));
    const row = await rowOf(engine, `127.0.0.1:${socket.localPort}`);
    return { row, ended, close: () => socket.destroy() };
  }

  async function requestThrough(through: Engine, path = '/'): Promise<ServerKey | undefined> {
    const { port } = addressOf(through, 'web');
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { connection: 'close' } });
    const text = await response.text();
    return response.ok ? `web/${text}` : undefined;
  }

  return {
    engine,
    directory,
    anotherEngine,
    plan,
    otherPlan: planOf('plan-2', ports),
    badPlan: () => planOf('plan-3', ports, portOf(taken)),
    request: (path) => requestThrough(engine, path),
    requestThrough,
    holdRequest: () => hold('web', 'GET /hold HTTP/1.1\r\nHost: shop.example.com\r\n\r\n'),
    holdTcp: () => hold('db', 'hello'),
    killInstance: () => void process.kill(engine.snapshot().instances[0]!.pid, 'SIGKILL'),
    async close() {
      for (const socket of sockets) socket.destroy();
      await Promise.all([...origins, taken].map((server) => new Promise((resolve) => server.close(resolve))));
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

export function listening(server: Server): Promise<void> {
  return new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
}

export function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

export function addressOf(engine: Engine, bind: string): { host: string; port: number } {
  const { address } = engine.snapshot().binds.find(({ name }) => name === bind)!;
  const [host, port] = address.split(':');
  return { host: host!, port: Number(port) };
}

/** Resolves once the client's connection is in one of the phases: by default once its stream is on a server. */
export function rowOf(
  engine: Engine,
  client: string,
  phases: readonly ConnectionPhase[] = ['wait', 'tunnel'],
): Promise<ConnectionRow> {
  return new Promise((resolve) => {
    const query = {
      filter: '',
      order: { by: 'age', descending: false },
      offset: 0,
      limit: 1_000,
      ended: false,
    } as const;
    const watch = engine.watchConnections(query, ({ rows }) => {
      const row = rows.find((each) => each.client === client);
      if (row !== undefined && phases.includes(row.phase)) {
        watch.close();
        resolve(row);
        // A scan is made once a second at most; asking anew makes one now.
      } else watch.update(query);
    });
  });
}
