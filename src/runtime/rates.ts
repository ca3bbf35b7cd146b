// Rates between two readings: null where there is nothing honest to say (one reading only, or two different lives).

import type { BindSample, RouteSample, TrafficCounters } from '../domain/counters.ts';
import { percentiles } from '../domain/latency.ts';
import { backendOf } from '../domain/plan.ts';
import type {
  BackendRates,
  BindRates,
  InstanceRates,
  LatencySample,
  RouteRates,
  Sample,
  SampleTopic,
  ServerRates,
  TotalsSample,
} from '../domain/sample.ts';
import { failuresOf as failedOf, tallyBetween } from '../domain/tls-switch-rules.ts';
import type { Reading, Traffic } from './traffic.ts';

/** What the plan tells that the counters do not. */
export interface RateContext {
  readonly maxConnections: number;
  /** TCP backends measure connect times; mixed with answer times they would say nothing. */
  readonly httpBackends: ReadonlySet<string>;
}

type Counter =
  | 'total'
  | 'bytesIn'
  | 'bytesOut'
  | 'retries'
  | 'requestErrors'
  | 'requests'
  | 'handshakes'
  | 'handshakeFailures';
type Counters = Partial<Record<Counter, number>>;

export function sampleBetween(
  from: Reading | undefined,
  to: Reading,
  topics: readonly SampleTopic[],
  traffic: Pick<Traffic, 'latency'>,
  context: RateContext,
  serversOf?: ReadonlySet<string>,
): Sample {
  const same = from && from.life === to.life && to.at > from.at ? from : undefined;
  const windowMs = same ? to.at - same.at : 0;
  const per = (before: Counters | undefined, after: Counters, counter: Counter): number | null =>
    same && before ? perSecond(after[counter]! - before[counter]!, windowMs) : null;
  const statusOf = (before: TrafficCounters | undefined, after: TrafficCounters) =>
    same && before ? statusRates(before.status, after.status, windowMs) : null;

  function binds(): BindRates[] {
    return [...to.binds.values()].map((bind) => {
      const before = same?.binds.get(bind.name);
      return {
        name: bind.name,
        connections: bind.connections,
        newConnections: per(before, bind, 'total'),
        requests: per(before, bind, 'requests'),
        bytesIn: per(before, bind, 'bytesIn'),
        bytesOut: per(before, bind, 'bytesOut'),
      };
    });
  }

  function backends(): BackendRates[] {
    return [...to.backends.values()].map((backend) => {
      const before = same?.backends.get(backend.name);
      return {
        name: backend.name,
        streams: backend.streams,
        queued: backend.queued,
        requests: per(before, backend, 'total'),
        errors: same && before ? perSecond(failuresOf(backend) - failuresOf(before), windowMs) : null,
        status: statusOf(before, backend),
        bytesIn: per(before, backend, 'bytesIn'),
        bytesOut: per(before, backend, 'bytesOut'),
        latency: latencySample(traffic.latency('backend', backend.name)),
      };
    });
  }

  function servers(): ServerRates[] {
    const all = [...to.servers.values()];
    const asked = serversOf ? all.filter(({ key }) => serversOf.has(backendOf(key))) : all;
    return asked.map((server) => {
      const before = same?.servers.get(server.key);
      return {
        key: server.key,
        streams: server.streams,
        tunnels: server.tunnels,
        idle: server.idle,
        sticky: server.sticky,
        queued: server.queued,
        requests: per(before, server, 'total'),
        errors: same && before ? perSecond(failuresOf(server) - failuresOf(before), windowMs) : null,
        bytesIn: per(before, server, 'bytesIn'),
        bytesOut: per(before, server, 'bytesOut'),
        latency: latencySample(traffic.latency('server', server.key)),
      };
    });
  }

  function routes(): RouteRates[] {
    return [...to.routes.values()].map((route) => {
      const before = same?.routes.get(route.name);
      return {
        name: route.name,
        open: { ...route.open },
        requests: per(before, route, 'total'),
        errors: same && before ? perSecond(failuresBetween(before, route), windowMs) : null,
        bytesIn: per(before, route, 'bytesIn'),
        bytesOut: per(before, route, 'bytesOut'),
        handshakes: per(before, route, 'handshakes'),
        handshakeFailures: per(before, route, 'handshakeFailures'),
      };
    });
  }

  return {
    at: to.at,
    windowMs,
    ...(topics.includes('totals') && { totals: totalsBetween(same, to, windowMs, traffic, context) }),
    ...(topics.includes('binds') && { binds: binds() }),
    ...(topics.includes('backends') && { backends: backends() }),
    ...(topics.includes('servers') && { servers: servers() }),
    ...(topics.includes('routes') && { routes: routes() }),
    ...(topics.includes('instances') && { instances: instancesBetween(from, to) }),
  };
}

