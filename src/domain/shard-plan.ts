// What if: what a change of a plan's shape, or of a server, would do to routes and to the clients that are seen. Pure.

import type { Admission, RouteStatus } from './admission.ts';
import { shardChanges } from './client-moves.ts';
import type { Evenness } from './evenness.ts';
import type { Plan, ServerKey } from './plan.ts';
import { routeMoves } from './route-moves.ts';
import { backendChanges } from './server-moves.ts';
import type { ServerWish } from './server-state.ts';
import type { ShapeChange } from './shape.ts';

/** What is asked about: changes of shape and of servers, or the configuration's file as it is now. */
export type WhatIf =
  | { readonly changes: readonly (ShapeChange | ServerChange)[] }
  | { readonly reload: true };

/** Of a server in a backend of algorithm `source`: its clients would go elsewhere. Weight 0 or `remove`: all of them. */
export type ServerChange =
  | { readonly kind: 'weight'; readonly server: ServerKey; readonly weight: number }
  | { readonly kind: 'remove'; readonly server: ServerKey };

/** A client address that the data plane carries, or carried in the last minute. */
export interface ObservedClient {
  readonly address: string;
  readonly shard: string;
  readonly instance: string;
  /** Open now. */
  readonly connections: number;
  /** That its requests and connections went to, in the last minute. */
  readonly backends: readonly string[];
}

export interface ObservedClients {
  readonly overMs: number;
  readonly clients: readonly ObservedClient[];
  /** More were there than are kept in mind. */
  readonly missed: number;
}

export interface ShardPlan {
  /** Hash of the plan that it was made from, and of the one that it would come to: applied only from the former. */
  readonly from: string;
  readonly to: string;
  /** In words, one for each change. */
  readonly changes: readonly string[];
  readonly routes: {
    readonly moved: readonly {
      readonly route: string;
      readonly from: readonly string[];
      readonly to: readonly string[];
    }[];
    /** Served now, and by no shard then. */
    readonly orphaned: readonly string[];
    /** Served by one shard or none now, and by several then. */
    readonly doublyServed: readonly { readonly route: string; readonly shards: readonly string[] }[];
    /** Admitted now, or not selected, and refused then. */
    readonly conflicts: readonly {
      readonly route: string;
      readonly status: RouteStatus & { readonly admitted: false };
    }[];
    /** Refused now, and admitted then. */
    readonly activated: readonly { readonly route: string; readonly shard: string }[];
    /** Of the configuration: there now, not then; and the other way round. Only with a reload. */
    readonly removed: readonly string[];
    readonly added: readonly string[];
  };
  readonly shards: readonly ShardChange[];
  readonly servers: readonly BackendChange[];
  readonly overMs: number;
  readonly missed: number;
  /** Left out of lists that would be too long to send, by the list's name: "moved", "servers". */
  readonly omitted?: Readonly<Record<string, number>>;
}

export interface ShardChange {
  readonly shard: string;
  /** 0: it is not there before, or after. */
  readonly instancesBefore: number;
  readonly instancesAfter: number;
  /** Observed on this shard, and of them how many would meet another instance. */
  readonly observed: number;
  readonly moved: number;
  /** Clients by instance, the first is NAME/1. */
  readonly before: readonly number[];
  readonly after: readonly number[];
  readonly evennessBefore?: Evenness;
  readonly evennessAfter?: Evenness;
  /** Of the slots of its table; what to expect of clients not seen yet. */
  readonly slotsMoved: number;
}

/** Of a backend of algorithm `source`. */
export interface BackendChange {
  readonly backend: string;
  readonly observed: number;
  readonly moved: number;
  readonly before: readonly { readonly server: string; readonly clients: number }[];
  readonly after: readonly { readonly server: string; readonly clients: number }[];
}

export interface ShardPlanFacts {
  readonly before: Plan;
  readonly after: Plan;
  readonly admissionBefore: Admission;
  readonly admissionAfter: Admission;
  readonly changes: readonly string[];
  readonly clients: ObservedClients;
  /** States and weights in force. */
  readonly wishesBefore: readonly ServerWish[];
  readonly wishesAfter: readonly ServerWish[];
}

export function shardPlan(facts: ShardPlanFacts): ShardPlan {
  const { before, after, changes, clients } = facts;
  return {
    from: before.hash,
    to: after.hash,
    changes,
    routes: routeMoves(facts),
    shards: shardChanges(before, after, clients.clients),
    servers: backendChanges(facts),
    overMs: clients.overMs,
    missed: clients.missed,
  };
}
