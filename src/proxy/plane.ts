// What a client session, HTTP or TCP, may ask of the data plane that carries it. Implemented by DataPlane.

import type { Socket } from 'node:net';
import type { Termination } from '../domain/tls.ts';
import type { BackendRuntime } from './backend-runtime.ts';
import type { BindRuntime } from './bind-runtime.ts';
import type { LiveConnection } from './live-connection.ts';
import type { ServerRuntime } from './server-runtime.ts';
import type { Timers } from './timers.ts';
import type { CertificateStore } from './tls/certificate-store.ts';
import type { ServerProfiles } from './tls/server-profiles.ts';

/** Called at the end of each stream, with the connection's fields of that stream filled in; they are reused afterwards. */
export type StreamEndHook = (
  connection: LiveConnection,
  backend: BackendRuntime | undefined,
  server: ServerRuntime | undefined,
) => void;

export interface Plane {
  readonly timers: Timers;
  /** TLS modes in force, by route. Another map after each change: who keeps one keeps the modes of its handshake. */
  readonly terminations: ReadonlyMap<string, Termination>;
  /** Certificates for clients, by name. */
  readonly certificates: CertificateStore;
  /** How servers are spoken to over TLS. */
  readonly serverProfiles: ServerProfiles;
  /** Wall clock, milliseconds since 1970. */
  wall(): number;
  /** Client connections open on all binds (HAProxy's actconn). */
  readonly openConnections: number;
  /** True once the plane is told to stop: answer with `Connection: close`. */
  readonly stopping: boolean;
  /**
   * A client connection just accepted: numbered, entered in the connection table, counted on its bind.
   * `kill` ends it at once (termination K…), `retire` takes no further request: closes now when idle, else after the
   * stream under way. Both may be called at any time until `end`.
   */
  begin(socket: Socket, bind: BindRuntime, kill: () => void, retire: () => void): LiveConnection;
  /** Calls `onStreamEnd`, where somebody listens, with the newest stream's fields of the connection. */
  streamEnded(
    connection: LiveConnection,
    backend: BackendRuntime | undefined,
    server: ServerRuntime | undefined,
  ): void;
  /** The client connection is gone (exactly once, after its last stream's end). */
  end(connection: LiveConnection, bind: BindRuntime): void;
  /** Set by who writes the log and the tails; undefined while there is neither. */
  onStreamEnd: StreamEndHook | undefined;
}

/** A connection whose TLS was ended here: what the HTTP session on it takes over. */
export interface TlsEntrance {
  /** Begun, its handshake complete; `kill` and `retire` are the HTTP session's from now on. */
  readonly live: LiveConnection;
  /** The modes of its handshake: a route that was switched since is served as it was then. */
  readonly terminations: ReadonlyMap<string, Termination>;
  /** Verified against the bind's client CA. */
  readonly clientCertificate?: ClientCertificate;
}

export interface ClientCertificate {
  /** RFC 4514 text: "CN=anna,O=example". Raw. */
  readonly subject: string;
  readonly issuer: string;
  readonly commonName: string;
  /** SHA-256, hex. */
  readonly fingerprint: string;
}

/** Takes over an accepted socket: allowHalfOpen, noDelay, nothing read yet, no listeners. */
export type Serve = (socket: Socket, bind: BindRuntime, plane: Plane) => void;

/** The same; over TLS that was ended here where there is an entrance: then `socket` is the TLSSocket. */
export type ServeHttp = (socket: Socket, bind: BindRuntime, plane: Plane, entrance?: TlsEntrance) => void;
