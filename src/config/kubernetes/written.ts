// What sluice.yaml would say, as plain objects: what is made of Kubernetes objects, and given to the configuration's own
// schema. Every default that is the same is left out.

import type { LabelSelector, Labels } from '../../domain/selector.ts';
import type { InsecurePolicy, Termination, TlsVersion } from '../../domain/tls.ts';

export interface WrittenNamespace {
  readonly name: string;
  readonly labels: Labels;
}

export interface WrittenCertificate {
  readonly cert: string;
  readonly key?: string;
}

export interface WrittenBind {
  readonly listen: string;
  readonly mode: 'http' | 'tls';
  readonly minVersion?: TlsVersion;
  readonly clientTLS?: {
    readonly clientCertificatePolicy: 'Optional' | 'Required';
    readonly clientCA: string;
  };
  readonly maxConnections?: number;
  readonly timeouts?: { readonly client?: string; readonly request?: string; readonly keepAlive?: string };
  readonly forwardedHeaders: 'append' | 'replace' | 'never';
}

export interface WrittenShard {
  readonly name: string;
  readonly default?: true;
  readonly domain?: string;
  readonly instances?: number;
  readonly routeSelector?: LabelSelector;
  readonly namespaceSelector?: LabelSelector;
  readonly routeAdmission?: {
    readonly wildcardPolicy: 'WildcardsAllowed' | 'WildcardsDisallowed';
    readonly namespaceOwnership: 'Strict' | 'InterNamespaceAllowed';
  };
  readonly binds: readonly WrittenBind[];
}

export interface WrittenRoute {
  /** "NAMESPACE:NAME". */
  readonly name: string;
  readonly namespace: string;
  readonly labels?: Labels;
  /** As the object has it, RFC 3339. */
  readonly created?: string;
  readonly uid?: string;
  readonly host?: string;
  readonly path?: string;
  readonly tls?: WrittenRouteTls;
  readonly to: readonly { readonly backend: string; readonly weight?: number }[];
}

export interface WrittenRouteTls {
  readonly termination: Termination;
  readonly insecureEdgeTerminationPolicy?: InsecurePolicy;
  readonly certificate?: string;
  readonly key?: string;
  readonly destinationCACertificate?: string;
  readonly hsts?: {
    readonly maxAge: string;
    readonly includeSubDomains?: true;
    readonly preload?: true;
  };
}

export interface WrittenBackend {
  /** "NAMESPACE:ROUTE", or "NAMESPACE:ROUTE:SERVICE" where the route has several. */
  readonly name: string;
  readonly mode: 'http' | 'tcp';
  readonly balance: { readonly algorithm: 'roundrobin' | 'leastconn' | 'random' | 'source' };
  readonly check?: { readonly tcp: Record<string, never>; readonly interval: string };
  readonly timeouts?: { readonly server?: string; readonly tunnel?: string };
  readonly cookie?: { readonly name: string };
  readonly tls?: { readonly serverName: string };
  readonly servers: readonly WrittenServer[];
}

export interface WrittenServer {
  readonly name: string;
  readonly address: string;
  readonly maxConnections?: number;
}

/** Only what the objects say: no runtime, no timeouts. */
export interface WrittenConfiguration {
  readonly certificates: readonly WrittenCertificate[];
  readonly namespaces: readonly WrittenNamespace[];
  readonly shards: readonly WrittenShard[];
  readonly routes: readonly WrittenRoute[];
  readonly backends: readonly WrittenBackend[];
}
