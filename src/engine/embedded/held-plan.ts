// What every instance is to have: the plan in force with the server states and TLS of the moment. Written down before any
// instance is told, so that one that is replaced, or adopted by a restarted runtime, is brought to what holds now.

import { type Plan, type ServerKey, serverKey } from '../../domain/plan.ts';
import type { ServerWish } from '../../domain/server-state.ts';
import type { RouteWish, TlsMaterial } from '../../domain/tls.ts';
import type { TlsInForce } from '../engine.ts';
import type { Crew } from './acceptor-peer.ts';
import type { HeldChange } from './messages.ts';
import { noMaterial, wishesOver } from './tls-state.ts';

/** All of it, as of one moment. */
export interface InForce {
  readonly plan: Plan;
  readonly wishes: readonly ServerWish[];
  readonly tls: TlsInForce;
}

export interface HeldPlan {
  /** Undefined before the first. */
  readonly now: InForce | undefined;
  /** What would hold with this plan: wishes that are not given again go on, for servers that it has. */
  with(plan: Plan, wishes: readonly ServerWish[], tls: TlsInForce | undefined): InForce;
  take(next: InForce): void;
  /** Those of servers that the plan has, written down. */
  setServers(wishes: readonly ServerWish[]): ServerWish[];
  setRoutes(wishes: readonly RouteWish[]): RouteWish[];
  setMaterial(material: TlsMaterial): void;
  /** As an instance is told. */
  change(change: HeldChange): void;
}

export function createHeldPlan(): HeldPlan {
  const wishes = new Map<ServerKey, ServerWish>();
  let plan: Plan | undefined;
  let tls: TlsInForce = { routes: [], material: noMaterial() };
  return {
    get now() {
      return plan === undefined ? undefined : { plan, wishes: [...wishes.values()], tls };
    },
    with(next, list, nextTls = tls) {
      const all = new Map([...wishes, ...list.map((wish) => [wish.server, wish] as const)]);
      return {
        plan: next,
        wishes: serversOf(next)
          .map((key) => all.get(key))
          .filter((wish) => wish !== undefined),
        tls: nextTls,
      };
    },
    take(next) {
      plan = next.plan;
      tls = { ...next.tls, routes: wishesOver(plan, [], next.tls.routes) };
      wishes.clear();
      for (const wish of next.wishes) wishes.set(wish.server, wish);
    },
    setServers(list) {
      const known = new Set(plan === undefined ? [] : serversOf(plan));
      const meant = list.filter(({ server }) => known.has(server));
      for (const wish of meant) wishes.set(wish.server, wish);
      return meant;
    },
    setRoutes(list) {
      if (plan === undefined) return [];
      tls = { ...tls, routes: wishesOver(plan, tls.routes, list) };
      return wishesOver(plan, [], list);
    },
    setMaterial(material) {
      tls = { ...tls, material };
    },
    change(change) {
      switch (change.kind) {
        case 'apply':
          this.take(change);
          return;
        case 'setServers':
          this.setServers(change.wishes);
          return;
        case 'setRoutes':
          this.setRoutes(change.wishes);
          return;
        case 'setTlsMaterial':
          this.setMaterial(change.material);
      }
    },
  };
}

export function instancesOf(plan: Plan): { readonly id: string; readonly shard: string }[] {
  return plan.shards.flatMap(({ name, instances }) =>
    Array.from({ length: instances }, (_, i) => ({ id: `${name}/${i + 1}`, shard: name })),
  );
}

/** Who runs for a plan; with another that is to be taken: those of both, and clients are spread as before. */
export function crewOf(plan: Plan, next: Plan = plan): Crew {
  const all = [...instancesOf(plan), ...instancesOf(next)].map((each) => [each.id, each] as const);
  return {
    instances: [...new Map(all).values()],
    shards: plan.shards.map(({ name, instances, steering: { by, tableSize, ipv6Prefix } }) => ({
      shard: name,
      by,
      instances,
      tableSize,
      ipv6Prefix,
    })),
  };
}

function serversOf(plan: Plan): ServerKey[] {
  return plan.backends.flatMap(({ name, servers }) => servers.map((server) => serverKey(name, server.name)));
}
