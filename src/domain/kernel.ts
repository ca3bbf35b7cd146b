// What the kernel does beside the proxy, in the model's terms: what it can do here, who is blocked, how a service's endpoints
// stand, and the rules of nftables as rows that a screen can show a window of.

import type { ServerKey } from './plan.ts';

/** Can it be used here? Where not, why not and what would help, in one safe line. */
export type Usable = true | { readonly no: string; readonly remedy?: string };

/** The model's one entity of it, key "kernel". */
export interface KernelEntity {
  /** Reading the ruleset, and changing our own table, `inet sluice`. */
  readonly read: Usable;
  readonly change: Usable;
  /** Connections as the kernel tracks them (package `conntrack`). */
  readonly conntrack: Usable;
  /** Bytes and packets of each tracked connection (sysctl net.netfilter.nf_conntrack_acct). */
  readonly accounting: Usable;
  /** Our own table. `failed`: what it should hold could not be put in force; what it held before is there still. */
  readonly table: { readonly state: 'none' | 'in-force' | 'failed'; readonly text?: string };
}

/** Addresses whose packets are dropped. */
export interface BlockEntity {
  /** The model's key: "192.0.2.7", "198.51.100.0/24", "2001:db8::/32"; lower case, host bits zero, no /32 or /128. */
  readonly address: string;
  /** Safe, one line; "" where nobody said. */
  readonly why: string;
  readonly by: string;
  /** Wall clock. */
  readonly at: number;
  /** Wall clock at which it ends by itself; undefined: when it is unblocked. */
  readonly until?: number;
  /** Wall clock by which somebody must confirm it; else it takes itself back. The kernel itself lets it go then. */
  readonly confirmBy?: number;
}

/** One of the endpoints behind a server that is a service. */
export interface EndpointEntity {
  /** "10.1.0.5:8080", "[fd00::5]:8080". */
  readonly address: string;
  readonly weight: number;
  /** `drain`: no new connections; those it has stay. */
  readonly admin: 'ready' | 'drain';
  readonly configuredAdmin: 'ready' | 'drain';
  /** Who wished it; undefined where it is the configuration's own. */
  readonly adminBy?: string;
}

/** Of a server with `service`: is its address translated to its endpoints by our table? */
export interface ServiceEntity {
  readonly pick: 'random' | 'hash';
  readonly endpoints: readonly EndpointEntity[];
  readonly inForce: Usable;
}

/** Of a bind with `path: kernel`: who carries its clients now. */
export interface BindPathEntity {
  /** `none`: nobody; new clients are refused. */
  readonly by: 'kernel' | 'relay' | 'none';
  /** Where it is not the kernel: why not. One safe line. */
  readonly why?: string;
}

/** Sent with samples on topic `kernel`. Rates per second; `null` is "not known". */
export interface KernelSample {
  readonly endpoints: readonly EndpointRates[];
  readonly blocks: readonly BlockRates[];
  /** What the proxy counted, and what the kernel counted, since the same moment. */
  readonly compared: readonly Compared[];
  readonly comparedSince: number | null;
}

export interface EndpointRates {
  readonly server: ServerKey;
  readonly endpoint: string;
  /** Tracked by the kernel now. */
  readonly connections: number | null;
  readonly newConnections: number | null;
  /** Since the counter was made. */
  readonly totalConnections: number | null;
}

export interface BlockRates {
  readonly address: string;
  readonly packets: number | null;
  readonly bytes: number | null;
  readonly packetRate: number | null;
}

export interface Compared {
  readonly kind: 'bind' | 'shard' | 'instance' | 'server';
  readonly name: string;
  readonly proxy: ComparedCounts | null;
  readonly kernel: (ComparedCounts & { readonly packetsIn: number; readonly packetsOut: number }) | null;
  /** Why one side has no figures. */
  readonly why?: string;
}

/** Towards the client's counterpart (in) and back (out). The kernel's bytes hold the heads of its packets, too. */
export interface ComparedCounts {
  readonly connections: number | null;
  readonly bytesIn: number | null;
  readonly bytesOut: number | null;
}

/** A window of the ruleset as a tree of rows. */
export interface RulesetQuery {
  /** Words, each of which a row (with the names above it, and its explanation) must contain; "" matches all. */
  readonly filter: string;
  /** `traffic`: rules of a chain by packets per second, chains and tables in kernel order. */
  readonly order: 'kernel' | 'traffic';
  /** Keys of tables and chains whose rows are hidden. */
  readonly folded: readonly string[];
  readonly offset: number;
  readonly limit: number;
}

export interface RulesetRow {
  /** Stable while the object lives: "inet sluice", "inet sluice input", "inet sluice input 12" (its handle). */
  readonly key: string;
  readonly kind: 'table' | 'chain' | 'rule' | 'set' | 'map' | 'counter' | 'other';
  /** 0 for tables. */
  readonly depth: 0 | 1 | 2;
  /** In our own table. */
  readonly ours: boolean;
  /** As nft writes it, one safe line: "ip saddr @blocked drop"; of a chain its name; of a table "inet sluice". */
  readonly text: string;
  /** Of a base chain: "filter, hook input, priority -10, policy accept"; of a set: "ipv4_addr, 3 elements, next leaves in 12 min". */
  readonly about?: string;
  /** What its counter counts: of a nat chain only the first packet of each connection comes by. `none`: it has no counter. */
  readonly counts: 'packets' | 'connections' | 'none';
  readonly packets?: number;
  readonly bytes?: number;
  /** Per second; null where it is not known yet, or was reset just now. */
  readonly packetRate?: number | null;
  readonly byteRate?: number | null;
  /** In plain English, safe lines. */
  readonly explanation: readonly string[];
  /** False where a part of it is shown as nft writes it, since we cannot explain it. */
  readonly understood: boolean;
  /** Rows below it; of what is folded, too. */
  readonly children: number;
}

export interface RulesetWindow {
  readonly query: RulesetQuery;
  /** Wall clock of the reading. */
  readonly at: number;
  /** Rules in the ruleset; rows that match and are not folded away. */
  readonly rules: number;
  readonly total: number;
  readonly rows: readonly RulesetRow[];
  /** Of all rules: what a bar is drawn against. */
  readonly mostPacketRate: number;
  /** Why there is nothing, or why what is shown is old. One safe line. */
  readonly fault?: string;
  readonly remedy?: string;
}

/** Beyond the proxy: how the kernel takes a connection on to a container. */
export interface KernelHop {
  /** Where the packets were sent: the server's address. */
  readonly to: string;
  /** Where they arrive; undefined where nothing translates it. */
  readonly endpoint?: string;
  /** "inet sluice service_web_app1": table and chain of the rule that decided; undefined where it is not known. */
  readonly rule?: string;
  /** In plain English: "kube-proxy: Service shop/web, port http → one of 3 endpoints". Safe. */
  readonly text: string;
}
