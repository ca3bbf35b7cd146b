// Empty counters, rows and records for the scripted engine, to be filled in by a test.

import { addressText } from '../../src/domain/address-text.ts';
import type { ConnectionRow, StreamRecord } from '../../src/domain/connection.ts';
import type {
  BackendSample,
  BindSample,
  RouteSample,
  ServerSample,
  TrafficCounters,
} from '../../src/domain/counters.ts';
import { LatencyRecorder } from '../../src/domain/latency.ts';
import type { BindEntity, Capabilities } from '../../src/domain/model.ts';
import type { Plan, ServerKey } from '../../src/domain/plan.ts';

export type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export interface OpenConnection {
  row: Mutable<ConnectionRow>;
  acceptedAt: number;
  lastByteAt: number;
  endedAt?: number;
}

export interface Script {
  readonly servers: Map<ServerKey, Mutable<ServerSample>>;
  readonly backends: Map<string, Mutable<BackendSample>>;
  readonly binds: Map<string, Mutable<BindSample>>;
  readonly routes: Map<string, Mutable<RouteSample>>;
}

export const everything: Capabilities = {
  drain: true,
  maint: true,
  weight: true,
  kill: true,
  'kill-server': true,
  connections: true,
  tail: true,
  reload: true,
  latency: true,
  tls: true,
  shards: true,
};

export const emptyScript = (): Script => ({
  servers: new Map(),
  backends: new Map(),
  binds: new Map(),
  routes: new Map(),
});

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
    passedHandshakes: 0,
    passedHandshakeFailures: 0,
    failingClients: 0,
    serverHandshakeFailures: 0,
  };
}

export function rowOf(partial: Partial<ConnectionRow>): Mutable<ConnectionRow> {
  const backend = partial.server?.slice(0, partial.server.indexOf('/'));
  return {
    id: 's-0',
    client: '10.0.0.1:40000',
    bind: 'web',
    instance: 'default/1',
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
    instance: row?.instance ?? 'default/1',
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

/** The entry under a key; made where there is none. */
export function entry<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const found = map.get(key);
  if (found !== undefined) return found;
  const made = make();
  map.set(key, made);
  return made;
}

/** The histogram's own bucket for one value. */
export function latencyBucket(microseconds: number): number {
  const recorder = new LatencyRecorder();
  recorder.record(microseconds);
  return recorder.take()[0]!;
}

/** Those that differ from what was sent last, which is written down in `sent`. */
export function changedEntries<T>(
  sent: Map<string, string>,
  kind: string,
  entries: ReadonlyMap<string, T>,
): T[] {
  return [...entries].flatMap(([key, value]) => {
    const text = JSON.stringify(value);
    if (sent.get(`${kind} ${key}`) === text) return [];
    sent.set(`${kind} ${key}`, text);
    return [structuredClone(value)];
  });
}

export function bindEntities(of: Plan): BindEntity[] {
  return of.shards.flatMap((shard) =>
    shard.binds.map((each) => ({
      name: each.name,
      shard: shard.name,
      address: addressText(each.address),
      mode: each.mode,
      ...(each.backend === undefined ? {} : { backend: each.backend }),
      maxConnections: each.maxConnections,
      state: 'open' as const,
    })),
  );
}
