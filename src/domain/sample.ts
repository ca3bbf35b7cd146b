// Traffic over a short window, as a console shows it. `null` is "not known", which is not zero.

import type { KernelSample } from './kernel.ts';
import type { Milliseconds, ServerKey } from './plan.ts';
import type { Termination } from './tls.ts';

/** What a console asks to be sent. */
export type SampleTopic = 'totals' | 'binds' | 'backends' | 'servers' | 'routes' | 'instances' | 'kernel';

export interface Sample {
  /** Wall clock of the window's end. */
  readonly at: number;
  readonly windowMs: Milliseconds;
  readonly totals?: TotalsSample;
  readonly binds?: readonly BindRates[];
  readonly backends?: readonly BackendRates[];
  readonly servers?: readonly ServerRates[];
  readonly routes?: readonly RouteRates[];
  readonly instances?: readonly InstanceRates[];
  readonly kernel?: KernelSample;
}

/** Per second over the window, but for the present-tense gauges. Latencies in microseconds over the last ten seconds. */
export interface TotalsSample {
  readonly connections: number;
  readonly idle: number;
  readonly maxConnections: number;
  /** Requests and TCP streams that wait for a place at a server, in all backends. */
  readonly queued: number;
  readonly newConnections: number | null;
  readonly requests: number | null;
  /** Answers by class, 1xx … 5xx. */
  readonly status: readonly [number, number, number, number, number] | null;
  readonly bytesIn: number | null;
  readonly bytesOut: number | null;
  readonly retries: number | null;
  readonly requestErrors: number | null;
  /** Of `connections`: over TLS, ended here or passed through. */
  readonly tlsConnections: number;
  /** Completed with us; of them resumed ones; failed ones. */
  readonly handshakes: number | null;
  readonly resumed: number | null;
  readonly handshakeFailures: number | null;
  readonly latency: LatencySample | null;
  /** `cpu` is a share of one core: 1 is all of it. */
  readonly process: { readonly cpu: number; readonly rssBytes: number; readonly loopDelayMs: number } | null;
}

export interface LatencySample {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
}

export interface BindRates {
  readonly name: string;
  readonly connections: number;
  readonly newConnections: number | null;
  readonly requests: number | null;
  readonly bytesIn: number | null;
  readonly bytesOut: number | null;
}

export interface BackendRates {
  readonly name: string;
  readonly streams: number;
  readonly queued: number;
  readonly requests: number | null;
  readonly errors: number | null;
  readonly status: readonly [number, number, number, number, number] | null;
  readonly bytesIn: number | null;
  readonly bytesOut: number | null;
  readonly latency: LatencySample | null;
}

export interface ServerRates {
  readonly key: ServerKey;
  readonly streams: number;
  readonly tunnels: number;
  readonly idle: number;
  readonly sticky: number;
  readonly queued: number;
  readonly requests: number | null;
  readonly errors: number | null;
  readonly bytesIn: number | null;
  readonly bytesOut: number | null;
  readonly latency: LatencySample | null;
}

export interface RouteRates {
  readonly name: string;
  /** Open client connections over TLS, by the mode they came in. */
  readonly open: Readonly<Record<Termination, number>>;
  /** Requests and connections passed through. */
  readonly requests: number | null;
  /** 5xx answers, connections to servers that failed, and failed handshakes. */
  readonly errors: number | null;
  readonly bytesIn: number | null;
  readonly bytesOut: number | null;
  readonly handshakes: number | null;
  readonly handshakeFailures: number | null;
}

export interface InstanceRates {
  /** As InstanceEntity.id; of a leaving one, too. */
  readonly id: string;
  readonly shard: string;
  readonly connections: number;
  /** Different addresses that it carries now. */
  readonly clients: number;
  readonly newConnections: number | null;
  readonly requests: number | null;
  /** A share of one core: 1 is all of it. */
  readonly cpu: number | null;
  readonly rssBytes: number;
  readonly loopDelayMs: number;
}

/** One second of the past, kept by the runtime so that a console's charts start full. Newest last. */
export interface HistoryPoint {
  readonly at: number;
  readonly totals: TotalsSample;
  /** Requests per second of each backend, by name. */
  readonly backends: Readonly<Record<string, number | null>>;
}
