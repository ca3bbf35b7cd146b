// Which client addresses a data plane carries, or carried in the last minute, and where their streams went: what a what-if
// counts, and how many different ones there are now. One map operation for each connection accepted, none for a request.

import type { ObservedClient } from '../domain/shard-plan.ts';

/** How long an address without connections is remembered. */
export const rememberedMs = 60_000;
/** Some 15 MB; clients of a /64 with an address for each connection would fill any table. */
const defaultLimit = 100_000;
/** Entries looked at for each new address: more than one, so forgetting outruns remembering. */
const sweptAtOnce = 2;

/** An address, as the connections from it share it. Whole seconds, which are no objects: a stream's end allocates nothing. */
export class LedgerClient {
  readonly address: string;
  open = 0;
  /** When the last connection from it ended. */
  leftAt = 0;
  #backend: string | undefined = undefined;
  #usedAt = 0;
  /** Those before, by when they were used last. Most clients use one backend and never have this. */
  #others: Map<string, number> | undefined = undefined;

  constructor(address: string) {
    this.address = address;
  }

  used(backend: string, second: number): void {
    if (this.#backend !== backend) {
      if (this.#backend !== undefined) {
        this.#others ??= new Map();
        this.#others.set(this.#backend, this.#usedAt);
      }
      this.#backend = backend;
    }
    this.#usedAt = second;
  }

  *backendsSince(second: number): Iterable<string> {
    if (this.#backend !== undefined && this.#usedAt >= second) yield this.#backend;
    for (const [name, usedAt] of this.#others ?? []) {
      if (usedAt < second) this.#others!.delete(name);
      else if (name !== this.#backend) yield name;
    }
  }
}

export interface LedgerClients {
  readonly clients: readonly Pick<ObservedClient, 'address' | 'connections' | 'backends'>[];
  /** Connections from addresses that there was no room for, in the last one to two minutes. */
  readonly missed: number;
}

export class ClientLedger {
  readonly #mono: () => number;
  readonly #limit: number;
  readonly #clients = new Map<string, LedgerClient>();
  /** Goes round and round, over what is added meanwhile, too. */
  #sweep = this.#clients.values();
  #present = 0;
  #missedSince = 0;
  #missed = 0;
  #missedBefore = 0;

  /** @param mono monotonic clock, milliseconds */
  constructor(mono: () => number, limit = defaultLimit) {
    this.#mono = mono;
    this.#limit = limit;
  }

  /** Different addresses with a connection open now, as far as they are kept. */
  get present(): number {
    return this.#present;
  }

  /** A connection from it was accepted. Undefined where there is no room for another address, or where it has none. */
  came(address: string): LedgerClient | undefined {
    if (address === '') return undefined;
    let client = this.#clients.get(address);
    if (client === undefined) {
      this.#sweepSome();
      if (this.#clients.size >= this.#limit) {
        this.#countMissed();
        return undefined;
      }
      client = new LedgerClient(address);
      this.#clients.set(address, client);
    }
    if (client.open === 0) this.#present += 1;
    client.open += 1;
    return client;
  }

  left(client: LedgerClient): void {
    client.open -= 1;
    if (client.open > 0) return;
    this.#present -= 1;
    client.leftAt = wholeSecond(this.#mono());
  }

  /** @param using what streams under way use, of those not ended yet */
  observed(using: Iterable<readonly [client: LedgerClient, backend: string]>): LedgerClients {
    const now = this.#mono();
    for (const [client, backend] of using) client.used(backend, wholeSecond(now));
    const since = oldestSecond(now);
    const clients: LedgerClients['clients'][number][] = [];
    for (const client of this.#clients.values()) {
      const { address, open, leftAt } = client;
      if (open > 0 || leftAt >= since)
        clients.push({ address, connections: open, backends: [...client.backendsSince(since)] });
    }
    this.#renewMissed(now);
    return { clients, missed: this.#missed + this.#missedBefore };
  }

  #sweepSome(): void {
    const since = oldestSecond(this.#mono());
    for (let i = 0; i < sweptAtOnce; i += 1) {
      const { value } = this.#sweep.next();
      if (value === undefined) this.#sweep = this.#clients.values();
      else if (value.open === 0 && value.leftAt < since) this.#clients.delete(value.address);
    }
  }

  #countMissed(): void {
    this.#renewMissed(this.#mono());
    this.#missed += 1;
  }

  #renewMissed(now: number): void {
    const minutes = Math.floor((now - this.#missedSince) / rememberedMs);
    if (minutes < 1) return;
    this.#missedBefore = minutes === 1 ? this.#missed : 0;
    this.#missed = 0;
    this.#missedSince += minutes * rememberedMs;
  }
}

export function wholeSecond(mono: number): number {
  return Math.floor(mono / 1_000);
}

function oldestSecond(mono: number): number {
  return wholeSecond(mono - rememberedMs);
}
