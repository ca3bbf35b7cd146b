// Listening sockets that outlive who accepts on them. The acceptor binds each address once, keeps it, and gives instances a
// copy: while one is replaced, clients wait in the kernel's queue and an ephemeral port stays the same. Where a shard has
// one instance, that accepts on its copy; where it has several, the acceptor accepts and hands over (hand-over.ts).
//
// A shard that is steered by nft has private sockets besides (private-sockets.ts).
//
// Not node:cluster: its primary drops a socket as soon as no worker has it, which with one instance is every replacement.

import { unlinkSync } from 'node:fs';
import * as net from 'node:net';
import type { Clock } from '../../domain/clock.ts';
import type { AcceptWay, FromChild, NativeHandle, SocketPlace } from './channel-messages.ts';
import type { HandOver } from './hand-over.ts';
import type { InstanceLane } from './instance-lane.ts';
import { createPrivateSockets, type HeldPrivatePort } from './private-sockets.ts';
import type { SteeredShard } from './shard-steering.ts';

/** What node:cluster itself binds with; answers a negative error number where it cannot. In every Node since 0.10. */
const bindHandle = (
  net as unknown as {
    _createServerHandle(host: string, port: number, addressType: 4 | 6 | -1): NativeHandle | number;
  }
)._createServerHandle;

export interface SocketHolder {
  /** How clients are spread from now on; resolves once no instance that answers accepts otherwise any more. */
  steer(shards: readonly SteeredShard[]): Promise<void>;
  /** It asks for sockets, or lets go of them. */
  asked(lane: InstanceLane, message: FromChild, handle: NativeHandle | undefined): void;
  /** It is gone, or accepts no more. */
  ended(lane: InstanceLane): void;
  /** It is not to run any more: what only it had is closed. */
  forget(name: string): void;
  readonly privatePorts: readonly HeldPrivatePort[];
  close(): void;
}

interface Entry {
  readonly number: number;
  readonly key: string;
  readonly place: SocketPlace;
  handle: NativeHandle;
  /** The acceptor accepts on it: that cannot be taken back, but for another copy (`copyBack`). */
  polled: boolean;
  /** Whose bind it is; a reload may give an address to another shard. */
  shard: string;
  readonly users: Set<string>;
}

/** The kernel cuts it to net.core.somaxconn. */
const backlog = 4096;
const addressInUse = -98;
/** An instance that is stopped goes on accepting when it is let go: nobody can wait for that. */
const turnMs = 2_000;

