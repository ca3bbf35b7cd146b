// A server as it is used: settings, the wish that holds for it, its present streams, what it counted, its own queue.

import { addressText } from '../domain/address-text.ts';
import { type Candidate, createSlot } from '../domain/balance/balancer.ts';
import { LatencyRecorder } from '../domain/latency.ts';
import { type Server, type ServerKey, serverKey } from '../domain/plan.ts';
import { type ServerWish, takesCookieClients, takesNewClients } from '../domain/server-state.ts';
import { tlsAddress } from '../domain/server-tls.ts';
import type { BackendRuntime } from './backend-runtime.ts';
import { Traffic } from './counters.ts';
import { WaiterQueue } from './queue.ts';
import type { ServerProfile } from './tls/server-profiles.ts';

/** Idle HTTP connections to a server: made and kept in `ServerRuntime.pool` and `tlsPools` by the HTTP path. */
export interface IdlePool {
  readonly idle: number;
  /** The server went down, into maint, away, or changed its address. */
  closeIdle(): void;
}

export class ServerRuntime implements Candidate {
  readonly key: ServerKey;
  readonly name: string;
  readonly backend: BackendRuntime;
  /** The present plan's. */
  settings: Server;
  /** Of the settings, as rows show it: made once, not with each stream. */
  address: string;
  /** The same, where it speaks TLS. */
  tlsAddress: string;
  /** Grows when the address changes, or what is behind it: a connection opened under an older one is not kept for reuse. */
  generation = 0;
  readonly traffic = new Traffic();
  /** Time from sending a request to its answer's last byte (TCP: connect time), microseconds. */
  readonly latency = new LatencyRecorder();
  pool: IdlePool | undefined = undefined;
  /** By the profile that they were opened with (tls/server-profiles.ts): others must not be given them. */
  readonly tlsPools = new Map<ServerProfile, IdlePool>();

  /** Streams on the server now. Changed by `take` and `release` alone. */
  streams = 0;
  /** Of them tunnels and TCP connections: whoever starts and ends one counts it here. */
  tunnels = 0;
  /** Idle client connections whose cookie names this server: the HTTP session counts itself in and out. */
  sticky = 0;
  /** Wall clock of the last stream sent here; 0 for never. */
  lastArrivalAt = 0;

  // The wish that holds: written by `wish` and `configure` alone.
  admin: ServerWish['admin'];
  operational: ServerWish['operational'];
  /** The weight in force: an operator's, else the configuration's. */
  weight: number;
  /** Waiters bound to this server (cookie, source). */
  readonly queue = new WaiterQueue();
  readonly slot = createSlot();
  /** No longer in the plan: finishes its streams, then vanishes from the samples. */
  removed = false;

  constructor(backend: BackendRuntime, settings: Server) {
    this.key = serverKey(backend.name, settings.name);
    this.name = settings.name;
    this.backend = backend;
    this.settings = settings;
    this.address = addressText(settings.address);
    this.tlsAddress = addressText(tlsAddress(settings));
    this.admin = settings.admin;
    this.weight = settings.weight;
    this.operational = backend.settings.check === undefined ? 'unchecked' : 'starting';
  }

  get id(): number {
    return this.settings.id;
  }

  get backup(): boolean {
    return this.settings.backup;
  }

  get isFull(): boolean {
    const limit = this.settings.maxConnections;
    return limit > 0 && this.streams >= limit;
  }

  get takesNew(): boolean {
    return !this.removed && takesNewClients(this);
  }

  get takesCookie(): boolean {
    return !this.removed && takesCookieClients(this);
  }

  /** Takes over a plan's settings; the state in force changes with them unless an operator's holds. */
  configure(settings: Server): void {
    const former = this.settings;
    this.removed = false;
    this.settings = settings;
    if (this.admin === former.admin) this.admin = settings.admin;
    if (this.weight === former.weight) this.weight = settings.weight;
    const formerAddresses = `${this.address} ${this.tlsAddress}`;
    this.address = addressText(settings.address);
    this.tlsAddress = addressText(tlsAddress(settings));
    if (formerAddresses !== `${this.address} ${this.tlsAddress}`) {
      this.generation += 1;
      this.closeIdle();
    }
  }

  /** Idle connections to it, plain and over TLS. */
  get idle(): number {
    let count = this.pool?.idle ?? 0;
    for (const { idle } of this.tlsPools.values()) count += idle;
    return count;
  }

  closeIdle(): void {
    this.pool?.closeIdle();
    for (const pool of this.tlsPools.values()) pool.closeIdle();
  }

  /** No kept connection is used for another request: idle ones close, those in use close after theirs. Answers how many idled. */
  retire(): number {
    const { idle } = this;
    this.generation += 1;
    this.closeIdle();
    return idle;
  }

  /** What checks and operators say of it; `BackendRuntime.refresh` must follow. */
  wish(wish: ServerWish): void {
    this.admin = wish.admin;
    this.operational = wish.operational;
    this.weight = wish.weight;
  }

  /** A stream that `acquire` put on this server is over: its place goes to the first that waits. Exactly once a stream. */
  release(): void {
    this.backend.release(this);
  }
}
