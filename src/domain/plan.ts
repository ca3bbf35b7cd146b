// The plan: a configuration, validated and resolved. Immutable, plain JSON, named by its hash.
// Every default is filled in, so whoever reads a plan never asks what a missing field means.

import type { Ipv6Prefix } from './maglev.ts';
import type { LabelSelector, Labels } from './selector.ts';
import type { AdminState } from './server-state.ts';
import type { BackendTls, BindTls, CertificateFiles, RouteTls } from './tls.ts';

/** Milliseconds. Zero means "no limit" only where a field says so. */
export type Milliseconds = number;

/** Where something listens or is reached. A host of "::" or "0.0.0.0" is the wildcard address. */
export type Address =
  | { readonly kind: 'ip'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string };

export interface Plan {
  /** First 12 hex digits of the SHA-256 of the resolved configuration: equal plans have equal hashes. */
  readonly hash: string;
  readonly runtime: RuntimeSettings;
  /** Served by SNI on binds of mode tls; the first is the default, for a client whose name none of them has. */
  readonly certificates: readonly CertificateFiles[];
  readonly shards: readonly Shard[];
  /** Those with labels; others have none. */
  readonly namespaces: readonly Namespace[];
  readonly routes: readonly Route[];
  readonly backends: readonly Backend[];
}

export interface RuntimeSettings {
  readonly name: string;
  readonly control: readonly ControlListen[];
  /** Where overrides and running drain jobs outlive a restart; undefined keeps them in memory only. */
  readonly stateFile?: string;
  /** Append-only record of every act, one JSON document a line; undefined keeps the newest in memory only. */
  readonly journalFile?: string;
  readonly accessLog?: AccessLog;
  /** Absolute path of a folder of Kubernetes YAML, whose routes and servers are served beside the configuration's, live. */
  readonly watch?: string;
  readonly nft: NftSettings;
  /** How long instances may finish what they carry when the runtime is told to stop. */
  readonly grace: Milliseconds;
}

/** What our own table, `inet sluice`, holds beyond what steering, services and kernel paths need. */
export interface NftSettings {
  /** Named counters for binds, shards, instances and servers. */
  readonly counters: boolean;
  /** `stay`: the table outlives a clean exit. */
  readonly atExit: 'remove' | 'stay';
}

export interface ControlListen {
  readonly address: Address;
  /** wss:// where given; without it the address must be a unix socket or loopback. */
  readonly tls?: { readonly cert: string; readonly key: string; readonly clientCa?: string };
  /** File of hashed bearer tokens; without it whoever can connect is an operator. */
  readonly tokens?: string;
  /** Exact `Origin` values a browser may come from; none by default. */
  readonly origins: readonly string[];
}

export interface AccessLog {
  /** A path, or "-" for standard output. Reopened on SIGUSR1. */
  readonly path: string;
  /** `haproxy`: option httplog / tcplog (HAProxy 2.6 manual, 8.2.2 and 8.2.3). `json`: one document a line. */
  readonly format: 'haproxy' | 'json';
}

/** An ingress controller: its own binds, serving the routes it selects and admits (admission.ts). */
export interface Shard {
  readonly name: string;
  readonly domain?: string;
  /** Data-plane processes, "NAME/1" … "NAME/N". */
  readonly instances: number;
  /** Labels of routes, and of their namespaces: both must match (OpenShift IngressController). Undefined selects all. */
  readonly routeSelector?: LabelSelector;
  readonly namespaceSelector?: LabelSelector;
  /** Of what its selectors take it serves what no other shard's selectors take. At most one shard of a plan. */
  readonly isDefault: boolean;
  readonly routeAdmission: RouteAdmission;
  readonly steering: Steering;
  readonly binds: readonly Bind[];
}

