// What the kernel carries, added to the samples of the engine that relays: so totals, drains and rates know of it.

import type {
  BackendSample,
  BindSample,
  EngineSample,
  ServerSample,
  TrafficCounters,
} from '../../domain/counters.ts';
import { backendOf, type ServerKey } from '../../domain/plan.ts';
import { sumWith } from '../embedded/summed-samples.ts';
import type { FlowCounts, PathFlows } from './path-flows.ts';

export interface PathSamples {
  /** The engine's own sample, with the kernel's part in it. */
  with(sample: EngineSample): EngineSample;
  /** What the kernel's part changed; undefined before the engine had one. */
  changed(at: number): EngineSample | undefined;
}

export function createPathSamples(flows: Pick<PathFlows, 'binds' | 'servers'>): PathSamples {
  let last: EngineSample | undefined;
  let lastAt = 0;
  // The engine's own latest, without the kernel's part, of whatever may come to have one.
  const binds = new Map<string, BindSample>();
  const servers = new Map<ServerKey, ServerSample>();
  const backends = new Map<string, BackendSample>();

  const withBind = (name: string, own: BindSample | undefined): BindSample =>
    added(own, bindSample(name, flows.binds.get(name)!));
  const withServer = (key: ServerKey, own: ServerSample | undefined): ServerSample =>
    added(own, serverSample(key, flows.servers.get(key)!));
  const withBackend = (name: string, own: BackendSample | undefined): BackendSample =>
    added(own, backendSample(name, flows.servers));

  return {
    with(sample) {
      last = sample;
      // Two clocks, and time must not go back.
      lastAt = Math.max(lastAt, sample.at);
      for (const each of sample.binds) binds.set(each.name, each);
      for (const each of sample.servers) servers.set(each.key, each);
      for (const each of sample.backends) backends.set(each.name, each);
      if (flows.binds.size === 0) return sample;
      const names = backendNames(flows);
      return {
        ...sample,
        at: lastAt,
        binds: sample.binds.map((each) => (flows.binds.has(each.name) ? withBind(each.name, each) : each)),
        servers: sample.servers.map((each) =>
          flows.servers.has(each.key) ? withServer(each.key, each) : each,
        ),
        backends: sample.backends.map((each) => (names.has(each.name) ? withBackend(each.name, each) : each)),
      };
    },
    changed(at) {
      if (last === undefined) return undefined;
      lastAt = Math.max(lastAt, at);
      const quiet = <E extends { latency: unknown }>(own: E | undefined): E | undefined =>
        own && { ...own, latency: [] };
      return {
        ...last,
        at: lastAt,
        binds: [...flows.binds.keys()].map((name) => withBind(name, binds.get(name))),
        servers: [...flows.servers.keys()].map((key) => withServer(key, quiet(servers.get(key)))),
        backends: [...backendNames(flows)].map((name) => withBackend(name, quiet(backends.get(name)))),
        routes: [],
      };
    },
  };
}

function added<E extends TrafficCounters>(own: E | undefined, kernel: E): E {
  if (own === undefined) return kernel;
  const sum = sumWith(own, kernel, undefined);
  return 'latency' in own ? { ...sum, latency: own.latency } : sum;
}

function backendNames({ servers }: Pick<PathFlows, 'servers'>): Set<string> {
  return new Set([...servers.keys()].map(backendOf));
}

function counters({ total, bytesIn, bytesOut }: FlowCounts): TrafficCounters {
  return {
    ...{ total, bytesIn, bytesOut, status: [0, 0, 0, 0, 0] },
    ...{ clientAborts: 0, serverAborts: 0, requestErrors: 0, connectErrors: 0, retries: 0, redispatches: 0 },
  };
}

function bindSample(name: string, counts: FlowCounts): BindSample {
  return {
    ...counters(counts),
    ...{ name, connections: counts.open, idle: 0, requests: counts.total },
    ...{ tlsConnections: 0, handshakes: 0, resumed: 0, handshakeFailures: 0 },
  };
}

function serverSample(key: ServerKey, counts: FlowCounts): ServerSample {
  const { open, lastArrivalAt } = counts;
  return {
    ...counters(counts),
    ...{ key, streams: open, tunnels: open, idle: 0, sticky: 0, queued: 0, lastArrivalAt, latency: [] },
  };
}

function backendSample(name: string, servers: PathFlows['servers']): BackendSample {
  const sum: FlowCounts = { total: 0, bytesIn: 0, bytesOut: 0, open: 0, lastArrivalAt: 0 };
  for (const [key, counts] of servers) {
    if (backendOf(key) !== name) continue;
    sum.total += counts.total;
    sum.bytesIn += counts.bytesIn;
    sum.bytesOut += counts.bytesOut;
    sum.open += counts.open;
  }
  return { ...counters(sum), name, queued: 0, streams: sum.open, latency: [] };
}
