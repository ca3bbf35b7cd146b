// One client connection on a bind, and the stream inside it, as rows that can be filtered, sorted, shown and logged.

import type { KernelHop } from './kernel.ts';
import type { Milliseconds, Mode, ServerKey } from './plan.ts';
import type { TerminationState } from './termination.ts';
import type { ClientTlsFacts, ServerTlsFacts, Termination } from './tls.ts';

/**
 *   head → queue → connect → wait → data → (idle → head …)        HTTP
 *          queue → connect → tunnel                               TCP, and HTTP after an upgrade
 *   handshake → one of the two                                    on a bind of mode tls
 * `ended` rows stay for some seconds with their termination state.
 */
export type ConnectionPhase =
  | 'handshake'
  | 'head'
  | 'queue'
  | 'connect'
  | 'wait'
  | 'data'
  | 'tunnel'
  | 'idle'
  | 'ended';

export interface ConnectionRow {
  /** Unique over instances and restarts: "<instance>-<base36 counter>". */
  readonly id: string;
  /** "10.2.0.7:51811", "[2001:db8::7]:61002", "unix:". */
  readonly client: string;
  readonly bind: string;
  /** "default/2": who carries it. */
  readonly instance: string;
  /** What is relayed; on a bind of mode tls `tcp` until it is known. */
  readonly mode: Mode;
  readonly route?: string;
  readonly backend?: string;
  readonly server?: ServerKey;
  /** The mode it is carried in since its handshake, whatever the route's is now. */
  readonly tls?: Termination;
  /** Raw: pass through `safe()` before showing. */
  readonly sni?: string;
  readonly phase: ConnectionPhase;
  /** Since the accept. */
  readonly ageMs: Milliseconds;
  /** Since the last byte in either direction. */
  readonly idleMs: Milliseconds;
  /** Client → server, and server → client, bytes since the accept. */
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Bytes per second over the last sample, both directions. */
  readonly rate: number;
  /** Requests begun on this connection; 1 for TCP. */
  readonly requests: number;
  /** The stream's request line parts, raw: pass through `safe()` before showing. HTTP only. */
  readonly method?: string;
  readonly host?: string;
  readonly path?: string;
  readonly status?: number;
  readonly termination?: TerminationState;
  /** Sent on by the kernel (`path: kernel`): no process carries it, and what only a process sees is not known. */
  readonly kernel?: true;
  /** …and it counts no bytes, so that those above are not known (KernelEntity.accounting says why). */
  readonly uncounted?: true;
}

/** What happened on a connection's newest stream, with times since the accept: the ladder's raw material. */
export interface ConnectionDetail extends ConnectionRow {
  readonly acceptedAt: number;
  readonly serverAddress?: string;
  /** Of the connection to the server: our end of it, "10.0.0.1:40312". */
  readonly localAddress?: string;
  /** Where the kernel takes it beyond the server's address. */
  readonly hop?: KernelHop;
  readonly clientTls?: ClientTlsFacts;
  readonly serverTls?: ServerTlsFacts;
  readonly steps: readonly ConnectionStep[];
  readonly timers: StreamTimers;
}

export interface ConnectionStep {
  readonly what:
    | 'accept'
    /** client → Sluice: what it asked for (SNI, ALPN, versions). */
    | 'client-hello'
    /** client ⇄ Sluice: the handshake is complete (version, cipher, resumed); or it failed, and why. */
    | 'handshake'
    | 'handshake-failed'
    | 'request'
    | 'queue'
    | 'connect'
    | 'pooled'
    /** Sluice ⇄ server. */
    | 'server-handshake'
    | 'server-handshake-failed'
    | 'retry'
    /** passthrough: server → client, seen going by. */
    | 'server-hello'
    | 'response'
    | 'upgrade'
    /** Who sent it is in `by`. */
    | 'fin'
    | 'reset'
    | 'end';
  /** Of `fin` and `reset`. */
  readonly by?: 'client' | 'sluice' | 'server';
  readonly atMs: Milliseconds;
  /** One line, raw: pass through `safe()` before showing. */
  readonly text: string;
}

/** HAProxy's timers (2.6 manual, 8.4); -1 where the phase was never finished. */
export interface StreamTimers {
  readonly TR: Milliseconds;
  readonly Tw: Milliseconds;
  readonly Tc: Milliseconds;
  readonly Tr: Milliseconds;
  /** Ta for HTTP, Tt for TCP. */
  readonly Ta: Milliseconds;
}

/** One ended stream: what the access log prints and `sluice tail` streams. */
export interface StreamRecord {
  readonly connection: string;
  readonly mode: Mode;
  /** Wall clock of the accept (TCP) or of the request's first byte (HTTP), milliseconds since 1970. */
  readonly at: number;
  readonly client: string;
  readonly bind: string;
  readonly instance: string;
  readonly route?: string;
  readonly backend?: string;
  readonly server?: ServerKey;
  readonly timers: StreamTimers;
  readonly status?: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly termination: TerminationState;
  /** Why it came to nothing, where the letters do not tell: "no certificate for api.example.com". Raw. */
  readonly cause?: string;
  readonly tls?: Termination;
  /** Raw. */
  readonly sni?: string;
  /** With us; undefined where it was not completed, or is passed through. */
  readonly handshake?: { readonly version: string; readonly cipher: string; readonly resumed: boolean };
  /** HAProxy's actconn/feconn/beconn/srv_conn/retries. */
  readonly connections: readonly [process: number, bind: number, backend: number, server: number];
  readonly retries: number;
  readonly redispatched: boolean;
  /** Place in the server's and the backend's queue when it was queued; 0 for none. */
  readonly queue: readonly [server: number, backend: number];
  /** Raw: pass through `safe()` before showing. */
  readonly method?: string;
  readonly host?: string;
  readonly path?: string;
  readonly version?: string;
}

/** Order of a connection table. */
export interface ConnectionOrder {
  readonly by: 'age' | 'idle' | 'bytesIn' | 'bytesOut' | 'rate' | 'requests' | 'client' | 'server' | 'phase';
  readonly descending: boolean;
}