/** OpenShift IngressController `spec.routeAdmission`. */
export interface RouteAdmission {
  readonly wildcardPolicy: 'WildcardsAllowed' | 'WildcardsDisallowed';
  /** `Strict`: the namespace of its oldest route owns a host. */
  readonly namespaceOwnership: 'Strict' | 'InterNamespaceAllowed';
}

/** How a client finds its instance, where there are several. */
export interface Steering {
  /**
   * `handoff`: the acceptor accepts, and hands the socket over. `nft`: the kernel sends a client to the private port of its
   * instance; wherever that is not in force, clients are handed over.
   */
  readonly by: 'handoff' | 'nft';
  /** Slots of the table (maglev.ts): a prime. */
  readonly tableSize: number;
  readonly ipv6Prefix: Ipv6Prefix;
}

export interface Namespace {
  readonly name: string;
  readonly labels: Labels;
}

/** What is relayed: bytes, or requests (HAProxy `mode`). */
export type Mode = 'tcp' | 'http';
/** `tls` reads the ClientHello, and decides for each route what is relayed. */
export type BindMode = Mode | 'tls';

export interface Bind {
  /** As the operator wrote the address, or the `name` given; unique in the plan. The log's frontend name. */
  readonly name: string;
  readonly address: Address;
  readonly mode: BindMode;
  /** mode tcp: where every connection goes. mode http and tls: where no route matches; undefined answers 503. */
  readonly backend?: string;
  /** Client connections held at once; one more is closed at once, and counted as a request error of the bind. */
  readonly maxConnections: number;
  readonly timeouts: Pick<Timeouts, 'client' | 'request' | 'keepAlive'>;
  /** Request head limit in bytes; a larger one is answered 431 (request line alone: 414). */
  readonly maxHeadBytes: number;
  /** Request body limit in bytes, 0 for none; a larger one is answered 413. */
  readonly maxBodyBytes: number;
  /** Adds X-Forwarded-For, -Proto, -Host, -Port, after removing those a client sent unless it is trusted. */
  readonly forwardedHeaders: 'append' | 'replace' | 'never';
  /** Of mode tls, and of that alone. */
  readonly tls?: BindTls;
  /** Of mode tcp alone: its clients are sent on by the kernel, not relayed by a process. */
  readonly kernelPath?: KernelPath;
}

/** `path: kernel`: nftables translates the bind's address to that of a server, chosen as its backend's `balance` says. */
export interface KernelPath {
  /** Servers see this machine's address as their client: for servers whose way back does not lead through it. */
  readonly masquerade: boolean;
  /** While it cannot be: `relay` in user space, or nobody serves (`none`). */
  readonly fallback: 'relay' | 'none';
}

export interface Timeouts {
  /** To a server: TCP connection established. */
  readonly connect: Milliseconds;
  /** Client silent while it should send or read. */
  readonly client: Milliseconds;
  /** Server silent while it should send or read. */
  readonly server: Milliseconds;
  /** From the first byte of a request (or the accept) to the end of its head: slowloris limit. */
  readonly request: Milliseconds;
  /** Client connection idle between two requests. */
  readonly keepAlive: Milliseconds;
  /** Waiting for a free place on a server. */
  readonly queue: Milliseconds;
  /** Upgraded or TCP connection silent in both directions. */
  readonly tunnel: Milliseconds;
}

export interface Route {
  readonly name: string;
  /** Owns hosts; "default" where none is written. */
  readonly namespace: string;
  readonly labels: Labels;
  /** Wall clock; older routes win a host. Undefined is older than any: then the order of the configuration decides. */
  readonly createdAt?: number;
  /** Decides between two created in the same second. */
  readonly uid?: string;
  /** Lower case, without port; "*.example.com" matches one or more labels; undefined matches every host. */
  readonly host?: string;
  /** Matches whole segments: "/a" matches "/a", "/a/b" and "/a?q", not "/ab". "/" matches all. */
  readonly path: string;
  /** Without it the route is served on binds of mode http alone; with it on those of mode tls (see insecureEdgeTerminationPolicy). */
  readonly tls?: RouteTls;
  readonly to: readonly WeightedBackend[];
}