/** @param privatePortsChanged `privatePorts` are others than before */
export function createSocketHolder(
  clock: Clock,
  handOver: HandOver,
  privatePortsChanged: () => void,
): SocketHolder {
  const held = new Map<string, Entry>();
  const byNumber = new Map<number, Entry>();
  let numbers = 0;
  const privates = createPrivateSockets({
    clock,
    bind: (host) => bindNow({ host, port: 0 }),
    entries: byNumber,
    arrived: ({ number }, handle) => arrived(byNumber.get(number), handle),
    away: (name) => handOver.givenUp(name),
    changed: privatePortsChanged,
  });

  function arrived(entry: Entry | undefined, handle: NativeHandle): void {
    const client = clientOf(handle);
    // It was there and went away: it left no address either.
    if (client === null || entry === undefined) handle.close();
    else handOver.place(entry.shard, { entry: entry.number, handle, client, at: clock.now() });
  }

  function poll(entry: Entry): number {
    if (entry.polled) return 0;
    entry.handle.onconnection = (status, handle) => {
      // Out of files, say: it listens on.
      if (status === 0) arrived(entry, handle);
    };
    const error = entry.handle.listen(backlog);
    entry.polled = error === 0;
    return error;
  }

  const severalServe = (shard: string) => handOver.steering(shard).instances > 1;

  /** A unix socket that was polled once stays so: to close it would take its name away. */
  const wayFor = (lane: InstanceLane, entry: Entry): AcceptWay =>
    severalServe(lane.shard) || lane.number > 1 || (entry.polled && 'path' in entry.place) ? 'handed' : 'own';

  async function give(lane: InstanceLane, ask: number, key: string, place: SocketPlace): Promise<void> {
    const known = held.get(key);
    const handle = known?.handle ?? (await bind(place));
    // While a unix socket was tried, somebody else may have had it bound.
    let entry = held.get(key);
    if (typeof handle === 'number') {
      void lane.tell({ socket: ask, errno: handle });
      return;
    }
    if (entry === undefined) {
      entry = {
        number: ++numbers,
        key,
        place,
        handle,
        polled: false,
        shard: lane.shard,
        users: new Set(),
      };
      held.set(key, entry);
      byNumber.set(entry.number, entry);
    } else if (entry.handle !== handle) handle.close();
    entry.shard = lane.shard;
    entry.users.add(lane.name);
    const error = severalServe(lane.shard) ? poll(entry) : 0;
    if (error !== 0) {
      release(lane.name, key);
      void lane.tell({ socket: ask, errno: error });
      return;
    }
    const way = wayFor(lane, entry);
    lane.entries.add(entry.number);
    if (way === 'own') lane.own.add(entry.number);
    void lane.tell(
      { socket: ask, entry: entry.number, way, copyBack: way === 'own' && entry.polled },
      entry.handle,
    );
    handOver.ready(lane);
  }

  function release(name: string, key: string): void {
    const entry = held.get(key);
    if (entry === undefined || !entry.users.delete(name) || entry.users.size > 0) return;
    entry.handle.close();
    privates.drop(entry.number);
    held.delete(key);
    byNumber.delete(entry.number);
    handOver.drop(entry.number);
  }

  /** The acceptor accepts from now on: who did stops. */
  async function takeOver(entry: Entry): Promise<void> {
    // What cannot be listened on twice is not: its one instance goes on with it.
    if (poll(entry) !== 0) return;
    const lane = handOver.appointed(`${entry.shard}/1`);
    if (lane === undefined || !lane.own.delete(entry.number)) return;
    await lane.tell({ turn: entry.number, way: 'handed' }, entry.handle);
  }

  /** The one instance accepts from now on; the acceptor goes on until it has a copy that is not polled. */
  function handBack(entry: Entry): void {
    const lane = handOver.appointed(`${entry.shard}/1`);
    if ('path' in entry.place || lane === undefined || !lane.entries.has(entry.number)) return;
    lane.own.add(entry.number);
    void lane.tell({ turn: entry.number, way: 'own' });
  }

  function takeBack(number: number, copy: NativeHandle): void {
    const entry = byNumber.get(number);
    if (entry === undefined || !entry.polled || severalServe(entry.shard)) {
      copy.close();
      return;
    }
    entry.handle.close();
    entry.handle = copy;
    entry.polled = false;
  }

  return {
    async steer(shards) {
      handOver.steer(shards);
      privates.steer(shards);
      const turns = [...held.values()].map((entry) => {
        if (severalServe(entry.shard)) return takeOver(entry);
        if (entry.polled) handBack(entry);
        return Promise.resolve();
      });
      const { promise: late, resolve } = Promise.withResolvers<void>();
      const cancel = clock.after(turnMs, resolve);
      await Promise.race([Promise.all(turns), late]);
      cancel();
    },
    asked(lane, message, handle) {
      if ('ask' in message) void give(lane, message.ask, message.key, message);
      else if ('release' in message) {
        const entry = held.get(message.release);
        if (entry !== undefined) {
          lane.entries.delete(entry.number);
          lane.own.delete(entry.number);
        }
        release(lane.name, message.release);
      } else if ('keep' in message) {
        const kept = new Set(message.keep);
        for (const key of [...held.keys()]) kept.has(key) || release(lane.name, key);
        privates.serves(lane);
      } else if ('copy' in message && handle !== undefined) takeBack(message.copy, handle);
      else privates.said(lane, message, handle);
    },
    ended: (lane) => privates.ended(lane),
    forget(name) {
      privates.forget(name);
      for (const key of [...held.keys()]) release(name, key);
    },
    get privatePorts() {
      return privates.list;
    },
    close() {
      privates.close();
      for (const { handle } of held.values()) handle.close();
      held.clear();
      byNumber.clear();
      handOver.close();
    },
  };
}

/** A negative error number where the address cannot be had. */
async function bind(place: SocketPlace): Promise<NativeHandle | number> {
  if ('host' in place) return bindNow(place);
  const bound = bindNow(place);
  if (bound !== addressInUse || (await answers(place.path))) return bound;
  // Left behind by a process that died without cleaning up.
  try {
    unlinkSync(place.path);
  } catch {
    return bound;
  }
  return bindNow(place);
}

function bindNow(place: SocketPlace): NativeHandle | number {
  if ('path' in place) return bindHandle(place.path, -1, -1);
  const bound = bindHandle(place.host, place.port, net.isIPv6(place.host) ? 6 : 4);
  if (typeof bound === 'number') return bound;
  // An address in use is only told at the next call on the socket. That has to be made here: the copy an instance gets
  // would know nothing of it, and listen anywhere.
  const error = bound.getsockname?.({}) ?? 0;
  if (error === 0) return bound;
  bound.close();
  return error;
}

/** Undefined where it can have none; null where it is gone already. */
function clientOf(handle: NativeHandle): string | undefined | null {
  if (handle.getpeername === undefined) return undefined;
  const peer: { address?: string } = {};
  return handle.getpeername(peer) === 0 && peer.address !== undefined ? peer.address : null;
}

/** Does a living process accept on this unix socket? */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ path });
    const settle = (alive: boolean) => {
      socket.destroy();
      resolve(alive);
    };
    socket.once('connect', () => settle(true));
    // Full backlogs and denied permissions belong to the living; only a refusal proves that nobody listens.
    socket.once('error', (error: NodeJS.ErrnoException) => settle(error.code !== 'ECONNREFUSED'));
  });
}
