// A ruleset as read: tables, chains in the kernel's order with their rules, sets, maps, named counters. Names are raw.

import type { Expression, Json } from '../json.ts';

export interface Ruleset {
  /** In the order nft lists them. */
  readonly tables: readonly Table[];
  /** Rules in all of them. */
  readonly rules: number;
}

/** "ip", "ip6", "inet", "arp", "bridge", "netdev"; what a newer nft may add, too. */
export type Family = string;

export interface Table {
  readonly family: Family;
  readonly name: string;
  readonly handle: number;
  readonly chains: readonly Chain[];
  readonly sets: readonly NftSet[];
  readonly counters: readonly NamedCounter[];
  /** Flowtables, quotas, ct helpers …: by their kind. */
  readonly others: readonly { readonly kind: string; readonly name: string }[];
  readonly flags: readonly string[];
}

export interface Chain {
  readonly name: string;
  readonly handle: number;
  /** Of a base chain: called by the kernel itself. */
  readonly base?: {
    /** "filter", "nat", "route". */
    readonly type: string;
    readonly hook: string;
    readonly priority: number;
    readonly policy: string;
    readonly device?: string;
  };
  readonly rules: readonly Rule[];
}

export interface Rule {
  readonly handle: number;
  readonly comment?: string;
  readonly expressions: readonly Expression[];
  /** Its own, or that of the named counter it refers to; undefined where it has none, or one by a map. */
  readonly counter?: Count & { readonly name?: string };
}

export interface Count {
  readonly packets: number;
  readonly bytes: number;
}

export interface NamedCounter extends Count {
  readonly name: string;
  readonly handle: number;
  readonly comment?: string;
}

export interface NftSet {
  readonly name: string;
  readonly handle: number;
  readonly isMap: boolean;
  /** "ipv4_addr", or several of a concatenation. */
  readonly type: readonly string[];
  /** Of a map: to what. "verdict", "inet_service", "counter" … */
  readonly to?: readonly string[];
  readonly flags: readonly string[];
  readonly size?: number;
  readonly timeoutMs?: number;
  readonly elements: readonly SetElement[];
}

export interface SetElement {
  readonly value: Json;
  /** Of a map. */
  readonly data?: Json;
  readonly timeoutMs?: number;
  readonly expiresMs?: number;
  readonly comment?: string;
  readonly counter?: Count;
}
