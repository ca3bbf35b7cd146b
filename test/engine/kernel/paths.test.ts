import { expect, it } from 'vitest';
import { createEmitter } from '../../../src/domain/event.ts';
import type { KernelEntity, Usable } from '../../../src/domain/kernel.ts';
import type { BindEntity } from '../../../src/domain/model.ts';
import type { ServerWish } from '../../../src/domain/server-state.ts';
import { createPaths } from '../../../src/engine/kernel/paths.ts';
import type { Kernel } from '../../../src/nft/kernel.ts';
import type { TablePart } from '../../../src/nft/table/table-part.ts';
import { testClock } from '../../runtime/fixture.ts';
import { planOf } from './path-plan.ts';

const none = { kernelPath: { masquerade: false, fallback: 'none' } } as const;
const wish = (name: string, over: Partial<ServerWish> = {}): ServerWish => ({
  ...{ server: `db/${name}`, admin: 'ready', operational: 'up', weight: 100 },
  ...over,
});

function world() {
  const clock = testClock();
  const state = {
    change: true as Usable,
    conntrack: true as Usable,
    forwards: true,
    set: undefined as Error | undefined,
    tracked: new Set<number>(),
  };
  const parts: TablePart[] = [];
  const told: BindEntity[] = [];
  const entity: BindEntity = {
    ...{
      name: 'db',
      shard: 'default',
      address: '10.1.0.1:5432',
      mode: 'tcp',
      maxConnections: 1,
      state: 'open',
    },
  };
  let open = [entity];
  const paths = createPaths({
    engine: { snapshot: () => ({ binds: open, instances: [], privatePorts: [], steering: [] }) },
    kernel: {
      nft: { usable: async () => ({ read: true, change: state.change }) },
      conntrack: { usable: async () => ({ list: state.conntrack, accounting: true }) },
      table: {
        state: { state: 'in-force' },
        changes: createEmitter<KernelEntity['table']>().event,
        async set(_: string, part: TablePart) {
          if (state.set) throw state.set;
          parts.push(part);
        },
      },
    } as unknown as Kernel,
    clock,
    changed: (bind) => told.push(bind),
    isTracked: (id) => state.tracked.has(id),
    forwarding: async () => ({ ip: state.forwards, ip6: state.forwards }),
  });
  const servers = () => paths.rules.flatMap(({ targets }) => targets.map(({ server }) => server));
  const path = () => paths.withPath(entity).path;
  return {
    ...{ clock, state, parts, told, paths, servers, path },
    nobodyListens: () => {
      open = [];
    },
  };
}

const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 8; turn++) await new Promise((resolve) => setImmediate(resolve));
};

it('asks nothing of the kernel without such a bind', async () => {
  const { paths, parts } = world();
  await paths.planned({ ...planOf(), shards: [] }, []);
  await paths.setServers([wish('pg1')]);
  expect(parts).toEqual([]);
});

it('follows servers, and changes nothing where nothing is changed', async () => {
  const { paths, parts, servers, path } = world();
  await paths.planned(planOf(), []);
  expect(path()).toEqual({ by: 'kernel' });
  await paths.setServers([wish('pg1', { operational: 'down' })]);
  expect(servers()).toEqual(['db/pg2', 'db/pg3']);
  await paths.setServers([wish('pg2')]);
  expect(parts).toHaveLength(2);
});

it('servers that are set while a plan is coming are so over what the plan said', async () => {
  const { paths, servers } = world();
  paths.coming();
  await paths.setServers([wish('pg1', { operational: 'down' })]);
  await paths.planned(planOf(), [wish('pg1')]);
  expect(servers()).toEqual(['db/pg2', 'db/pg3']);
});

it.each([
  ['nft', 'install nftables', { change: { no: 'there is no nft', remedy: 'install nftables' } }],
  ['conntrack', 'no conntrack', { conntrack: { no: 'no conntrack' } }],
  ['forwarding', 'net.ipv4.ip_forward=1', { forwards: false }],
  ['the table', 'No buffer space', { set: new Error('No buffer space') }],
])('relays without %s, says why, and tries again by itself', async (_, why, fault) => {
  const { paths, state, path, clock, told } = world();
  const well = { ...state };
  Object.assign(state, fault);
  await paths.planned(planOf(), []);
  expect(path()).toEqual({ by: 'relay', why: expect.stringContaining(why) });
  Object.assign(state, well);
  clock.advance(30_000);
  await settled();
  expect(path()).toEqual({ by: 'kernel' });
  expect(told.map((bind) => bind.path?.by)).toEqual(['relay', 'kernel']);
});

it('takes its rules away as soon as they would lead nowhere', async () => {
  const { paths, state, path, clock, parts } = world();
  await paths.planned(planOf(), []);
  state.forwards = false;
  clock.advance(30_000);
  await settled();
  expect(path()?.by).toBe('relay');
  expect(parts.at(-1)?.counters).toEqual([]);
  expect(parts.at(-1)?.chains.map(({ name }) => name)).toEqual(['path_prerouting', 'path_output']);
});

it('with fallback none nobody listens, and its bind is told all the same', async () => {
  const { paths, state, nobodyListens } = world();
  nobodyListens();
  state.forwards = false;
  const plan = planOf(none);
  expect(paths.relayed(plan).shards[0]!.binds).toEqual([]);
  await paths.planned(plan, []);
  expect(paths.binds()).toMatchObject([{ name: 'db', state: 'failed', path: { by: 'none' } }]);
  state.forwards = true;
  await paths.planned(plan, []);
  expect(paths.binds()).toMatchObject([
    { name: 'db', address: '10.1.0.1:5432', state: 'open', path: { by: 'kernel' } },
  ]);
});

it('an order that could not be carried out is refused, and does not hold', async () => {
  const { paths, state, servers } = world();
  await paths.planned(planOf(), []);
  state.set = new Error('busy');
  await expect(paths.setServers([wish('pg1', { admin: 'drain' })])).rejects.toThrow('as before: busy');
  state.set = undefined;
  await paths.setServers([wish('pg2', { admin: 'drain' })]);
  expect(servers()).toEqual(['db/pg1', 'db/pg3']);
});

it('remembers what was ended while the kernel tracks it', async () => {
  const { paths, state, parts } = world();
  await paths.planned(planOf(), []);
  state.tracked = new Set([7, 8]);
  await paths.end([7]);
  await paths.end([8]);
  const text = () =>
    JSON.stringify(parts.at(-1)?.chains.find(({ name }) => name === 'path_ended_prerouting'));
  expect(text()).toContain('"set":[7,8]');
  state.tracked = new Set([8, 9]);
  await paths.setServers([wish('pg1', { weight: 1 })]);
  expect(text()).toContain('"set":[8]');
  state.set = new Error('no');
  await expect(paths.end([9])).rejects.toThrow('no');
});
