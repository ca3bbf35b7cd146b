// What the data plane counted, as the engine sends it: everything once, then only what changed since the sample before.

import type { BackendSample, BindSample, LatencyDelta, ServerSample } from '../domain/counters.ts';
import type { BackendRuntime } from './backend-runtime.ts';
import type { BindRuntime } from './bind-runtime.ts';
import { copyTraffic } from './counters.ts';
import type { ServerRuntime } from './server-runtime.ts';

export interface PlaneSample {
  readonly binds: readonly BindSample[];
  readonly backends: readonly BackendSample[];
  readonly servers: readonly ServerSample[];
}

export class Sampler {
  /** The newest sample of each that was sent. */
  #binds = new Map<string, BindSample>();
  #backends = new Map<string, BackendSample>();
  #servers = new Map<string, ServerSample>();

  /** Takes what the latency recorders hold; `full` says everything again. */
  take(binds: Iterable<BindRuntime>, backends: Iterable<BackendRuntime>, full: boolean): PlaneSample {
    const ofBinds = Array.from(binds, bindSample);
    const ofBackends: BackendSample[] = [];
    const ofServers: ServerSample[] = [];
    for (const backend of backends) {
      ofBackends.push(backendSample(backend));
      for (const server of backend.servers) ofServers.push(serverSample(server));
      for (const server of backend.leaving) ofServers.push(serverSample(server));
    }
    const sample = {
      binds: changed(ofBinds, this.#binds, ({ name }) => name, full),
      backends: changed(ofBackends, this.#backends, ({ name }) => name, full),
      servers: changed(ofServers, this.#servers, ({ key }) => key, full),
    };
    this.#binds = new Map(ofBinds.map((entry) => [entry.name, entry]));
    this.#backends = new Map(ofBackends.map((entry) => [entry.name, entry]));
    this.#servers = new Map(ofServers.map((entry) => [entry.key, entry]));
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
    idle: server.pool?.idle ?? 0,
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
    } else if (!Array.isArray(value) || value.some((part, i) => part !== (former as unknown[])[i]))
      return false;
  }
  return true;
}
