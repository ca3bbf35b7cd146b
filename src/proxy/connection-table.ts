// The client connections a data plane holds, and for some seconds those that just ended.
// Adding and ending cost a map entry each; everything that looks at the table is in connection-view.ts.

import type { LiveConnection } from './live-connection.ts';

export interface ConnectionTableLimits {
  /** How long the row of an ended connection stays. */
  readonly keepEndedMs: number;
  /** How many of them at most: under a storm of short connections the oldest go first. */
  readonly keepEnded: number;
}

const defaultLimits: ConnectionTableLimits = { keepEndedMs: 5_000, keepEnded: 1_000 };

/** What `kill` becomes at the end: it must not keep the session and its sockets alive while the row stays. */
function alreadyEnded(): void {}

export class ConnectionTable {
  readonly #open = new Map<number, LiveConnection>();
  /** A ring: the newest `keepEnded` connections that ended; `#next` is the oldest one's place once it is full. */
  readonly #ended: LiveConnection[] = [];
  #next = 0;
  readonly #limits: ConnectionTableLimits;
  readonly #mono: () => number;

  constructor(limits: ConnectionTableLimits = defaultLimits, mono: () => number = () => performance.now()) {
    this.#limits = limits;
    this.#mono = mono;
  }

  /** Open connections. */
  get size(): number {
    return this.#open.size;
  }

  add(connection: LiveConnection): void {
    this.#open.set(connection.serial, connection);
  }

  /** Takes it off the open ones; a second call for the same connection does nothing. */
  ended(connection: LiveConnection): void {
    if (!this.#open.delete(connection.serial)) return;
    connection.phase = 'ended';
    connection.endedMono = this.#mono();
    connection.kill = alreadyEnded;
    connection.serverSocket = undefined;
    if (this.#limits.keepEnded === 0) return;
    this.#ended[this.#next] = connection;
    this.#next = (this.#next + 1) % this.#limits.keepEnded;
  }

  /** Open or just ended. */
  get(serial: number): LiveConnection | undefined {
    const open = this.#open.get(serial);
    if (open !== undefined) return open;
    for (const connection of this.recentlyEnded()) if (connection.serial === serial) return connection;
    return undefined;
  }

  /** The open ones, oldest first. */
  [Symbol.iterator](): IterableIterator<LiveConnection> {
    return this.#open.values();
  }

  *recentlyEnded(): IterableIterator<LiveConnection> {
    const since = this.#mono() - this.#limits.keepEndedMs;
    for (const connection of this.#ended) if (connection.endedMono >= since) yield connection;
  }
}
