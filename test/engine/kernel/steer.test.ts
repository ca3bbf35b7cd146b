import { expect, it } from 'vitest';
import { createEmitter } from '../../../src/domain/event.ts';
import type { KernelEntity, Usable } from '../../../src/domain/kernel.ts';
import type { BindEntity } from '../../../src/domain/model.ts';
import type { Plan } from '../../../src/domain/plan.ts';
import type {
  EngineChange,
  EngineSnapshot,
  PrivatePort,
  SteeringInForce,
} from '../../../src/engine/engine.ts';
import { createSteer } from '../../../src/engine/kernel/steer.ts';
import type { Kernel } from '../../../src/nft/kernel.ts';
import { NftError } from '../../../src/nft/process/nft.ts';
import { restingPart } from '../../../src/nft/table/parts/steer-part.ts';
import type { TablePart } from '../../../src/nft/table/table-part.ts';
import { bind, shard, shardedPlan } from '../../domain/sharded-plans.ts';
import { createStillClock } from '../embedded/still-clock.ts';

const port = (number: number, at: number): PrivatePort => ({
  shard: 'default',
  bind: 'web',
  instance: `default/${number}`,
  host: '127.0.0.1',
  port: at,
});

function planOf(instances: number, by: 'nft' | 'handoff' = 'nft'): Plan {
  const one = shard('default', { instances, binds: [bind('web', 'http')] });
  return shardedPlan({ shards: [{ ...one, steering: { ...one.steering, by } }] });
}

function world() {
  const clock = createStillClock();
  const engineChanges = createEmitter<EngineChange>();
  const tableChanges = createEmitter<KernelEntity['table']>();
  const snapshot: { -readonly [K in keyof EngineSnapshot]: EngineSnapshot[K] } = {
    instances: [],
    binds: [{ name: 'web', shard: 'default', address: '127.0.0.1:8080' } as BindEntity],
    privatePorts: [],
    steering: [],
  };
  const sets: TablePart[] = [];
  const told: SteeringInForce[] = [];
  const kernel = { change: true as Usable, refusal: undefined as string | undefined };
  const table = { state: 'none' } as { state: KernelEntity['table']['state'] };
  const steer = createSteer({
    engine: { snapshot: () => snapshot, changes: engineChanges.event },
    kernel: {
      nft: { usable: async () => ({ read: true, change: kernel.change }) },
      table: {
        get state() {
          return table;
        },
        changes: tableChanges.event,
        async set(_part: string, wish: TablePart) {
          if (kernel.refusal !== undefined && wish.chains.length > 0)
            throw new NftError('refused', kernel.refusal);
          table.state = wish.chains.length > 0 ? 'in-force' : 'none';
          sets.push(wish);
        },
      },
    } as unknown as Kernel,
    clock,
    changed: (steering) => told.push(steering),
  });
  /** Lets what is due be done, `ms` later. */
  const pass = async (ms = 50) => {
    clock.pass(ms);
    for (let i = 0; i < 20; i += 1) await Promise.resolve();
  };
  const ports = async (...next: PrivatePort[]) => {
    snapshot.privatePorts = next;
    engineChanges.emit({ kind: 'private-ports' });
    await pass();
  };
  return { steer, sets, told, kernel, table, pass, ports };
}

it('nothing is asked of the kernel without a shard that wishes it, or with one instance', async () => {
  const { steer, sets, told, pass } = world();
  steer.planned(planOf(3, 'handoff'));
  await pass();
  expect(steer.steering).toEqual([]);
  steer.planned(planOf(1));
  await pass();
  expect(steer.steering).toEqual([]);
  expect([sets, told]).toEqual([[], []]);
});

it('rules follow the private ports; the same ones are not set again', async () => {
  const { steer, sets, told, ports, pass } = world();
  steer.planned(planOf(2));
  await pass();
  expect(steer.steering).toEqual([{ shard: 'default', by: 'handoff', why: 'its rules are not set yet' }]);
  expect(told).toEqual([]);
  await ports(port(1, 40_001), port(2, 40_002));
  expect(told.at(-1)).toEqual({ shard: 'default', by: 'nft' });
  expect(sets).toHaveLength(1);
  await ports(port(1, 40_001), port(2, 40_002));
  expect(sets).toHaveLength(1);
  // One is away: the others have its clients until it is back.
  await ports(port(1, 40_001));
  await ports(port(1, 40_001), port(2, 40_002));
  expect(sets).toHaveLength(3);
  expect(told.at(-1)).toEqual({ shard: 'default', by: 'nft' });
  steer.planned(planOf(1));
  await pass();
  // Established connections keep their way.
  expect(sets.at(-1)).toBe(restingPart);
  expect(steer.steering).toEqual([]);
});

it('says that sockets are missing when they do not come', async () => {
  const { steer, told, pass } = world();
  steer.planned(planOf(2));
  await pass();
  await pass(3_000);
  await pass();
  expect(told).toEqual([
    { shard: 'default', by: 'handoff', why: expect.stringContaining('no private sockets') },
  ]);
});

it('says why it cannot be, hands over, and tries again', async () => {
  const { steer, sets, told, kernel, ports, pass } = world();
  kernel.change = { no: 'nft is not installed', remedy: 'apt-get install nftables' };
  steer.planned(planOf(2));
  await ports(port(1, 40_001), port(2, 40_002));
  expect(told.at(-1)).toEqual({
    shard: 'default',
    by: 'handoff',
    why: 'nft is not installed; apt-get install nftables',
  });
  kernel.change = true;
  kernel.refusal = 'Could not process rule: Message too long';
  await pass(30_000);
  await pass();
  expect(told.at(-1)?.why).toMatch(/Message too long.*a smaller tableSize/);
  kernel.refusal = undefined;
  await pass(60_000);
  await pass();
  expect(told.at(-1)).toEqual({ shard: 'default', by: 'nft' });
  expect(sets.at(-1)?.chains).not.toEqual([]);
  steer.close();
});
