// The idle connections to one server, newest first: the one used last is the one most likely still open.

import type { IdlePool, ServerRuntime } from '../server-runtime.ts';
import { Timer, type Timers } from '../timers.ts';
import type { ServerProfile } from '../tls/server-profiles.ts';
import { ServerConnection, type ServerConnectionUser } from './server-connection.ts';

/** As HAProxy's pool-purge-delay: shorter than what servers keep, so that it is us who close. */
const maxIdleMs = 5_000;
/**
 * A request that must not be sent twice is not risked on a connection that the server may be closing just now:
 * no server we know keeps an idle connection for less than a second.
 */
const maxIdleForUnrepeatableMs = 1_000;

export class ServerPool implements IdlePool {
  readonly #server: ServerRuntime;
  readonly #timers: Timers;
  /** The newest last. */
  readonly #connections: ServerConnection[] = [];
  readonly #sweeper: Timer;
  /**
   * How this server ends its answers, where that is known: one that does it by closing is asked over connections of the
   * kind that tells a said end from a cut (tls-server-socket.ts).
   */
  ends: 'unknown' | 'counted' | 'by-closing' = 'unknown';

  constructor(server: ServerRuntime, timers: Timers) {
    this.#server = server;
    this.#timers = timers;
    this.#sweeper = new Timer(() => this.#sweep());
  }

  /** From an answer that is complete. */
  learn(bodyEnds: 'none' | 'length' | 'chunked' | 'close'): void {
    if (bodyEnds === 'close') this.ends = 'by-closing';
    else if (bodyEnds !== 'none' && this.ends === 'unknown') this.ends = 'counted';
  }

  get idle(): number {
    return this.#connections.length;
  }

  /** Taken out, or undefined where none is good enough. */
  take(repeatable: boolean, now: number): ServerConnection | undefined {
    for (;;) {
      const connection = this.#connections.pop();
      if (connection === undefined) return undefined;
      if (connection.socket.destroyed) continue;
      if (!repeatable && now - connection.idleSince > maxIdleForUnrepeatableMs) {
        // Older ones wait below it: none of them would do.
        this.#connections.push(connection);
        return undefined;
      }
      connection.pool = undefined;
      connection.reused = true;
      return connection;
    }
  }

  /** Keeps it for the next exchange, or closes it where enough are kept. */
  put(connection: ServerConnection, now: number): void {
    const server = this.#server;
    if (
      connection.socket.destroyed ||
      connection.generation !== server.generation ||
      connection.profile?.retired === true ||
      // It is slow, and was needed only as long as nothing was known of the server.
      (connection.watched && this.ends === 'counted') ||
      !server.takesCookie ||
      this.#connections.length >= server.backend.settings.maxIdleConnections
    ) {
      connection.close();
      return;
    }
    connection.user = undefined;
    connection.idleSince = now;
    connection.pool = this;
    this.#connections.push(connection);
    if (!this.#sweeper.armed) this.#timers.arm(this.#sweeper, maxIdleMs);
  }

  closeIdle(): void {
    for (const connection of this.#connections.splice(0)) connection.close();
  }

  /** It spoiled while it was idle. */
  remove(connection: ServerConnection): void {
    const index = this.#connections.lastIndexOf(connection);
    if (index >= 0) this.#connections.splice(index, 1);
  }

  /** The oldest come first, so the walk ends at the first that may stay. */
  #sweep(): void {
    const now = this.#timers.mono();
    let count = 0;
    for (const { idleSince } of this.#connections) {
      if (now - idleSince < maxIdleMs) break;
      count += 1;
    }
    for (const connection of this.#connections.splice(0, count)) connection.close();
    const oldest = this.#connections[0];
    if (oldest !== undefined) this.#timers.arm(this.#sweeper, oldest.idleSince + maxIdleMs - now);
  }
}

/** The server's pool for a profile, or for plain connections; made when it is first needed. */
export function poolOf(server: ServerRuntime, timers: Timers, profile?: ServerProfile): ServerPool {
  const known = profile === undefined ? server.pool : server.tlsPools.get(profile);
  if (known instanceof ServerPool) return known;
  const pool = new ServerPool(server, timers);
  if (profile === undefined) server.pool = pool;
  else {
    for (const former of server.tlsPools.keys()) {
      if (!former.retired) continue;
      server.tlsPools.get(former)!.closeIdle();
      server.tlsPools.delete(former);
    }
    server.tlsPools.set(profile, pool);
  }
  return pool;
}

/** A new one. A request that cannot be sent again is not risked where a said end could not be told from a cut. */
export function openConnection(
  server: ServerRuntime,
  user: ServerConnectionUser,
  profile: ServerProfile | undefined,
  timers: Timers,
  repeatable: boolean,
): ServerConnection {
  if (profile === undefined) return new ServerConnection(server, user);
  const { ends } = poolOf(server, timers, profile);
  const watched = ends === 'by-closing' || (ends === 'unknown' && !repeatable);
  return new ServerConnection(server, user, profile, watched);
}
