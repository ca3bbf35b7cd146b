// The engine's samples put together: the newest counters of everything, and the latencies of the last ten seconds.
// Rates are taken between two readings (rates.ts); nothing is computed here.

import type {
  BackendSample,
  BindSample,
  EngineSample,
  InstanceSample,
  LatencyDelta,
  ProcessSample,
  RouteSample,
  ServerSample,
} from '../domain/counters.ts';
import type { ServerKey } from '../domain/plan.ts';

/** Counters at one moment. Never changed once handed out. */
export interface Reading {
  readonly at: number;
  readonly life: string;
  readonly binds: ReadonlyMap<string, BindSample>;
  readonly backends: ReadonlyMap<string, BackendSample>;
  readonly servers: ReadonlyMap<ServerKey, ServerSample>;
  readonly routes: ReadonlyMap<string, RouteSample>;
  readonly process: ProcessSample;
  /** Those that are there, by id. */
  readonly instances: ReadonlyMap<string, InstanceSample>;
}

export interface Traffic {
  take(sample: EngineSample): void;
  /** Undefined before the first sample. */
  reading(): Reading | undefined;
  server(key: ServerKey): ServerSample | undefined;
  /** What was recorded in the last ten seconds, slice by slice. */
  latency(kind: 'backend' | 'server', name: string): Iterable<LatencyDelta>;
  /** Only these are known from now on: others were removed by a reload. */
  keep(known: {
    readonly binds: ReadonlySet<string>;
    readonly backends: ReadonlySet<string>;
    readonly servers: ReadonlySet<string>;
    readonly routes: ReadonlySet<string>;
  }): void;
}

const latencyWindowMs = 10_000;

interface Slice {
  readonly at: number;
  readonly delta: LatencyDelta;
}

export function createTraffic(): Traffic {
  let newest: EngineSample | undefined;
  let cached: Reading | undefined;
  const binds = new Map<string, BindSample>();
  const backends = new Map<string, BackendSample>();
  const servers = new Map<ServerKey, ServerSample>();
  const routes = new Map<string, RouteSample>();
  const latencies = { backend: new Map<string, Slice[]>(), server: new Map<string, Slice[]>() };

  function record(kind: 'backend' | 'server', name: string, at: number, delta: LatencyDelta): void {
    if (delta.length === 0) return;
    const slices = latencies[kind].get(name) ?? [];
    while (slices.length > 0 && slices[0]!.at <= at - latencyWindowMs) slices.shift();
    slices.push({ at, delta });
    latencies[kind].set(name, slices);
  }

  return {
    take(sample) {
      if (newest && sample.life !== newest.life) {
        // Another process: its counters start at zero, and what the old one carried is gone with it.
        for (const map of [binds, backends, servers, routes, latencies.backend, latencies.server])
          map.clear();
      }
      newest = sample;
      cached = undefined;
      for (const bind of sample.binds) binds.set(bind.name, bind);
      for (const backend of sample.backends) {
        backends.set(backend.name, backend);
        record('backend', backend.name, sample.at, backend.latency);
      }
      for (const route of sample.routes) routes.set(route.name, route);
      for (const server of sample.servers) {
        servers.set(server.key, server);
        record('server', server.key, sample.at, server.latency);
      }
    },

    reading() {
      if (!newest) return undefined;
      cached ??= {
        at: newest.at,
        life: newest.life,
        binds: new Map(binds),
        backends: new Map(backends),
        servers: new Map(servers),
        routes: new Map(routes),
        process: newest.process,
        instances: new Map(newest.instances.map((each) => [each.id, each])),
      };
      return cached;
    },

    server: (key) => servers.get(key),

    latency(kind, name) {
      const from = (newest?.at ?? 0) - latencyWindowMs;
      return (latencies[kind].get(name) ?? []).filter(({ at }) => at > from).map(({ delta }) => delta);
    },

    keep({ binds: keepBinds, backends: keepBackends, servers: keepServers, routes: keepRoutes }) {
      cached = undefined;
      for (const name of routes.keys()) if (!keepRoutes.has(name)) routes.delete(name);
      for (const name of binds.keys()) if (!keepBinds.has(name)) binds.delete(name);
      for (const name of backends.keys()) if (!keepBackends.has(name)) backends.delete(name);
      for (const key of servers.keys()) if (!keepServers.has(key)) servers.delete(key);
      for (const name of latencies.backend.keys())
        if (!keepBackends.has(name)) latencies.backend.delete(name);
      for (const key of latencies.server.keys()) if (!keepServers.has(key)) latencies.server.delete(key);
    },
  };
}
