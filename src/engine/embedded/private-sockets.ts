// Listening sockets that only the kernel sends clients to: one for each TCP bind and instance of a shard that is steered by
// nft. Bound once, and given to whoever has the instance's name, so that neither a renewal nor a crash changes a rule:
// clients wait in its queue meanwhile. While nobody of that name accepts, the acceptor does, and hands over.
//
//   bound ──(its instance listens)──► served ──(away a second, or silent; not to run any more)──► lent ──(listens again)──► served

import type { Clock } from '../../domain/clock.ts';
import type { FromChild, NativeHandle, SocketPlace } from './channel-messages.ts';
import type { InstanceLane } from './instance-lane.ts';
import type { SteeredShard } from './shard-steering.ts';

/** One that is served by the instance itself: the kernel may send clients there. */
export interface HeldPrivatePort {
  /** Names the public socket (socket-key.ts). */
  readonly key: string;
  readonly shard: string;
  readonly instance: string;
  readonly host: string;
  readonly port: number;
}

export interface PublicSocket {
  readonly number: number;
  readonly key: string;
  readonly place: SocketPlace;
}

export interface PrivateSockets {
  /** How clients are spread from now on. */
  steer(shards: readonly SteeredShard[]): void;
  /** It serves its plan: its are those of the public sockets that it has. */
  serves(lane: InstanceLane): void;
  /** It is gone, or accepts no more. */
  ended(lane: InstanceLane): void;
  /** It is not to run any more. */
  forget(name: string): void;
  said(lane: InstanceLane, message: FromChild, handle: NativeHandle | undefined): void;
  /** The public socket is gone. */
  drop(entry: number): void;
  close(): void;
  readonly list: readonly HeldPrivatePort[];
}

export interface PrivateSocketsOptions {
  readonly clock: Clock;
  /** Answers a negative error number where there can be none. */
  readonly bind: (host: string) => NativeHandle | number;
  /** Public sockets, by number. */
  readonly entries: ReadonlyMap<number, PublicSocket>;
  /** A client of an instance that is away. */
  readonly arrived: (entry: PublicSocket, handle: NativeHandle) => void;
  /** Nobody is to be waited for. */
  readonly away: (name: string) => void;
  /** `list` is another. */
  readonly changed: () => void;
}

interface Private {
  readonly number: number;
  readonly entry: PublicSocket;
  readonly host: string;
  readonly port: number;
  readonly shard: string;
  readonly name: string;
  readonly instance: number;
  /** Never polled: who polls a socket cannot stop but by closing it. */
  readonly handle: NativeHandle;
  /** Another copy, by way of an instance: the acceptor accepts on it while the socket is lent. */
  spare: NativeHandle | undefined;
  lent: boolean;
  lane: InstanceLane | undefined;
}

const backlog = 4096;
/** After that clients are better served by others than not at all; as hand-over has it. */
const awayMs = 1_000;
const pingMs = 500;
/** Busy is not away: a garbage collection and a storm of handshakes take less. */
const silentMs = 1_500;
/** So long somebody may still be sent to a port that no rule is to name any more. */
const dropMs = 10_000;

