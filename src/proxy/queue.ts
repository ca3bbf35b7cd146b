// Streams that wait for a place on a server, in order: an intrusive list, so that leaving from the middle costs nothing.

import type { ServerRuntime } from './server-runtime.ts';
import { Timer } from './timers.ts';

/** Why a waiter gets no server: the queue timeout passed, or no server may take it any more. */
export type Refusal = 'timeout' | 'none';

/** Called after `acquire` returned 'queued', never from within it. */
export interface WaiterOwner {
  /** A place is held on `server`: release it once. */
  granted(server: ServerRuntime): void;
  refused(why: Refusal): void;
}

/** One for each client session; used again for each of its streams. */
export class Waiter {
  readonly owner: WaiterOwner;
  /** The client's address without port, as the socket gives it: what `source` hashes. */
  clientHost: string;
  /** The server the client's cookie names, if any. Cleared when that server may not be used. */
  cookieServer: ServerRuntime | undefined = undefined;
  /** The server that just failed this stream: another one is taken where there is one. */
  avoid: ServerRuntime | undefined = undefined;
  /** Places when it was queued, for the log: 0 for none. */
  serverQueuePlace = 0;
  backendQueuePlace = 0;

  // Owned by the queue and the backend.
  clientHash = -1;
  order = 0;
  queue: WaiterQueue | undefined = undefined;
  previous: Waiter | undefined = undefined;
  next: Waiter | undefined = undefined;
  readonly timer: Timer;

  constructor(owner: WaiterOwner, clientHost: string) {
    this.owner = owner;
    this.clientHost = clientHost;
    this.timer = new Timer(() => this.#timedOut());
  }

  /** Before each new stream's first `acquire`. */
  begin(cookieServer: ServerRuntime | undefined): void {
    this.cookieServer = cookieServer;
    this.avoid = undefined;
    this.serverQueuePlace = 0;
    this.backendQueuePlace = 0;
  }

  get queued(): boolean {
    return this.queue !== undefined;
  }

  #timedOut(): void {
    this.queue?.remove(this);
    this.owner.refused('timeout');
  }
}

export class WaiterQueue {
  first: Waiter | undefined = undefined;
  last: Waiter | undefined = undefined;
  length = 0;

  push(waiter: Waiter): void {
    waiter.queue = this;
    waiter.previous = this.last;
    waiter.next = undefined;
    if (this.last === undefined) this.first = waiter;
    else this.last.next = waiter;
    this.last = waiter;
    this.length += 1;
  }

  remove(waiter: Waiter): void {
    if (waiter.queue !== this) return;
    if (waiter.previous === undefined) this.first = waiter.next;
    else waiter.previous.next = waiter.next;
    if (waiter.next === undefined) this.last = waiter.previous;
    else waiter.next.previous = waiter.previous;
    waiter.queue = undefined;
    waiter.previous = undefined;
    waiter.next = undefined;
    this.length -= 1;
  }
}
