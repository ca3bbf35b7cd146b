// The listening sockets of a data plane. A new set is opened beside the old one and then swapped in, or given up as a whole.

import type { Socket } from 'node:net';
import { addressText } from '../domain/address-text.ts';
import type { Address, Bind } from '../domain/plan.ts';
import type { BindRuntime } from './bind-runtime.ts';
import { type HeldSockets, type Listener, openListener } from './listener.ts';

export interface OpenBind {
  readonly runtime: BindRuntime;
  /** What is really listened on. */
  readonly address: string;
}

/** Opened, but not serving yet. Exactly one of the two is called. */
export interface PreparedBinds {
  /** Serves; answers the binds that left. What connected since the opening is served now. */
  commit(runtimeOf: (bind: Bind) => BindRuntime): BindRuntime[];
  rollback(): Promise<void>;
}

interface Entry {
  bind: Bind;
  runtime: BindRuntime | undefined;
  listener: Listener | undefined;
  /** Accepted before the commit. */
  early: Socket[];
}

export class BindSet {
  readonly #exclusive: boolean;
  readonly #held: HeldSockets | undefined;
  readonly #accepted: (socket: Socket, bind: BindRuntime) => void;
  #entries = new Map<string, Entry>();

  constructor(exclusive: boolean, accepted: (socket: Socket, bind: BindRuntime) => void, held?: HeldSockets) {
    this.#exclusive = exclusive;
    this.#held = held;
    this.#accepted = accepted;
  }

  /** In the plan's order. */
  get open(): OpenBind[] {
    return [...this.#entries.values()].flatMap(({ runtime, listener }) =>
      runtime === undefined || listener === undefined ? [] : [{ runtime, address: listener.address }],
    );
  }

  /** @throws BindError; everything is then as it was before. */
  async prepare(binds: readonly Bind[]): Promise<PreparedBinds> {
    const former = this.#entries;
    const next = new Map<string, Entry>();
    for (const bind of binds) {
      const key = socketKey(bind);
      next.set(key, former.get(key) ?? { bind, runtime: undefined, listener: undefined, early: [] });
    }
    const leaving = [...former].filter(([key]) => !next.has(key)).map(([, entry]) => entry);
    const prepared: PreparedBinds = {
      commit: (runtimeOf) => this.#commit(binds, next, leaving, runtimeOf),
      rollback: async () => {
        for (const entry of next.values()) if (entry.runtime === undefined) discard(entry);
        for (const entry of leaving) if (entry.listener === undefined) await this.#open(entry);
      },
    };
    try {
      for (const entry of next.values()) {
        if (entry.listener !== undefined) continue;
        // "0.0.0.0:80" cannot be had beside our own "127.0.0.1:80" that is to go: that one has to go first.
        for (const old of leaving) if (overlap(old.bind.address, entry.bind.address)) closeListener(old);
        await this.#open(entry);
      }
    } catch (error) {
      await prepared.rollback();
      throw error;
    }
    return prepared;
  }

  /** Stops accepting on all. */
  close(): void {
    for (const entry of this.#entries.values()) discard(entry);
    this.#entries = new Map();
  }

  #commit(
    binds: readonly Bind[],
    next: Map<string, Entry>,
    leaving: readonly Entry[],
    runtimeOf: (bind: Bind) => BindRuntime,
  ): BindRuntime[] {
    const former = new Set([...this.#entries.values()].map(({ runtime }) => runtime));
    this.#entries = next;
    for (const bind of binds) {
      const entry = next.get(socketKey(bind))!;
      entry.bind = bind;
      entry.runtime = runtimeOf(bind);
      entry.runtime.port = portOf(bind.address, entry.listener);
    }
    leaving.forEach(discard);
    for (const { runtime, early } of next.values()) {
      if (runtime !== undefined)
        for (const socket of early.splice(0)) if (!socket.destroyed) this.#accepted(socket, runtime);
    }
    for (const { runtime } of next.values()) former.delete(runtime);
    return [...former].filter((runtime) => runtime !== undefined);
  }

  async #open(entry: Entry): Promise<void> {
    const events = {
      accepted: (socket: Socket) => {
        if (entry.runtime === undefined) wait(entry, socket);
        else this.#accepted(socket, entry.runtime);
      },
      failed: () => {
        if (entry.runtime !== undefined) entry.runtime.traffic.requestErrors += 1;
      },
    };
    entry.listener = await openListener(entry.bind, this.#exclusive, events, this.#held);
  }
}

/** Binds with the same key share a socket over a reload. An ephemeral port belongs to the bind's name. */
function socketKey({ name, address }: Bind): string {
  const ephemeral = address.kind === 'ip' && address.port === 0;
  return ephemeral ? `${addressText(address)} ${name}` : addressText(address);
}

function portOf(address: Address, listener: Listener | undefined): number | undefined {
  return address.kind === 'ip'
    ? Number(/:(\d+)$/.exec(listener?.address ?? '')?.[1] ?? address.port)
    : undefined;
}

function overlap(a: Address, b: Address): boolean {
  return a.kind === 'ip' && b.kind === 'ip' && a.port === b.port && a.port !== 0;
}

function wait(entry: Entry, socket: Socket): void {
  // A client may give up meanwhile; nobody else would hear of it.
  socket.on('error', () => {});
  entry.early.push(socket);
}

function closeListener(entry: Entry): void {
  entry.listener?.close();
  entry.listener = undefined;
}

function discard(entry: Entry): void {
  closeListener(entry);
  for (const socket of entry.early.splice(0)) socket.destroy();
}
