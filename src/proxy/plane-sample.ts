// What the data plane counted, as the engine sends it: everything once, then only what changed since the sample before.

import type {
  BackendSample,
  BindSample,
  LatencyDelta,
  RouteSample,
  ServerSample,
} from '../domain/counters.ts';
import type { BackendRuntime } from './backend-runtime.ts';
import type { BindRuntime } from './bind-runtime.ts';
import { copyTraffic, type RouteTraffic } from './counters.ts';
import type { ServerRuntime } from './server-runtime.ts';

export interface PlaneSample {
  readonly binds: readonly BindSample[];
  readonly backends: readonly BackendSample[];
  readonly servers: readonly ServerSample[];
  readonly routes: readonly RouteSample[];
}

export class Sampler {
  /** The newest sample of each that was sent. */
  #binds = new Map<string, BindSample>();
  #backends = new Map<string, BackendSample>();
  #servers = new Map<string, ServerSample>();
  #routes = new Map<string, RouteSample>();

  /** Takes what the latency recorders hold; `full` says everything again. */
  take(
    binds: Iterable<BindRuntime>,
    backends: Iterable<BackendRuntime>,
    routes: Iterable<readonly [name: string, traffic: RouteTraffic]>,
    full: boolean,
  ): PlaneSample {
    const ofBinds = Array.from(binds, bindSample);
    const ofBackends: BackendSample[] = [];
    const ofServers: ServerSample[] = [];
    for (const backend of backends) {
      ofBackends.push(backendSample(backend));
      for (const server of backend.servers) ofServers.push(serverSample(server));
      for (const server of backend.leaving) ofServers.push(serverSample(server));
    }
    const ofRoutes = Array.from(routes, ([name, traffic]) => routeSample(name, traffic));
    const sample = {
      binds: changed(ofBinds, this.#binds, ({ name }) => name, full),
      backends: changed(ofBackends, this.#backends, ({ name }) => name, full),
      servers: changed(ofServers, this.#servers, ({ key }) => key, full),
      routes: changed(ofRoutes, this.#routes, ({ name }) => name, full),
    };
    this.#binds = new Map(ofBinds.map((entry) => [entry.name, entry]));
    this.#backends = new Map(ofBackends.map((entry) => [entry.name, entry]));
    this.#servers = new Map(ofServers.map((entry) => [entry.key, entry]));
    this.#routes = new Map(ofRoutes.map((entry) => [entry.name, entry]));
    return sample;
  }
}

function bindSample({ name, traffic }: BindRuntime): BindSample {
  const { connections, idle, requests, tlsConnections, handshakes, resumed, handshakeFailures } = traffic;
  return {
    name,
    connections,
    idle,
    requests,
    tlsConnections,
    handshakes,
    resumed,
    handshakeFailures,
    ...copyTraffic(traffic),
  };
}

function routeSample(name: string, traffic: RouteTraffic): RouteSample {
  const { open, handshakes, resumed, handshakeFailures, serverHandshakeFailures } = traffic;
  const { passedHandshakes, passedHandshakeFailures, failingClients } = traffic;
  return {
    name,
    open: { ...open },
    handshakes,
    resumed,
    handshakeFailures,
    passedHandshakes,
    passedHandshakeFailures,
    failingClients: failingClients.counted,
    serverHandshakeFailures,
    ...copyTraffic(traffic),
  };
}

function backendSample(backend: BackendRuntime): BackendSample {
  const { name, streams, queue, traffic, latency } = backend;
  // "Waiting for any server" alone would hide those that wait for their own (cookie, source).
  const queued = backend.servers.reduce((sum, server) => sum + server.queue.length, queue.length);
  return { name, streams, queued, ...copyTraffic(traffic), latency: latency.take() };
}

function serverSample(server: ServerRuntime): ServerSample {
  const { key, streams, tunnels, sticky, lastArrivalAt, traffic, latency } = server;
  return {
    key,
    streams,
    tunnels,
    sticky,
    lastArrivalAt,
    idle: server.idle,
    queued: server.queue.length,
    ...copyTraffic(traffic),
    latency: latency.take(),
  };
}

function changed<S extends object>(
  entries: readonly S[],
  before: ReadonlyMap<string, S>,
  keyOf: (entry: S) => string,
  full: boolean,
): readonly S[] {
  return full ? entries : entries.filter((entry) => !same(entry, before.get(keyOf(entry))));
}

function same<S extends object>(entry: S, before: S | undefined): boolean {
  if (before === undefined) return false;
  for (const field in entry) {
    const value: unknown = entry[field];
    const former: unknown = before[field];
    if (value === former) continue;
    // A latency delta is news whenever it holds anything, were it the same numbers again.
    if (field === 'latency') {
      if ((value as LatencyDelta).length > 0) return false;
    } else if (!sameParts(value, former)) return false;
  }
  return true;
}

/** Of two arrays, or two records, of numbers. */
function sameParts(value: unknown, former: unknown): boolean {
  if (typeof value !== 'object' || value === null || typeof former !== 'object' || former === null)
    return false;
  const before = former as Record<string, unknown>;
  for (const [part, number] of Object.entries(value)) if (number !== before[part]) return false;
  return true;
}
