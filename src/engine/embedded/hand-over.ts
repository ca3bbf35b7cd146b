// Where accepted connections go: to the instance that the table gives their client. While it is being replaced, or is too
// busy to take them, they wait for it a second, bounded in number; after that its clients have a substitute until it is back.

import type { Clock } from '../../domain/clock.ts';
import type { Arrival, InstanceLane } from './instance-lane.ts';
import { createShardSteering, type ShardSteering, type SteeredShard } from './shard-steering.ts';

export interface HandOver {
  /** Tables as they are from now on; shards that are not named have one instance. */
  steer(shards: readonly SteeredShard[]): void;
  steering(shard: string): ShardSteering;
  place(shard: string, arrival: Arrival): void;
  /** Its instance could not take it (out of files, say): it is tried again in a moment. */
  postpone(lane: InstanceLane, arrival: Arrival): void;
  /** Who has the name from now on: gets what waits for it as soon as it has the listening socket's copy. */
  appoint(name: string, lane: InstanceLane | undefined): void;
  appointed(name: string): InstanceLane | undefined;
  /** It has room again, or another entry. */
  ready(lane: InstanceLane): void;
  /** Whoever has the name has not taken clients for as long as it is waited for. */
  givenUp(name: string): void;
  /** It is gone: what it never confirmed goes to its successor. */
  ended(lane: InstanceLane): void;
  /** Nobody listens there any more. */
  drop(entry: number): void;
  close(): void;
}

/** After that a client is better served by another instance than not at all. */
const waitMs = 1_000;
/** Where there is no other: as long as somebody waits who believes in it. */
const longestWaitMs = 10_000;
/** For each instance: the acceptor has files for all, and the kernel's own queue is no longer. */
const mostWaiting = 512;
const sweepMs = 50;

interface Waiting {
  readonly shard: string;
  list: Arrival[];
}

/** `turnedAway`: a client of this shard was closed, since nobody takes it and too many wait, or it waited too long. */
export function createHandOver(clock: Clock, turnedAway: (shard: string) => void): HandOver {
  let shards = new Map<string, ShardSteering>();
  const lanes = new Map<string, InstanceLane>();
  const waiting = new Map<string, Waiting>();
  /** Since when an instance has not taken what was for it. */
  const awaySince = new Map<string, number>();
  let sweeping = false;

  /** Until the runtime says how a shard's clients are spread; the least prime is enough for one. */
  const single = (shard: string) =>
    createShardSteering({ shard, instances: 1, tableSize: 2, ipv6Prefix: 128 });
  function steering(shard: string): ShardSteering {
    const known = shards.get(shard);
    if (known !== undefined) return known;
    const made = single(shard);
    shards.set(shard, made);
    return made;
  }

  const takes = (lane: InstanceLane | undefined, { entry }: Arrival): lane is InstanceLane =>
    lane?.hasRoom === true && lane.entries.has(entry);

  function turnAway(shard: string, { handle }: Arrival): void {
    handle.close();
    turnedAway(shard);
  }

  function place(shard: string, arrival: Arrival): void {
    const name = `${shard}/${steering(shard).memberOf(arrival.client)}`;
    const lane = lanes.get(name);
    const queue = waiting.get(name);
    if (queue === undefined && takes(lane, arrival)) {
      awaySince.delete(name);
      lane.hand(arrival);
      return;
    }
    const since = awaySince.get(name) ?? clock.now();
    awaySince.set(name, since);
    const patient = clock.now() - since < waitMs && (queue?.list.length ?? 0) < mostWaiting;
    if (!patient && substituted(shard, arrival)) return;
    if ((queue?.list.length ?? 0) >= mostWaiting) {
      // Nobody takes any, and as many wait already: the client is told now.
      turnAway(shard, arrival);
      return;
    }
    wait(name, shard, arrival);
  }

  function wait(name: string, shard: string, arrival: Arrival): void {
    const queue = waiting.get(name);
    if (queue === undefined) waiting.set(name, { shard, list: [arrival] });
    else queue.list.push(arrival);
    sweepLater();
  }

  function substituted(shard: string, arrival: Arrival): boolean {
    const spread = steering(shard);
    const absent = new Set<number>();
    for (let number = 1; number <= spread.instances; number += 1)
      if (!takes(lanes.get(`${shard}/${number}`), arrival)) absent.add(number);
    const number = spread.substituteOf(arrival.client, absent);
    if (number === undefined) return false;
    lanes.get(`${shard}/${number}`)!.hand(arrival);
    return true;
  }

  /** What may go, goes; the others keep their order. */
  function flush(name: string): void {
    const queue = waiting.get(name);
    if (queue === undefined) return;
    const lane = lanes.get(name);
    const left: Arrival[] = [];
    for (const arrival of queue.list) {
      if (takes(lane, arrival)) lane.hand(arrival);
      else left.push(arrival);
    }
    queue.list = left;
    if (left.length > 0) return;
    waiting.delete(name);
    awaySince.delete(name);
  }

  function sweepLater(): void {
    if (sweeping) return;
    sweeping = true;
    clock.after(sweepMs, () => {
      sweeping = false;
      for (const [name, queue] of [...waiting]) {
        flush(name);
        queue.list = queue.list.filter((arrival) => {
          const waited = clock.now() - arrival.at;
          if (waited < waitMs) return true;
          if (substituted(queue.shard, arrival)) return false;
          if (waited < longestWaitMs) return true;
          turnAway(queue.shard, arrival);
          return false;
        });
        if (queue.list.length === 0) waiting.delete(name);
      }
      if (waiting.size > 0) sweepLater();
    });
  }

  /** Placed anew: the table, or who is there, has changed. */
  function placeAgain(names: readonly string[]): void {
    const again = names.flatMap((name) => {
      const queue = waiting.get(name);
      waiting.delete(name);
      return queue?.list.map((arrival) => [queue.shard, arrival] as const) ?? [];
    });
    for (const [shard, arrival] of again) place(shard, arrival);
  }

  return {
    steer(next) {
      shards = new Map(next.map((each) => [each.shard, createShardSteering(each)]));
      placeAgain([...waiting.keys()]);
    },
    steering,
    place,
    postpone: ({ name, shard }, arrival) => wait(name, shard, arrival),
    appoint(name, lane) {
      if (lane === undefined) lanes.delete(name);
      else {
        lanes.set(name, lane);
        flush(name);
      }
    },
    appointed: (name) => lanes.get(name),
    ready({ name }) {
      flush(name);
      // Its clients may have gone to substitutes meanwhile: should it be away again, that is another time.
      if (!waiting.has(name)) awaySince.delete(name);
    },
    givenUp(name) {
      if (!awaySince.has(name)) awaySince.set(name, clock.now() - waitMs);
    },
    ended(lane) {
      if (lanes.get(lane.name) === lane) lanes.delete(lane.name);
      for (const arrival of lane.end()) place(lane.shard, arrival);
    },
    drop(entry) {
      for (const [name, queue] of waiting) {
        for (const arrival of queue.list) if (arrival.entry === entry) arrival.handle.close();
        queue.list = queue.list.filter((arrival) => arrival.entry !== entry);
        if (queue.list.length === 0) waiting.delete(name);
      }
    },
    close() {
      for (const { list } of waiting.values()) for (const { handle } of list) handle.close();
      waiting.clear();
    },
  };
}