export function createPrivateSockets(options: PrivateSocketsOptions): PrivateSockets {
  const { clock, entries } = options;
  const held = new Map<number, Private>();
  const serving = new Map<string, InstanceLane>();
  const lastSeen = new Map<InstanceLane, number>();
  let steered = new Map<string, SteeredShard>();
  let numbers = 0;
  let pinging = false;
  let closed = false;

  const isSteered = (shard: string) => {
    const of = steered.get(shard);
    return of?.by === 'nft' && of.instances > 1;
  };
  const isWanted = ({ shard, instance }: Private) =>
    isSteered(shard) && instance <= steered.get(shard)!.instances;
  const ofName = (name: string) => [...held.values()].filter((each) => each.name === name);

  function made(entry: PublicSocket, { name, shard, number }: InstanceLane): Private | undefined {
    const known = ofName(name).find((each) => each.entry === entry);
    if (known !== undefined || !('host' in entry.place)) return known;
    const { host } = entry.place;
    const handle = options.bind(host);
    if (typeof handle === 'number') return undefined;
    const bound: { port?: number } = {};
    handle.getsockname?.(bound);
    const one: Private = {
      ...{ number: ++numbers, entry, host, port: bound.port ?? 0, shard, name, instance: number, handle },
      ...{ spare: undefined, lent: false, lane: undefined },
    };
    held.set(one.number, one);
    return one;
  }

  function provide(lane: InstanceLane): void {
    if (!isSteered(lane.shard) || lane.number > steered.get(lane.shard)!.instances) return;
    for (const number of lane.entries) {
      const entry = entries.get(number);
      const one = entry && made(entry, lane);
      if (one === undefined || one.lane === lane) continue;
      one.lane = lane;
      void lane.tell({ private: one.number, of: number }, one.handle);
    }
    ping();
  }

  function lend(one: Private): void {
    const { spare, entry } = one;
    if (one.lent || spare === undefined) return;
    spare.onconnection = (status, handle) => {
      if (status === 0) options.arrived(entry, handle);
    };
    one.lent = spare.listen(backlog) === 0;
    options.changed();
  }

  function lendAll(name: string): void {
    options.away(name);
    ofName(name).forEach(lend);
  }

  /** One that is stopped, or turns in circles, takes nobody out of its queue. */
  function ping(): void {
    if (pinging) return;
    pinging = true;
    clock.after(pingMs, () => {
      pinging = false;
      const lanes = [...serving.values()].filter((lane) => isSteered(lane.shard));
      if (closed || lanes.length === 0) return;
      for (const lane of lanes) {
        const since = lastSeen.get(lane);
        if (since === undefined) lastSeen.set(lane, clock.now());
        else if (!lane.silent && clock.now() - since > silentMs) {
          lane.silent = true;
          lendAll(lane.name);
        }
        void lane.tell({ ping: true });
      }
      ping();
    });
  }

  function answered(lane: InstanceLane): void {
    lastSeen.set(lane, clock.now());
    if (!lane.silent) return;
    lane.silent = false;
    if (serving.get(lane.name) !== lane) return;
    // It listens still: with another copy the acceptor can stop.
    for (const one of ofName(lane.name)) if (one.lent) void lane.tell({ spare: one.number });
  }

  function takeSpare(lane: InstanceLane, number: number, copy: NativeHandle): void {
    const one = held.get(number);
    if (one === undefined || one.lane !== lane || serving.get(one.name) !== lane) {
      copy.close();
      return;
    }
    one.spare?.close();
    one.spare = copy;
    one.lent = false;
    options.changed();
  }

  function shut(one: Private): void {
    held.delete(one.number);
    one.handle.close();
    one.spare?.close();
    if (one.lane !== undefined && serving.get(one.name) === one.lane)
      void one.lane.tell({ without: one.number });
    options.changed();
  }

  return {
    steer(shards) {
      steered = new Map(shards.map((each) => [each.shard, each]));
      for (const lane of serving.values()) provide(lane);
      options.changed();
      if ([...held.values()].every(({ shard }) => isSteered(shard))) return;
      clock.after(dropMs, () => {
        for (const one of [...held.values()]) if (!isSteered(one.shard)) shut(one);
      });
    },
    serves(lane) {
      serving.set(lane.name, lane);
      provide(lane);
    },
    ended(lane) {
      lastSeen.delete(lane);
      if (serving.get(lane.name) !== lane) return;
      serving.delete(lane.name);
      clock.after(awayMs, () => {
        if (!closed && !serving.has(lane.name)) lendAll(lane.name);
      });
    },
    forget(name) {
      serving.delete(name);
      ofName(name).forEach(lend);
    },
    said(lane, message, handle) {
      if ('pong' in message) answered(lane);
      else if ('spare' in message && handle !== undefined) takeSpare(lane, message.spare, handle);
    },
    drop(entry) {
      for (const one of [...held.values()]) if (one.entry.number === entry) shut(one);
    },
    close() {
      closed = true;
      for (const { handle, spare } of held.values()) {
        handle.close();
        spare?.close();
      }
      held.clear();
    },
    get list() {
      return [...held.values()]
        .filter((one) => isWanted(one) && one.spare !== undefined && !one.lent)
        .map(({ entry: { key }, shard, name, host, port }) => ({ key, shard, instance: name, host, port }));
    },
  };
}