/** Each by its own life: that the sums begin anew says nothing of an instance. */
function instancesBetween(from: Reading | undefined, to: Reading): InstanceRates[] {
  const windowMs = from ? to.at - from.at : 0;
  const known = from && windowMs > 0 ? [...from.instances.values()] : [];
  const earlier = new Map(known.map((instance) => [instance.life, instance]));
  return [...to.instances.values()].map((instance) => {
    const { id, shard, life, connections, clients, rssBytes, loopDelayMs } = instance;
    // Not by its id: a successor has the name of the one before, which has another one while it leaves.
    const before = earlier.get(life);
    const rate = (counter: 'newConnections' | 'requests' | 'cpuUs'): number | null =>
      before ? perSecond(instance[counter] - before[counter], windowMs) : null;
    const cpuUs = rate('cpuUs');
    return {
      id,
      shard,
      connections,
      clients,
      newConnections: rate('newConnections'),
      requests: rate('requests'),
      cpu: cpuUs === null ? null : cpuUs / 1e6,
      rssBytes,
      loopDelayMs,
    };
  });
}

function totalsBetween(
  from: Reading | undefined,
  to: Reading,
  windowMs: number,
  traffic: Pick<Traffic, 'latency'>,
  { maxConnections, httpBackends }: RateContext,
): TotalsSample {
  // Summed over the entries that both readings have: one that came meanwhile has no rate yet.
  const delta = <T>(kind: 'binds' | 'backends', of: (entry: T) => number): number | null => {
    if (!from) return null;
    let sum = 0;
    for (const [key, after] of to[kind] as ReadonlyMap<string, T>) {
      const before = (from[kind] as ReadonlyMap<string, T>).get(key);
      if (before) sum += of(after) - of(before);
    }
    return perSecond(sum, windowMs);
  };
  const classes = [0, 1, 2, 3, 4].map((index) => delta<BindSample>('binds', ({ status }) => status[index]!));
  let connections = 0;
  let idle = 0;
  for (const bind of to.binds.values()) {
    connections += bind.connections;
    idle += bind.idle;
  }
  const measured = [...to.backends.keys()].filter(
    (name) => httpBackends.size === 0 || httpBackends.has(name),
  );
  return {
    connections,
    idle,
    maxConnections,
    queued: [...to.backends.values()].reduce((sum, { queued }) => sum + queued, 0),
    newConnections: delta<BindSample>('binds', ({ total }) => total),
    requests: delta<BindSample>('binds', ({ requests }) => requests),
    status: from ? (classes as [number, number, number, number, number]) : null,
    bytesIn: delta<BindSample>('binds', ({ bytesIn }) => bytesIn),
    bytesOut: delta<BindSample>('binds', ({ bytesOut }) => bytesOut),
    retries: delta<TrafficCounters>('backends', ({ retries }) => retries),
    requestErrors: delta<BindSample>('binds', ({ requestErrors }) => requestErrors),
    tlsConnections: [...to.binds.values()].reduce((sum, bind) => sum + bind.tlsConnections, 0),
    handshakes: delta<BindSample>('binds', ({ handshakes }) => handshakes),
    resumed: delta<BindSample>('binds', ({ resumed }) => resumed),
    handshakeFailures: delta<BindSample>('binds', ({ handshakeFailures }) => handshakeFailures),
    latency: latencySample(measured.flatMap((name) => [...traffic.latency('backend', name)])),
    process: from
      ? {
          cpu: Math.max(0, to.process.cpuUs - from.process.cpuUs) / (windowMs * 1_000),
          rssBytes: to.process.rssBytes,
          loopDelayMs: to.process.loopDelayMs,
        }
      : null,
  };
}

/** A counter that went back (a gauge taken for one, an engine's fault) is no negative rate. */
const perSecond = (difference: number, windowMs: number): number =>
  Math.max(0, (difference * 1_000) / windowMs);

/** What a backend or a server did wrong: answers of class 5xx, and connections that failed or broke. */
const failuresOf = (counters: TrafficCounters): number =>
  counters.status[4] + counters.connectErrors + counters.serverAborts;

function statusRates(
  before: TrafficCounters['status'],
  after: TrafficCounters['status'],
  windowMs: number,
): [number, number, number, number, number] {
  return after.map((count, index) => perSecond(count - before[index]!, windowMs)) as [
    number,
    number,
    number,
    number,
    number,
  ];
}

function latencySample(deltas: Iterable<readonly number[]>): LatencySample | null {
  const [p50, p90, p99, max] = percentiles(deltas, [0.5, 0.9, 0.99, 1]);
  return p50 === undefined ? null : { p50, p90: p90!, p99: p99!, max: max! };
}

/** Every one of them: only a switch is judged by the weighed ones. */
function failuresBetween(before: RouteSample, after: RouteSample): number {
  const tally = tallyBetween(before, after);
  return failedOf({ ...tally, failingClients: tally.handshakeFailures });
}
