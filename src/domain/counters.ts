// What is counted, for whom. Counters only grow while a process lives; gauges are the present.
// A reader takes rates from two readings of the same `life` and never shows a rate across two lives.

import type { ServerKey } from './plan.ts';
import type { Termination } from './tls.ts';

export interface TrafficCounters {
  /** Connections accepted (bind), streams sent (backend, server). */
  total: number;
  /** Requests completed by status class; index 0 is 1xx … 4 is 5xx. HTTP only. */
  status: [number, number, number, number, number];
  bytesIn: number;
  bytesOut: number;
  /** Client aborts and server aborts. */
  clientAborts: number;
  serverAborts: number;
  /** Requests denied or malformed (bind); connection attempts failed, retried, redispatched (backend, server). */
  requestErrors: number;
  connectErrors: number;
  retries: number;
  redispatches: number;
}

export interface BindSample extends TrafficCounters {
  readonly name: string;
  /** Client connections open now; of them idle between two requests. */
  connections: number;
  idle: number;
  requests: number;
  /** Mode tls: connections open now whose handshake with us, or through us, was begun. */
  tlsConnections: number;
  /** Handshakes with us that were completed; of them resumed ones; and those that failed, and unusable ClientHellos. */
  handshakes: number;
  resumed: number;
  handshakeFailures: number;
}

/** Traffic of a route on all binds. `total` counts requests, and connections passed through. */
export interface RouteSample extends TrafficCounters {
  readonly name: string;
  /** Client connections of mode tls open now, by the mode they came in. */
  open: Record<Termination, number>;
  /** With us, for its host. */
  handshakes: number;
  resumed: number;
  /** With us; or, passed through, ended by an alert or without one before the server's part of it was there. */
  handshakeFailures: number;
  /** Of them passed through: those count in `total` as well. */
  passedHandshakeFailures: number;
  /** Of them as a switch is judged by: a client that only fails counts once in some seconds. */
  failingClients: number;
  /** Passed through, the server's part of it seen. */
  passedHandshakes: number;
  /** With its servers (reencrypt). */
  serverHandshakeFailures: number;
}

export interface ServerSample extends TrafficCounters {
  readonly key: ServerKey;
  /** Streams on the server now (an HTTP request in flight, a tunnel, a TCP connection). */
  streams: number;
  /** Of `streams`: tunnels and TCP connections, which end only when a peer ends them. */
  tunnels: number;
  /** Pooled server connections without a stream. */
  idle: number;
  /** Idle client connections whose cookie names this server: they can send another request to it. */
  sticky: number;
  queued: number;
  /** Wall clock of the last stream sent there; 0 for never. */
  lastArrivalAt: number;
  /** Time from sending a request to the last byte of its answer (TCP: connect time), microseconds; see latency.ts. */
  latency: LatencyDelta;
}

export interface BackendSample extends TrafficCounters {
  readonly name: string;
  /** Streams waiting, for any server or for their own. */
  queued: number;
  streams: number;
  latency: LatencyDelta;
}

/** What was recorded since the sample before: [bucket, count, bucket, count, …] of latency.ts. */
export type LatencyDelta = readonly number[];

export interface EngineSample {
  /** Wall clock. */
  readonly at: number;
  /**
   * Changes whenever counters do not go on from the sample before: an instance was adopted with what it counted, say. What
   * an instance counted stays in the sums when it is gone, so one that is replaced by another is no reason.
   */
  readonly life: string;
  readonly binds: readonly BindSample[];
  readonly backends: readonly BackendSample[];
  readonly servers: readonly ServerSample[];
  readonly routes: readonly RouteSample[];
  /** All instances' together. */
  readonly process: ProcessSample;
  /** Each of them, in every sample. */
  readonly instances: readonly InstanceSample[];
}

export interface InstanceSample extends ProcessSample {
  /** As InstanceEntity.id. */
  readonly id: string;
  readonly shard: string;
  /** Of its process. */
  readonly life: string;
  readonly connections: number;
  /** Different client addresses among them. */
  readonly clients: number;
  /** Since it began. */
  readonly newConnections: number;
  readonly requests: number;
}

export interface ProcessSample {
  /** CPU microseconds used, user + system, since the process began. */
  readonly cpuUs: number;
  readonly rssBytes: number;
  /** Worst delay of the event loop since the sample before, milliseconds. */
  readonly loopDelayMs: number;
  /** Lines the access log could not keep up with. */
  readonly logDropped: number;
}