export interface WeightedBackend {
  readonly backend: string;
  /** 0 to 256; 0 gets nothing. */
  readonly weight: number;
}

export type BalanceAlgorithm = 'roundrobin' | 'leastconn' | 'random' | 'source';

export interface Backend {
  readonly name: string;
  readonly mode: Mode;
  readonly algorithm: BalanceAlgorithm;
  readonly check?: Check;
  readonly timeouts: Pick<Timeouts, 'connect' | 'server' | 'queue' | 'tunnel'>;
  /** Further connection attempts after the first (HAProxy `retries`). */
  readonly retries: number;
  /** The last retry, and a request whose server went away, may go to another server (HAProxy `option redispatch`). */
  readonly redispatch: boolean;
  /** Insert mode: a client is kept on its server by this cookie (HAProxy `cookie NAME insert indirect nocache`). */
  readonly cookie?: { readonly name: string };
  /** Idle server connections kept for reuse, for each server. */
  readonly maxIdleConnections: number;
  /** How its servers are spoken to over TLS; undefined is `verify: required` with the system's authorities. */
  readonly tls?: BackendTls;
  readonly servers: readonly Server[];
}

export interface Server {
  readonly name: string;
  /** Stable over reorderings and reloads: what `source` hashes. Default: derived from the server's name. */
  readonly id: number;
  /** Of a service the service's own, which nobody listens on. */
  readonly address: Address;
  /** Its address is translated by nftables to one of these endpoints, such as containers. */
  readonly service?: Service;
  /** Where it speaks TLS, where that is another port: used by passthrough, reencrypt and checks over TLS. */
  readonly tlsPort?: number;
  /** 0 to 256 (HAProxy `weight`); 0 takes no new clients but keeps cookie clients. */
  readonly weight: number;
  /** Streams on the server at once, 0 for no limit; more wait in the queue. */
  readonly maxConnections: number;
  readonly backup: boolean;
  /** Where no operator wishes otherwise (HAProxy `disabled` is `maint`). */
  readonly admin: AdminState;
}

export interface Service {
  /** `random`: each connection anew. `hash`: by the address and port it comes from, so that each spread is even, and repeatable. */
  readonly pick: 'random' | 'hash';
  readonly endpoints: readonly Endpoint[];
}

export interface Endpoint {
  readonly address: Address & { readonly kind: 'ip' };
  /** 1 to 256. */
  readonly weight: number;
}

export interface Check {
  readonly kind: { readonly type: 'tcp' } | HttpCheck;
  readonly interval: Milliseconds;
  /** While the state is about to change (some but not enough successes or failures). */
  readonly fastInterval: Milliseconds;
  /** While down. */
  readonly downInterval: Milliseconds;
  readonly timeout: Milliseconds;
  /** Consecutive successes to go up. */
  readonly rise: number;
  /** Consecutive failures to go down. */
  readonly fall: number;
  /** Each delay varies by up to this share, 0 to 0.5, so that checks do not beat in step. */
  readonly jitter: number;
  /** Checks another port than the traffic's. */
  readonly port?: number;
  /** Over TLS or not; undefined: as the routes that use the backend speak to its servers now (server-tls.ts). */
  readonly tls?: boolean;
}

export interface HttpCheck {
  readonly type: 'http';
  readonly method: string;
  readonly path: string;
  /** Host header; default: the server's address. */
  readonly host?: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Ranges of good status codes, inclusive. */
  readonly expect: readonly (readonly [from: number, to: number])[];
}

/** "web/app1": how a server is named everywhere a single word is needed. Names hold no "/". */
export type ServerKey = `${string}/${string}`;

export function serverKey(backend: string, server: string): ServerKey {
  return `${backend}/${server}`;
}

export function backendOf(key: ServerKey): string {
  return key.slice(0, key.indexOf('/'));
}
