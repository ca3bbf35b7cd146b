// Counters of several instances added up, entry by entry; and what of them stays when an instance is gone. Pure.

import type {
  BackendSample,
  BindSample,
  EngineSample,
  ProcessSample,
  RouteSample,
  ServerSample,
  TrafficCounters,
} from '../../domain/counters.ts';

/** What was said last of everything, by its name. */
export interface Entries {
  readonly binds: Map<string, BindSample>;
  readonly backends: Map<string, BackendSample>;
  readonly servers: Map<string, ServerSample>;
  readonly routes: Map<string, RouteSample>;
}

export type EntryKind = keyof Entries;
export const entryKinds = ['binds', 'backends', 'servers', 'routes'] as const;

export const noEntries = (): Entries => ({
  binds: new Map(),
  backends: new Map(),
  servers: new Map(),
  routes: new Map(),
});

export const keyOf = (entry: { readonly key?: string; readonly name?: string }): string =>
  entry.key ?? entry.name!;

/** Entries said anew replace those before. */
export function takeEntries(into: Entries, sample: Pick<EngineSample, EntryKind>): void {
  for (const kind of entryKinds) {
    const entries = into[kind] as Map<string, object>;
    for (const entry of sample[kind]) entries.set(keyOf(entry), entry);
  }
}

export function addProcess(a: ProcessSample, b: ProcessSample): ProcessSample {
  return {
    cpuUs: a.cpuUs + b.cpuUs,
    rssBytes: a.rssBytes + b.rssBytes,
    loopDelayMs: Math.max(a.loopDelayMs, b.loopDelayMs),
    logDropped: a.logDropped + b.logDropped,
  };
}

/** Every number is a count or a gauge, but for the clock of the last arrival. */
export function addEntries<E extends TrafficCounters>(a: E, b: E, sign: 1 | -1 = 1): E {
  const sum = { ...a } as unknown as Record<string, unknown>;
  for (const [field, value] of Object.entries(b)) {
    if (typeof value !== 'number') continue;
    const other = sum[field] as number;
    sum[field] = field === 'lastArrivalAt' ? Math.max(other, value) : other + sign * value;
  }
  sum.status = a.status.map((count, i) => count + sign * b.status[i]!);
  if ('open' in a && 'open' in b) sum.open = addOpen(a.open as Open, b.open as Open, sign);
  return sum as unknown as E;
}

type Open = RouteSample['open'];

function addOpen(a: Open, b: Open, sign: 1 | -1): Open {
  return {
    passthrough: a.passthrough + sign * b.passthrough,
    edge: a.edge + sign * b.edge,
    reencrypt: a.reencrypt + sign * b.reencrypt,
  };
}

const gauges = ['connections', 'idle', 'tlsConnections', 'streams', 'tunnels', 'sticky', 'queued'];

/** What an instance counted stays true when it is gone; what it carried is gone with it. */
export function countersOf<E extends TrafficCounters>(entry: E): E {
  const counters = { ...entry } as unknown as Record<string, unknown>;
  for (const gauge of gauges) if (gauge in counters) counters[gauge] = 0;
  if ('open' in counters) counters.open = { passthrough: 0, edge: 0, reencrypt: 0 };
  if ('latency' in counters) counters.latency = [];
  return counters as unknown as E;
}
