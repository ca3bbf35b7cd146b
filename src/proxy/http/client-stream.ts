// One request and its answer as counters, rows and the log see them: begun, counted while it moves, ended with its
// letters. Serves a connection's streams one after another.

import type { BindRuntime } from '../bind-runtime.ts';
import type { LiveConnection } from '../live-connection.ts';
import type { Plane } from '../plane.ts';
import type { Exchange } from './exchange.ts';
import type { RequestHead } from './request-head.ts';
import { countAbort, countAnswer, countSent } from './stream-counting.ts';
import { beginStream, type StreamCauses, terminationOf } from './stream-fields.ts';

export class ClientStream {
  readonly #live: LiveConnection;
  readonly #bind: BindRuntime;
  readonly #plane: Plane;
  readonly #exchange: Exchange;

  constructor(live: LiveConnection, bind: BindRuntime, plane: Plane, exchange: Exchange) {
    this.#live = live;
    this.#bind = bind;
    this.#plane = plane;
    this.#exchange = exchange;
  }

  /** `headMono`: when the head was complete; -1 where it never was, and only `bytesIn` of it came. */
  begin(head: RequestHead, headMono: number, bytesIn = 0): void {
    this.#bind.traffic.requests += 1;
    beginStream(this.#live, head, headMono);
    this.#live.streamBytesIn = bytesIn;
  }

  /** The request was not fit to be served. */
  countRefused(): void {
    this.#bind.traffic.requestErrors += 1;
  }

  countSent(length: number): void {
    const live = this.#live;
    live.bytesOut += length;
    live.streamBytesOut += length;
    countSent(this.#bind, this.#exchange, length);
  }

  countAnswer(): void {
    countAnswer(this.#bind, this.#exchange, this.#live.status);
  }

  /** Ours, not the server's. */
  countOwnAnswer(): void {
    countAnswer(this.#bind, { backend: this.#exchange.backend, server: undefined }, this.#live.status);
  }

  end(causes: StreamCauses, now: number = this.#plane.timers.mono()): void {
    const live = this.#live;
    const exchange = this.#exchange;
    live.endMono = now;
    live.termination = terminationOf(causes, exchange.stickiness, exchange.relay.begun);
    if (causes.phase !== 'R' && causes.phase !== 'C') countAbort(this.#bind, exchange, causes.who);
    this.#plane.streamEnded(live, exchange.backend, exchange.server);
    exchange.finish();
  }
}
