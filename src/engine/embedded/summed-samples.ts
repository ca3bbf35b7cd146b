// Counters of several instances added up, entry by entry, as news of each comes in: what it costs does not grow with the
// number of instances. Pure.

import type {
  BackendSample,
  BindSample,
  ProcessSample,
  RouteSample,
  ServerSample,
  TrafficCounters,
} from '../../domain/counters.ts';

/** By kind and name. */
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

export const keyOf = (entry: TrafficCounters & { readonly key?: string; readonly name?: string }): string =>
  entry.key ?? entry.name!;

/** Whatever the kind: the maps are handled all alike. */
export const entriesOf = (entries: Entries, kind: EntryKind): Map<string, TrafficCounters> =>
  entries[kind] as Map<string, TrafficCounters>;

/** The sum once one of its parts is `now` and not `before` any more. Its latency is that of `now`: what is new. */
export function sumWith<E extends TrafficCounters>(sum: E | undefined, now: E, before: E | undefined): E {
  if (sum === undefined) return now;
  const next = { ...now } as unknown as Record<string, unknown>;
  const [of, earlier] = [sum, before] as unknown as [
    Record<string, unknown>,
    Record<string, unknown> | undefined,
  ];
  for (const field in next) {
    const value = next[field];
    if (typeof value === 'number') {
      // The only number that is no count and no gauge: a clock.
      if (field === 'lastArrivalAt') next[field] = Math.max(of[field] as number, value);
      else next[field] = (of[field] as number) + value - ((earlier?.[field] as number | undefined) ?? 0);
    }
  }
  next.status = now.status.map((count, i) => sum.status[i]! + count - (before?.status[i] ?? 0));
  if ('open' in next)
    next.open = openWith(of.open as Open, next.open as Open, earlier?.open as Open | undefined);
  return next as unknown as E;
}

type Open = RouteSample['open'];

function openWith(sum: Open, now: Open, before: Open = noneOpen): Open {
  return {
    passthrough: sum.passthrough + now.passthrough - before.passthrough,
    edge: sum.edge + now.edge - before.edge,
    reencrypt: sum.reencrypt + now.reencrypt - before.reencrypt,
  };
}

const noneOpen: Open = { passthrough: 0, edge: 0, reencrypt: 0 };
const gauges = ['connections', 'idle', 'tlsConnections', 'streams', 'tunnels', 'sticky', 'queued'];

/** What an instance counted stays true when it is gone; what it carried is gone with it. */
export function countersOf<E extends TrafficCounters>(entry: E): E {
  const counters = { ...entry } as unknown as Record<string, unknown>;
  for (const gauge of gauges) if (gauge in counters) counters[gauge] = 0;
  if ('open' in counters) counters.open = noneOpen;
  if ('latency' in counters) counters.latency = [];
  return counters as unknown as E;
}

export function addProcess(a: ProcessSample, b: ProcessSample): ProcessSample {
  return {
    cpuUs: a.cpuUs + b.cpuUs,
    rssBytes: a.rssBytes + b.rssBytes,
    loopDelayMs: Math.max(a.loopDelayMs, b.loopDelayMs),
    logDropped: a.logDropped + b.logDropped,
  };
}

export const noProcess: ProcessSample = { cpuUs: 0, rssBytes: 0, loopDelayMs: 0, logDropped: 0 };
