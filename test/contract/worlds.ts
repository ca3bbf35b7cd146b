// What the engine contract is tried on: an engine with a plan of one HTTP and one TCP bind, and clients that can use it.

import type { ConnectionRow } from '../../src/domain/connection.ts';
import type { Plan, ServerKey } from '../../src/domain/plan.ts';
import type { AdminState, ServerWish } from '../../src/domain/server-state.ts';
import type { Engine } from '../../src/engine/engine.ts';
import { plainShard } from '../support/plain-shard.ts';

export interface World {
  readonly engine: Engine;
  readonly plan: Plan;
  readonly otherPlan: Plan;
  /** A plan that this engine refuses the next time it is applied: the address of bind "web" cannot be had. */
  badPlan(): Plan;
  /** A complete HTTP request on a connection of its own; answers the server that took it, undefined for none. */
  request(path?: string): Promise<ServerKey | undefined>;
  /** A request whose answer does not come until the client is closed; resolves when the engine carries it. */
  holdRequest(): Promise<HeldClient>;
  /** A TCP connection through the engine; resolves when it is carried. */
  holdTcp(): Promise<HeldClient>;
  /** The process of the instance dies, without a word. */
  killInstance(): void;
  close(): Promise<void>;
}

export interface HeldClient {
  readonly row: ConnectionRow;
  /** Resolves when the engine ended it. */
  readonly ended: Promise<void>;
  close(): void;
}

export const servers = ['web/app1', 'web/app2', 'db/one'] as const satisfies readonly ServerKey[];

export function wish(server: ServerKey, admin: AdminState = 'ready', weight = 100): ServerWish {
  return { server, admin, operational: 'up', weight };
}

export const allReady: readonly ServerWish[] = servers.map((server) => wish(server));

const timeouts = { connect: 1_000, server: 30_000, queue: 1_000, tunnel: 60_000 };
const bindBasics = {
  maxConnections: 1_000,
  timeouts: { client: 30_000, request: 5_000, keepAlive: 60_000 },
  maxHeadBytes: 16_384,
  maxBodyBytes: 0,
  forwardedHeaders: 'append',
} as const;

/** `ports`: where app1, app2 and the TCP server listen. */
export function planOf(hash: string, ports: readonly [number, number, number], httpPort = 0): Plan {
  const server = (name: string, port: number, id: number) => ({
    name,
    id,
    address: { kind: 'ip' as const, host: '127.0.0.1', port },
    weight: 100,
    maxConnections: 0,
    backup: false,
    admin: 'ready' as const,
  });
  const backend = {
    algorithm: 'roundrobin',
    timeouts,
    retries: 1,
    redispatch: true,
    maxIdleConnections: 10,
  } as const;
  return {
    hash,
    certificates: [],
    namespaces: [],
    runtime: { name: 'test', nft: { counters: false, atExit: 'remove' }, control: [], grace: 1_000 },
    shards: [
      {
        name: 'default',
        ...plainShard,
        binds: [
          {
            ...bindBasics,
            name: 'web',
            address: { kind: 'ip', host: '127.0.0.1', port: httpPort },
            mode: 'http',
            backend: 'web',
          },
          {
            ...bindBasics,
            name: 'db',
            address: { kind: 'ip', host: '127.0.0.1', port: 0 },
            mode: 'tcp',
            backend: 'db',
          },
        ],
      },
    ],
    routes: [],
    backends: [
      {
        ...backend,
        name: 'web',
        mode: 'http',
        servers: [server('app1', ports[0], 1), server('app2', ports[1], 2)],
      },
      { ...backend, name: 'db', mode: 'tcp', servers: [server('one', ports[2], 1)] },
    ],
  };
}
