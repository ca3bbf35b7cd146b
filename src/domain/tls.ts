// TLS in a plan and on a connection: how a route carries HTTPS, which files it needs, and what a handshake came to.

import type { Milliseconds } from './plan.ts';

/**
 * How a route carries HTTPS (OpenShift Route, `spec.tls.termination`). Screens say "TLS mode".
 *   passthrough  client ══════════ TLS ══════════ server      bytes untouched
 *   edge         client ═══ TLS ═══ Sluice ─── plain ─── server
 *   reencrypt    client ═══ TLS ═══ Sluice ═══ TLS ═══ server
 */
export type Termination = 'passthrough' | 'edge' | 'reencrypt';
export const terminations: readonly Termination[] = ['passthrough', 'edge', 'reencrypt'];

/** What becomes of plain HTTP for a host that has TLS. `Allow` is not to be had with passthrough. */
export type InsecurePolicy = 'None' | 'Allow' | 'Redirect';

export interface RouteTls {
  /** The configuration's own; what is in force may be another (RouteWish). */
  readonly termination: Termination;
  readonly insecureEdgeTerminationPolicy: InsecurePolicy;
  /** Served for its host before those of the plan. */
  readonly certificate?: CertificateFiles;
  /** Absolute path: the authority of its servers' certificates, instead of the backend's `ca`. */
  readonly destinationCACertificate?: string;
  /** Value of Strict-Transport-Security (RFC 6797 6.1), added to answers over TLS that we terminate. */
  readonly hsts?: string;
}

/** Absolute paths of PEM files; `ocsp` is a DER response (RFC 6960). */
export interface CertificateFiles {
  /** The chain, leaf first. May hold the key as well, as HAProxy's files do: then `key` is the same path. */
  readonly cert: string;
  readonly key: string;
  readonly ocsp?: string;
}

export interface BindTls {
  readonly minVersion: TlsVersion;
  /** Undefined: clients are not asked for a certificate. */
  readonly clientTLS?: ClientTls;
}

/** Certificates of clients (OpenShift IngressController, `spec.clientTLS`). */
export interface ClientTls {
  readonly clientCertificatePolicy: 'Optional' | 'Required';
  /** Absolute path: PEM bundle of the authorities. */
  readonly clientCA: string;
}

/** Node's names of them. */
export type TlsVersion = 'TLSv1.2' | 'TLSv1.3';

export interface BackendTls {
  /** `none` must be written out, and is shown as a warning everywhere. */
  readonly verify: 'required' | 'none';
  /** Absolute path: PEM bundle; undefined: the system's authorities. */
  readonly ca?: string;
  /** SNI, and the name that its certificate must have. Undefined: the route's host, else the server's address. */
  readonly serverName?: string;
  /** What we show to servers that ask for a client certificate. */
  readonly certificate?: Pick<CertificateFiles, 'cert' | 'key'>;
}

/** What the data plane must know of one route beyond its plan: the TLS mode in force. */
export interface RouteWish {
  readonly route: string;
  readonly termination: Termination;
}

/** The contents of every file that a plan's TLS names, read once, so that every instance has the same. */
export interface TlsMaterial {
  readonly files: readonly TlsFile[];
  /** What session ticket keys are derived from (ticket-keys.ts): 32 bytes in base64, of the epoch named. */
  readonly tickets: { readonly secret: string; readonly epoch: number };
}

export interface TlsFile {
  readonly path: string;
  /** base64 of its bytes. Never logged, never in a reply of the control protocol. */
  readonly content: string;
}

/** What a ClientHello and the handshake after it told of a connection. All of it is the client's word: raw. */
export interface ClientTlsFacts {
  /** The mode that the connection is carried in; undefined until it is decided, and where it never was. */
  readonly termination?: Termination;
  readonly sni?: string;
  /** Offered, in the client's order. */
  readonly alpnOffered: readonly string[];
  /** Offered: "TLSv1.3", "TLSv1.2", …, newest first; GREASE left out. */
  readonly versionsOffered: readonly string[];
  /** Of the handshake with us; of passthrough what the ServerHello says, where it was seen. */
  readonly version?: string;
  readonly cipher?: string;
  readonly alpn?: string;
  readonly resumed?: boolean;
  /** Subject of the client's certificate, verified. */
  readonly clientSubject?: string;
}

/** Of the connection to a server that carries the newest stream. */
export interface ServerTlsFacts {
  readonly version: string;
  readonly cipher: string;
  readonly resumed: boolean;
  /** What was asked for and must match; undefined where none was. */
  readonly serverName?: string;
  readonly verified: boolean;
  /** Time that the handshake took; 0 where the connection was a kept one. */
  readonly handshakeMs: Milliseconds;
}
