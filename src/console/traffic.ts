// The traffic a console has seen: the newest sample of everything, and the past of the totals for charts. Pure.

import type { BlockRates, Compared, EndpointRates } from '../domain/kernel.ts';
import type { ServerKey } from '../domain/plan.ts';
import type {
  BackendRates,
  BindRates,
  HistoryPoint,
  InstanceRates,
  RouteRates,
  Sample,
  SampleTopic,
  ServerRates,
  TotalsSample,
} from '../domain/sample.ts';

export interface Traffic {
  readonly totals?: TotalsSample;
  readonly backends: ReadonlyMap<string, BackendRates>;
  readonly servers: ReadonlyMap<ServerKey, ServerRates>;
  readonly binds: ReadonlyMap<string, BindRates>;
  readonly routes: ReadonlyMap<string, RouteRates>;
  /** By id, those that leave among them. */
  readonly instances: ReadonlyMap<string, InstanceRates>;
  /** By `endpointKey`. */
  readonly endpoints: ReadonlyMap<string, EndpointRates>;
  /** By address. */
  readonly blocks: ReadonlyMap<string, BlockRates>;
  readonly compared: readonly Compared[];
  readonly comparedSince: number | null;
  /** A sample of the kernel came at all. */
  readonly kernelSeen: boolean;
  readonly windowMs: number;
  /** One a second, newest last; with a gap where nobody looked. */
  readonly past: readonly HistoryPoint[];
}

export const pastSeconds = 600;

const noKernel = {
  endpoints: new Map<string, EndpointRates>(),
  blocks: new Map<string, BlockRates>(),
  compared: [],
  comparedSince: null,
  kernelSeen: false,
} as const;

export const noTraffic: Traffic = {
  backends: new Map(),
  servers: new Map(),
  binds: new Map(),
  routes: new Map(),
  instances: new Map(),
  ...noKernel,
  windowMs: 1_000,
  past: [],
};

export function withSample(traffic: Traffic, sample: Sample): Traffic {
  const totals = sample.totals ?? traffic.totals;
  const backends = sample.backends
    ? new Map(sample.backends.map((rates) => [rates.name, rates]))
    : traffic.backends;
  return {
    ...(totals === undefined ? {} : { totals }),
    backends,
    servers: sample.servers ? new Map(sample.servers.map((rates) => [rates.key, rates])) : traffic.servers,
    binds: sample.binds ? new Map(sample.binds.map((rates) => [rates.name, rates])) : traffic.binds,
    routes: sample.routes ? new Map(sample.routes.map((rates) => [rates.name, rates])) : traffic.routes,
    instances: sample.instances
      ? new Map(sample.instances.map((rates) => [rates.id, rates]))
      : traffic.instances,
    ...kernelOf(traffic, sample),
    windowMs: sample.windowMs,
    past:
      sample.totals === undefined
        ? traffic.past
        : joined(traffic.past, [pointOf(sample.at, sample.totals, backends)]),
  };
}

/** Of one endpoint of one server that is a service. */
export function endpointKey(server: ServerKey, endpoint: string): string {
  return `${server} ${endpoint}`;
}

function kernelOf({ endpoints, blocks, compared, comparedSince, kernelSeen }: Traffic, { kernel }: Sample) {
  if (kernel === undefined) return { endpoints, blocks, compared, comparedSince, kernelSeen };
  return {
    endpoints: new Map(kernel.endpoints.map((rates) => [endpointKey(rates.server, rates.endpoint), rates])),
    blocks: new Map(kernel.blocks.map((rates) => [rates.address, rates])),
    compared: kernel.compared,
    comparedSince: kernel.comparedSince,
    kernelSeen: true,
  };
}

function pointOf(at: number, totals: TotalsSample, backends: Traffic['backends']): HistoryPoint {
  return {
    at,
    totals,
    backends: Object.fromEntries([...backends].map(([name, { requests }]) => [name, requests])),
  };
}

/** What the runtime kept of the past, under what came since. */
export function withHistory(traffic: Traffic, points: readonly HistoryPoint[]): Traffic {
  const last = points.at(-1)?.at ?? 0;
  return {
    ...traffic,
    past: joined(
      points,
      traffic.past.filter(({ at }) => at > last),
    ),
  };
}

/** Numbers nobody is sent any more are not shown again as if they were new; the past stays true. */
export function withoutTopic(traffic: Traffic, topic: SampleTopic): Traffic {
  if (topic === 'kernel') return { ...traffic, ...noKernel };
  if (topic !== 'totals') return { ...traffic, [topic]: new Map() };
  const { totals: _, ...rest } = traffic;
  return rest;
}

function joined(before: readonly HistoryPoint[], after: readonly HistoryPoint[]): readonly HistoryPoint[] {
  const points = [...before];
  for (const point of after) {
    // A sample between two seconds takes the place of the last one, so that a column stays a second.
    const last = points.at(-1);
    if (last !== undefined && point.at - last.at < 500) points.pop();
    points.push(point);
  }
  return points.slice(-pastSeconds);
}

/** The last `seconds` as one value a second up to `now`: null where nothing was seen, so that gaps stay gaps. */
export function secondly(
  past: readonly HistoryPoint[],
  now: number,
  seconds: number,
  value: (point: HistoryPoint) => number | null | undefined,
): (number | null)[] {
  const series = new Array<number | null>(seconds).fill(null);
  const newest = past.at(-1);
  if (newest === undefined) return series;
  // Anchored to the newest point, not to `now`, or each redraw between two seconds would shift the picture.
  const end = now - newest.at > 2_000 ? now : newest.at;
  for (let index = past.length - 1; index >= 0; index -= 1) {
    const point = past[index]!;
    const slot = seconds - 1 - Math.round((end - point.at) / 1_000);
    if (slot < 0) break;
    if (slot < seconds) series[slot] ??= value(point) ?? null;
  }
  return series;
}

/**
 * The last minute in `cells` (at most 60) means, newest last; null where nothing was seen. Their edges are fixed in
 * time, so that the shape moves on by whole cells and only its newest cell changes in between.
 */
export function lastMinute(
  past: readonly HistoryPoint[],
  now: number,
  cells: number,
  value: (point: HistoryPoint) => number | null | undefined,
): (number | null)[] {
  const cellMs = 60_000 / cells;
  const newest = past.at(-1);
  const end = newest === undefined || now - newest.at > 2_000 ? now : newest.at;
  const lastCell = Math.floor(end / cellMs);
  const sums = Array.from({ length: cells }, () => ({ sum: 0, seen: 0 }));
  for (let index = past.length - 1; index >= 0; index -= 1) {
    const point = past[index]!;
    const cell = sums[cells - 1 - (lastCell - Math.floor(point.at / cellMs))];
    if (cell === undefined) {
      if (point.at < end) break;
      continue;
    }
    const amount = value(point);
    if (amount === null || amount === undefined) continue;
    cell.sum += amount;
    cell.seen += 1;
  }
  return sums.map(({ sum, seen }) => (seen === 0 ? null : sum / seen));
}
