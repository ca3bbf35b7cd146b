// One request and its answer as counters, rows and the log see them: begun, counted while it moves, ended with its
// letters. Serves a connection's streams one after another.

import type { BackendRuntime } from '../backend-runtime.ts';
import type { BindRuntime, RouteRuntime } from '../bind-runtime.ts';
import type { LiveConnection } from '../live-connection.ts';
import type { Plane } from '../plane.ts';
import type { ServerRuntime } from '../server-runtime.ts';
import type { Exchange } from './exchange.ts';
import type { RequestHead } from './request-head.ts';
import { countAbort, countAnswer, countSent, type StreamPlaces } from './stream-counting.ts';
import { beginStream, type StreamCauses, terminationOf } from './stream-fields.ts';

export class ClientStream implements StreamPlaces {
  route: RouteRuntime | undefined = undefined;
  readonly #live: LiveConnection;
  readonly #bind: BindRuntime;
  readonly #plane: Plane;
  readonly #exchange: Exchange;
  /** A tunnel took over, which counts for itself. */
  #tunnelled = false;

  constructor(live: LiveConnection, bind: BindRuntime, plane: Plane, exchange: Exchange) {
    this.#live = live;
    this.#bind = bind;
    this.#plane = plane;
    this.#exchange = exchange;
  }

  get backend(): BackendRuntime | undefined {
    return this.#exchange.backend;
  }

  get server(): ServerRuntime | undefined {
    return this.#exchange.server;
  }

  /** `headMono`: when the head was complete; -1 where it never was, and only `bytesIn` of it came. */
  begin(head: RequestHead, headMono: number, bytesIn = 0): void {
    this.#bind.traffic.requests += 1;
    this.route = undefined;
    beginStream(this.#live, head, headMono);
    this.#live.streamBytesIn = bytesIn;
  }

  /** It is for this route. */
  routed(route: RouteRuntime | undefined): void {
    this.route = route;
    if (route === undefined) return;
    this.#live.route = route.name;
    route.traffic.total += 1;
  }

  /** The request was not fit to be served. */
  countRefused(): void {
    this.#bind.traffic.requestErrors += 1;
    if (this.route !== undefined) this.route.traffic.requestErrors += 1;
  }

  countSent(length: number): void {
    const live = this.#live;
    live.bytesOut += length;
    live.streamBytesOut += length;
    countSent(this.#bind, this, length);
  }

  countAnswer(): void {
    countAnswer(this.#bind, this, this.#live.status);
  }

  /** Ours, not the server's. */
  countOwnAnswer(): void {
    const { route, backend } = this;
    countAnswer(this.#bind, { route, backend, server: undefined }, this.#live.status);
  }

  tunnelBegins(): void {
    this.#tunnelled = true;
    if (this.route !== undefined) this.route.traffic.bytesIn += this.#live.streamBytesIn;
  }

  end(causes: StreamCauses, now: number = this.#plane.timers.mono()): void {
    const live = this.#live;
    const exchange = this.#exchange;
    live.endMono = now;
    live.termination = terminationOf(causes, exchange.stickiness, exchange.relay.begun);
    if (causes.phase !== 'R' && causes.phase !== 'C' && !this.#tunnelled)
      countAbort(this.#bind, this, causes.who);
    if (this.route !== undefined) this.#countOnRoute(this.route, causes);
    this.#tunnelled = false;
    this.#plane.streamEnded(live, exchange.backend, exchange.server);
    exchange.finish();
  }

  /** What is known of it only now. */
  #countOnRoute({ traffic }: RouteRuntime, { who, phase }: StreamCauses): void {
    const live = this.#live;
    if (!this.#tunnelled) traffic.bytesIn += live.streamBytesIn;
    traffic.retries += live.retries;
    if (live.redispatched) traffic.redispatches += 1;
    if (phase === 'C' && (who === 'S' || who === 's')) traffic.connectErrors += 1;
  }
}
