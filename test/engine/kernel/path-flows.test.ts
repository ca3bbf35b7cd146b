import { expect, it } from 'vitest';
import type { Plan } from '../../../src/domain/plan.ts';
import { createPathFlows } from '../../../src/engine/kernel/path-flows.ts';
import { wishedPaths } from '../../../src/engine/kernel/path-rules.ts';
import type { Flow, FlowQuery } from '../../../src/nft/conntrack/conntrack.ts';
import type { Kernel } from '../../../src/nft/kernel.ts';
import { targetName } from '../../../src/nft/table/parts/path-part.ts';
import { testClock } from '../../runtime/fixture.ts';
import { flow, ip, planOf, server } from './path-plan.ts';

const counterOf = (index: number) =>
  targetName('db', { server: `db/pg${index}`, address: { host: `10.2.0.${index}`, port: 5432 } });

function world(plan: Plan = planOf()) {
  const clock = testClock();
  const state = { flows: [] as Flow[], counts: [0, 0, 0], usable: true, fails: false, inForce: true };
  const asked: FlowQuery[] = [];
  let listed = 0;
  const flows = createPathFlows({
    kernel: {
      conntrack: {
        usable: async () => ({ list: state.usable || { no: 'no' }, accounting: true }),
        async list(query: FlowQuery) {
          asked.push(query);
          if (state.fails) throw new Error('no');
          return { flows: state.flows, more: false };
        },
      },
      table: {
        counters: async () =>
          new Map(
            state.counts.map((packets, index) => [counterOf(index + 1), { packets, bytes: 60 * packets }]),
          ),
      },
    } as unknown as Kernel,
    clock,
    rules: () =>
      state.inForce
        ? wishedPaths(plan, new Map(), {
            forwarding: { ip: true, ip6: true },
            portOf: () => 5432,
          }).flatMap(({ rules }) => rules ?? [])
        : [],
    listed: () => {
      listed += 1;
    },
  });
  const second = async (ms = 1_000): Promise<void> => {
    clock.advance(ms);
    await flows.look();
  };
  return { clock, state, asked, flows, second, listed: () => listed, plan };
}

const rows = ({ connections }: ReturnType<typeof createPathFlows>) =>
  [...connections.values()].map(({ row }) => row);

it('asks nothing at all where no bind has path: kernel', async () => {
  const plan = planOf();
  const { kernelPath: _, ...plain } = plan.shards[0]!.binds[0]!;
  const { flows, asked, clock, listed } = world({
    ...plan,
    shards: [{ ...plan.shards[0]!, binds: [plain] }],
  });
  await flows.planned({ ...plan, shards: [{ ...plan.shards[0]!, binds: [plain] }] });
  clock.advance(60_000);
  expect(asked).toEqual([]);
  expect(listed()).toBe(0);
});

it('knows what an earlier runtime left before the first figures are told', async () => {
  const { flows, state, plan } = world();
  state.inForce = false;
  state.counts = [5, 4, 1];
  state.flows = [flow(1, { bytes: 100 })];
  await flows.planned(plan);
  expect(flows.binds.get('db')).toMatchObject({ total: 10, open: 1, bytesIn: 100, lastArrivalAt: 0 });
  expect(flows.servers.get('db/pg1')).toMatchObject({ total: 5, open: 1 });
});

it('counts what came and went between two looks', async () => {
  const { flows, state, second, clock, plan } = world();
  await flows.planned(plan);
  state.counts = [30, 0, 0];
  await second();
  expect(flows.binds.get('db')).toMatchObject({ total: 30, open: 0, lastArrivalAt: clock.now() });
  // A counter that began anew.
  state.counts = [2, 1, 0];
  await second();
  expect(flows.binds.get('db')!.total).toBe(33);
  expect(flows.servers.get('db/pg1')!.total).toBe(32);
});

it('rates and times come from two lists', async () => {
  const { flows, state, second, plan } = world();
  await flows.planned(plan);
  state.flows = [flow(1, { bytes: 1_000 })];
  await second();
  expect(rows(flows)).toMatchObject([
    {
      id: 'kernel-1',
      client: '192.0.2.7:1001',
      bind: 'db',
      server: 'db/pg1',
      kernel: true,
      rate: 0,
      bytesIn: 1_000,
    },
  ]);
  state.flows = [flow(1, { bytes: 3_000 })];
  await second(2_000);
  expect(rows(flows)).toMatchObject([{ rate: 2_000, ageMs: 2_000, idleMs: 0 }]);
  await second();
  expect(rows(flows)).toMatchObject([{ rate: 0, ageMs: 3_000, idleMs: 1_000 }]);
  expect(flows.binds.get('db')).toMatchObject({ bytesIn: 3_000, bytesOut: 3_000, open: 1 });
});

