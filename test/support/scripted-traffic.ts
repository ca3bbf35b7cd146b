// Empty counters, rows and records for the scripted engine, to be filled in by a test.

import type { ConnectionRow, StreamRecord } from '../../src/domain/connection.ts';
import type {
  BackendSample,
  BindSample,
  RouteSample,
  ServerSample,
  TrafficCounters,
} from '../../src/domain/counters.ts';
import type { ServerKey } from '../../src/domain/plan.ts';

export type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export interface Script {
  readonly servers: Map<ServerKey, Mutable<ServerSample>>;
  readonly backends: Map<string, Mutable<BackendSample>>;
  readonly binds: Map<string, Mutable<BindSample>>;
  readonly routes: Map<string, Mutable<RouteSample>>;
}

const counters = (): TrafficCounters => ({
  total: 0,
  status: [0, 0, 0, 0, 0],
  bytesIn: 0,
  bytesOut: 0,
  clientAborts: 0,
  serverAborts: 0,
  requestErrors: 0,
  connectErrors: 0,
  retries: 0,
  redispatches: 0,
});

export function serverSample(key: ServerKey): Mutable<ServerSample> {
  return {
    ...counters(),
    key,
    streams: 0,
    tunnels: 0,
    idle: 0,
    sticky: 0,
    queued: 0,
    lastArrivalAt: 0,
    latency: [],
  };
}

export function backendSample(name: string): Mutable<BackendSample> {
  return { ...counters(), name, queued: 0, streams: 0, latency: [] };
}

export function bindSample(name: string): Mutable<BindSample> {
  return {
    ...counters(),
    name,
    connections: 0,
    idle: 0,
    requests: 0,
    tlsConnections: 0,
    handshakes: 0,
    resumed: 0,
    handshakeFailures: 0,
  };
}

export function routeSample(name: string): Mutable<RouteSample> {
  return {
    ...counters(),
    name,
    open: { passthrough: 0, edge: 0, reencrypt: 0 },
    handshakes: 0,
    resumed: 0,
    handshakeFailures: 0,
    serverHandshakeFailures: 0,
  };
}

export function rowOf(partial: Partial<ConnectionRow>): Mutable<ConnectionRow> {
  const backend = partial.server?.slice(0, partial.server.indexOf('/'));
  return {
    id: 's-0',
    client: '10.0.0.1:40000',
    bind: 'web',
    mode: 'http',
    phase: 'idle',
    ageMs: 0,
    idleMs: 0,
    bytesIn: 0,
    bytesOut: 0,
    rate: 0,
    requests: 1,
    ...(backend === undefined ? {} : { backend }),
    ...partial,
  };
}

export function recordOf(row: Partial<ConnectionRow> | undefined, at: number): StreamRecord {
  return {
    connection: row?.id ?? 's-0',
    mode: row?.mode ?? 'http',
    at,
    client: row?.client ?? '10.0.0.1:40000',
    bind: row?.bind ?? 'web',
    ...(row?.route === undefined ? {} : { route: row.route }),
    ...(row?.backend === undefined ? {} : { backend: row.backend }),
    ...(row?.server === undefined ? {} : { server: row.server }),
    ...(row?.method === undefined ? {} : { method: row.method }),
    ...(row?.host === undefined ? {} : { host: row.host }),
    ...(row?.path === undefined ? {} : { path: row.path }),
    ...(row?.status === undefined ? {} : { status: row.status }),
    timers: { TR: 0, Tw: 0, Tc: 0, Tr: 2, Ta: 2 },
    bytesIn: row?.bytesIn ?? 0,
    bytesOut: row?.bytesOut ?? 0,
    termination: row?.mode === 'tcp' ? '--' : '----',
    connections: [1, 1, 1, 1],
    retries: 0,
    redispatched: false,
    queue: [0, 0],
  };
}
