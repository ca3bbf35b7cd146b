import { describe, expect, it } from 'vitest';
import { createHandOver } from '../../../src/engine/embedded/hand-over.ts';
import type { Arrival, InstanceLane } from '../../../src/engine/embedded/instance-lane.ts';
import { createShardSteering } from '../../../src/engine/embedded/shard-steering.ts';
import { createStillClock } from './still-clock.ts';

const shard = { shard: 'default', tableSize: 251, ipv6Prefix: 128 } as const;

interface FakeLane extends InstanceLane {
  readonly taken: Arrival[];
  room: boolean;
}

function lane(number: number, ...entries: number[]): FakeLane {
  const taken: Arrival[] = [];
  return {
    taken,
    room: true,
    name: `default/${number}`,
    shard: 'default',
    number,
    entries: new Set(entries),
    own: new Set(),
    silent: false,
    get hasRoom() {
      return this.room;
    },
    hand: (arrival) => void taken.push(arrival),
    tell: async () => {},
    end: () => taken.splice(0),
  };
}

function world(instances: number) {
  const clock = createStillClock();
  const turnedAway: string[] = [];
  const handOver = createHandOver(clock, (shard) => void turnedAway.push(shard));
  handOver.steer([{ ...shard, instances }]);
  const lanes = Array.from({ length: instances }, (_, i) => lane(i + 1, 1));
  for (const each of lanes) handOver.appoint(each.name, each);
  const closed: string[] = [];
  const { memberOf } = createShardSteering({ ...shard, instances });
  /** Clients of an instance. */
  const clientsOf = (number: number, count: number) => {
    const found: string[] = [];
    for (let i = 0; found.length < count; i += 1)
      if (memberOf(`10.0.${i >> 8}.${i & 255}`) === number) found.push(`10.0.${i >> 8}.${i & 255}`);
    return found;
  };
  const arrive = (client: string, entry = 1) =>
    handOver.place('default', {
      entry,
      client,
      at: clock.now(),
      handle: { close: () => void closed.push(client), listen: () => 0 },
    });
  const takenBy = (each: FakeLane) => each.taken.map(({ client }) => client);
  return { clock, handOver, lanes, closed, turnedAway, clientsOf, arrive, takenBy };
}

describe('handing over', () => {
  it('gives each client to its instance', () => {
    const { lanes, clientsOf, arrive, takenBy } = world(2);
    for (const number of [1, 2]) for (const client of clientsOf(number, 5)) arrive(client);
    expect(lanes.map(takenBy)).toEqual([clientsOf(1, 5), clientsOf(2, 5)]);
  });

  it('gives what was never confirmed to the successor, and what came meanwhile, in order', () => {
    const { handOver, lanes, clientsOf, arrive, takenBy } = world(2);
    const clients = clientsOf(2, 4);
    arrive(clients[0]!);
    arrive(clients[1]!);
    handOver.ended(lanes[1]!);
    arrive(clients[2]!);
    const successor = lane(2);
    handOver.appoint('default/2', successor);
    arrive(clients[3]!);
    expect(takenBy(successor)).toEqual([]);
    successor.entries.add(1);
    handOver.ready(successor);
    expect(takenBy(successor)).toEqual(clients);
    expect(lanes[0]!.taken).toEqual([]);
  });

  it('gives those who wait too long a substitute, and who comes then at once; until it is back', () => {
    const { clock, handOver, lanes, clientsOf, arrive, takenBy } = world(2);
    const clients = clientsOf(2, 3);
    handOver.ended(lanes[1]!);
    arrive(clients[0]!);
    clock.pass(900);
    expect(lanes[0]!.taken).toEqual([]);
    clock.pass(200);
    expect(takenBy(lanes[0]!)).toEqual([clients[0]]);
    arrive(clients[1]!);
    expect(takenBy(lanes[0]!)).toEqual(clients.slice(0, 2));
    const successor = lane(2, 1);
    handOver.appoint('default/2', successor);
    arrive(clients[2]!);
    expect(takenBy(successor)).toEqual([clients[2]]);
  });

  it('is patient anew with one that was back, though nobody came for it then', () => {
    const { clock, handOver, lanes, clientsOf, arrive, takenBy } = world(2);
    const clients = clientsOf(2, 2);
    handOver.ended(lanes[1]!);
    arrive(clients[0]!);
    clock.pass(1_100);
    const successor = lane(2, 1);
    handOver.appoint('default/2', successor);
    handOver.ready(successor);
    handOver.ended(successor);
    arrive(clients[1]!);
    expect(takenBy(lanes[0]!)).toEqual([clients[0]]);
    handOver.appoint('default/2', lane(2, 1));
    expect(takenBy(lanes[0]!)).toEqual([clients[0]]);
  });

  it('has no more wait for one that is busy than a bounded number', () => {
    const { lanes, clientsOf, arrive, closed } = world(2);
    lanes[1]!.room = false;
    const [client] = clientsOf(2, 1);
    for (let i = 0; i < 600; i += 1) arrive(client!);
    expect(lanes[0]!.taken.length).toBe(600 - 512);
    expect(closed).toEqual([]);
  });

  it('where nobody is there they wait longer, and are told in the end', () => {
    const { clock, handOver, lanes, clientsOf, arrive, closed, turnedAway } = world(2);
    for (const each of lanes) handOver.ended(each);
    const [client] = clientsOf(1, 1);
    arrive(client!);
    clock.pass(9_000);
    expect(closed).toEqual([]);
    clock.pass(1_100);
    expect(closed).toEqual([client]);
    expect(turnedAway).toEqual(['default']);
    expect(clock.pending).toBe(0);
  });

  it('where nobody is there and too many wait, others are told at once', () => {
    const { handOver, lanes, clientsOf, arrive, closed } = world(2);
    for (const each of lanes) handOver.ended(each);
    const [client] = clientsOf(1, 1);
    for (let i = 0; i < 520; i += 1) arrive(client!);
    expect(closed.length).toBe(8);
  });

  it('places who waits anew when the table changes', () => {
    const { handOver, lanes, clientsOf, arrive, takenBy } = world(2);
    handOver.ended(lanes[1]!);
    const [client] = clientsOf(2, 1);
    arrive(client!);
    handOver.steer([{ ...shard, instances: 1 }]);
    expect(takenBy(lanes[0]!)).toEqual([client]);
  });

  it('tries one that was out of files again in a moment', () => {
    const { clock, handOver, lanes, clientsOf, arrive, takenBy } = world(2);
    const [client] = clientsOf(2, 1);
    arrive(client!);
    const [lost] = lanes[1]!.taken.splice(0);
    handOver.postpone(lanes[1]!, lost!);
    expect(takenBy(lanes[1]!)).toEqual([]);
    clock.pass(50);
    expect(takenBy(lanes[1]!)).toEqual([client]);
  });

  it('closes what waits for a listening socket that is gone', () => {
    const { handOver, lanes, clientsOf, arrive, closed } = world(2);
    handOver.ended(lanes[1]!);
    const [one, other] = clientsOf(2, 2);
    arrive(one!, 1);
    arrive(other!, 2);
    handOver.drop(2);
    expect(closed).toEqual([other]);
    handOver.close();
    expect(closed).toEqual([other, one]);
  });
});
