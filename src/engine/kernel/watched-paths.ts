// Which of the kernel's connections are ours: by the address that a client asked for, and by who answers. Of this plan and of those
// before, since a server that is gone may have connections still. Pure.

import { parseIp } from '../../domain/ip.ts';
import type { Plan, ServerKey } from '../../domain/plan.ts';
import type { Flow, FlowQuery } from '../../nft/conntrack/conntrack.ts';
import { type PathPlace, type PathRules, targetName, wildcards } from '../../nft/table/parts/path-part.ts';
import { placesOf } from './path-rules.ts';

export interface WatchedPath {
  readonly bind: string;
  readonly server: ServerKey;
  /** In our table. */
  readonly counter: string;
}

export interface WatchedPaths {
  /** Answers whether there are any. */
  planned(plan: Plan): boolean;
  /** Where a bind really is, whose port is any. */
  inForce(rules: readonly PathRules[]): void;
  find(flow: Flow): WatchedPath | undefined;
  readonly counters: Iterable<WatchedPath>;
  /** What there is to list, as narrow as it may be; undefined: nothing. */
  readonly filter: Pick<FlowQuery, 'originalAddress' | 'originalPort'> | undefined;
}

interface Entrance {
  readonly host: string;
  readonly port: number;
  readonly bind: string;
}

export function createWatchedPaths(): WatchedPaths {
  /** By address and port, as `keyOf` writes them. */
  const entrances = new Map<string, Entrance>();
  /** By bind, then by who answers. */
  const places = new Map<string, Map<string, WatchedPath>>();
  const counters = new Map<string, WatchedPath>();

  function enter(bind: string, host: string, port: number): void {
    if (port !== 0) entrances.set(keyOf(wildcards.has(host) ? '*' : host, port), { host, port, bind });
  }

  function watch(bind: string, list: readonly PathPlace[]): void {
    const known = places.get(bind) ?? new Map<string, WatchedPath>();
    for (const place of list) {
      const path = { bind, server: place.server, counter: targetName(bind, place) };
      known.set(keyOf(place.address.host, place.address.port), path);
      counters.set(path.counter, path);
    }
    places.set(bind, known);
  }

  return {
    planned({ shards, backends }) {
      let some = false;
      for (const { binds } of shards)
        for (const { name, kernelPath, address, backend } of binds) {
          if (kernelPath === undefined || address.kind !== 'ip') continue;
          some = true;
          enter(name, address.host, address.port);
          watch(name, backends.filter((each) => each.name === backend).flatMap(placesOf));
        }
      return some;
    },
    inForce(rules) {
      for (const { bind, address } of rules) enter(bind, address.host, address.port);
    },
    find({ original, reply }) {
      const entrance =
        entrances.get(keyOf(original.destination, original.destinationPort)) ??
        entrances.get(keyOf('*', original.destinationPort));
      return entrance && places.get(entrance.bind)?.get(keyOf(reply.source, reply.sourcePort));
    },
    get counters() {
      return counters.values();
    },
    get filter() {
      const [first, ...more] = entrances.values();
      if (first === undefined) return undefined;
      if (more.length > 0) return {};
      return {
        originalPort: first.port,
        ...(!wildcards.has(first.host) && { originalAddress: first.host }),
      };
    },
  };
}

/** An IPv6 address has many spellings. */
function keyOf(host: string, port: number): string {
  return host.includes(':') ? `${parseIp(host)} ${port}` : `${host} ${port}`;
}