it('an end is an end, and its last bytes are counted once', async () => {
  const { flows, state, second, plan } = world();
  await flows.planned(plan);
  state.flows = [flow(1, { bytes: 10 }), flow(2, { bytes: 10, server: '10.2.0.2' })];
  await second();
  state.flows = [
    flow(1, { bytes: 25, state: 'TIME_WAIT' }),
    flow(2, { bytes: 10, server: '10.2.0.2', state: 'CLOSE' }),
  ];
  await second();
  await second();
  expect(rows(flows)).toEqual([]);
  expect(flows.binds.get('db')).toMatchObject({ open: 0, bytesIn: 35 });
  state.flows = [];
  await second();
  expect(flows.binds.get('db')).toMatchObject({ open: 0, bytesIn: 35 });
});

it('bytes that the kernel does not count are said to be unknown', async () => {
  const { flows, state, second, plan } = world();
  await flows.planned(plan);
  state.flows = [flow(1), flow(2, { bytes: 5 })];
  await second();
  expect(rows(flows).map(({ uncounted }) => uncounted)).toEqual([true, undefined]);
});

it('connections that another table translates are none of ours', async () => {
  const { flows, state, second, plan } = world();
  await flows.planned(plan);
  state.flows = [flow(1, { server: '10.9.9.9' }), flow(2, { to: '10.96.0.1' })];
  await second();
  expect(rows(flows)).toEqual([]);
});

it('those of a server or a bind that is gone are seen until they end, and then nothing is asked any more', async () => {
  const { flows, state, second, asked, plan, clock } = world();
  await flows.planned(plan);
  state.flows = [flow(1)];
  await second();
  state.inForce = false;
  await flows.planned({ ...plan, shards: [] });
  await second();
  expect(rows(flows)).toHaveLength(1);
  state.flows = [];
  await second();
  const before = asked.length;
  clock.advance(60_000);
  await flows.look();
  expect(asked).toHaveLength(before);
});

it('keeps what it knew while the kernel cannot be asked', async () => {
  const { flows, state, second, plan } = world();
  await flows.planned(plan);
  state.flows = [flow(1)];
  await second();
  state.fails = true;
  await second();
  expect(flows.binds.get('db')!.open).toBe(1);
  state.usable = false;
  await second();
  expect(rows(flows)).toHaveLength(1);
});

it('what an operator ended is gone at once, whatever the kernel remembers', async () => {
  const { flows, state, second, plan } = world();
  await flows.planned(plan);
  state.flows = [flow(1), flow(2)];
  await second();
  flows.end([flows.connections.get('kernel-1')!]);
  expect(flows.binds.get('db')!.open).toBe(1);
  await second();
  expect(rows(flows).map(({ id }) => id)).toEqual(['kernel-2']);
  expect(flows.has(1)).toBe(true);
  state.flows = [flow(2)];
  await second();
  expect(flows.has(1)).toBe(false);
});

it('IPv6 addresses are the same however they are written', async () => {
  const plan = planOf(
    { address: ip('fd00:0::1') },
    { servers: [server('pg1', { address: ip('fd00:0:0::2') })] },
  );
  const { flows, state, second } = world(plan);
  await flows.planned(plan);
  state.flows = [flow(1, { to: 'fd00::1', server: 'fd00::2' })];
  await second();
  expect(rows(flows)).toHaveLength(1);
});

it('lists one bind by itself, and several at once', async () => {
  const { flows, asked, second, plan } = world();
  await flows.planned(plan);
  await second();
  expect(asked.at(-1)).toMatchObject({ translated: true, originalPort: 5432, originalAddress: '10.1.0.1' });
  const [shard] = plan.shards;
  const other = { ...shard!.binds[0]!, name: 'other', address: ip('10.1.0.1', 6000) };
  await flows.planned({ ...plan, shards: [{ ...shard!, binds: [...shard!.binds, other] }] });
  await second();
  expect(asked.at(-1)).not.toHaveProperty('originalPort');
});
