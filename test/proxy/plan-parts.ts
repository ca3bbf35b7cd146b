// Plans and their parts with everything filled in, for tests that care about a field or two.

import type { Address, Backend, Bind, Plan, Route, Server } from '../../src/domain/plan.ts';
import { plainShard } from '../support/plain-shard.ts';

export const loopback = (port: number): Address => ({ kind: 'ip', host: '127.0.0.1', port });

export function serverOf(name: string, fields: Partial<Server> = {}): Server {
  return {
    name,
    id: [...name].reduce((hash, character) => (hash * 31 + character.charCodeAt(0)) | 0, 7),
    address: loopback(1),
    weight: 1,
    maxConnections: 0,
    backup: false,
    admin: 'ready',
    ...fields,
  };
}

export function backendOf(name: string, servers: readonly Server[], fields: Partial<Backend> = {}): Backend {
  return {
    name,
    mode: 'tcp',
    algorithm: 'roundrobin',
    timeouts: { connect: 1_000, server: 5_000, queue: 1_000, tunnel: 60_000 },
    retries: 3,
    redispatch: true,
    maxIdleConnections: 10,
    servers,
    ...fields,
  };
}

export function bindOf(name: string, fields: Partial<Bind> = {}): Bind {
  return {
    name,
    address: loopback(0),
    mode: 'tcp',
    maxConnections: 1_000,
    timeouts: { client: 5_000, request: 1_000, keepAlive: 5_000 },
    maxHeadBytes: 16_384,
    maxBodyBytes: 0,
    forwardedHeaders: 'append',
    ...fields,
  };
}

export function routeOf(name: string, fields: Partial<Route> = {}): Route {
  return { name, namespace: 'default', labels: {}, path: '/', to: [], ...fields };
}

export function planOf(
  hash: string,
  binds: readonly Bind[],
  backends: readonly Backend[],
  routes: readonly Route[] = [],
): Plan {
  return {
    hash,
    certificates: [],
    namespaces: [],
    runtime: { name: 'test', nft: { counters: false, atExit: 'remove' }, control: [], grace: 1_000 },
    shards: [{ name: 'default', ...plainShard, binds }],
    routes,
    backends,
  };
}
