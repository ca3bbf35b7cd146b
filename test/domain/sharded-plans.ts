// Plans with shards, as small as a test needs them.

import type { Backend, Bind, Namespace, Plan, Route, Server, Shard } from '../../src/domain/plan.ts';
import type { RouteTls, Termination } from '../../src/domain/tls.ts';
import { plainRoute } from '../support/plain-route.ts';

export function shard(name: string, settings: Partial<Shard> = {}): Shard {
  return {
    name,
    instances: 1,
    isDefault: false,
    routeAdmission: { wildcardPolicy: 'WildcardsAllowed', namespaceOwnership: 'Strict' },
    steering: { by: 'handoff', tableSize: 251, ipv6Prefix: 128 },
    binds: [],
    ...settings,
  };
}

export function bind(name: string, mode: Bind['mode'], settings: Partial<Bind> = {}): Bind {
  return {
    name,
    mode,
    address: { kind: 'ip', host: '0.0.0.0', port: mode === 'tls' ? 443 : 80 },
    maxConnections: 1000,
    timeouts: { client: 1000, request: 1000, keepAlive: 1000 },
    maxHeadBytes: 16_384,
    maxBodyBytes: 0,
    forwardedHeaders: 'append',
    ...(mode === 'tls' && { tls: { minVersion: 'TLSv1.2' } }),
    ...settings,
  };
}

export const route = plainRoute;

export function tls(termination: Termination, settings: Partial<RouteTls> = {}): RouteTls {
  return { termination, insecureEdgeTerminationPolicy: 'None', ...settings };
}

export function server(name: string, id: number, settings: Partial<Server> = {}): Server {
  return {
    name,
    id,
    address: { kind: 'ip', host: '127.0.0.1', port: 8000 + id },
    weight: 100,
    maxConnections: 0,
    backup: false,
    admin: 'ready',
    ...settings,
  };
}

export function backend(name: string, settings: Partial<Backend> = {}): Backend {
  return {
    name,
    mode: 'http',
    algorithm: 'roundrobin',
    timeouts: { connect: 1000, server: 1000, queue: 1000, tunnel: 1000 },
    retries: 3,
    redispatch: true,
    maxIdleConnections: 10,
    servers: [server('app1', 1), server('app2', 2)],
    ...settings,
  };
}

export function shardedPlan(parts: {
  readonly shards?: readonly Shard[];
  readonly routes?: readonly Route[];
  readonly backends?: readonly Backend[];
  readonly namespaces?: readonly Namespace[];
}): Plan {
  return {
    hash: '000000000000',
    runtime: { name: 'test', nft: { counters: false, atExit: 'remove' }, control: [], grace: 1000 },
    certificates: [],
    shards: parts.shards ?? [shard('default', { isDefault: true })],
    namespaces: parts.namespaces ?? [],
    routes: parts.routes ?? [],
    backends: parts.backends ?? [backend('web')],
  };
}
