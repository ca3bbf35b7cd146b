import { expect, it } from 'vitest';
import { createEmitter } from '../../../src/domain/event.ts';
import type { KernelEntity, Usable } from '../../../src/domain/kernel.ts';
import type { Plan, Server } from '../../../src/domain/plan.ts';
import type { ServerWish } from '../../../src/domain/server-state.ts';
import type { ServiceInForce } from '../../../src/engine/engine.ts';
import { createServiceKeeper } from '../../../src/engine/kernel/services.ts';
import type { Kernel } from '../../../src/nft/kernel.ts';
import type { TablePart } from '../../../src/nft/table/table-part.ts';
import { backend, plan, server, testClock } from '../../runtime/fixture.ts';

const place = (host: string, port: number) => ({ kind: 'ip', host, port }) as const;

function service(name: string, host: string, endpoints: readonly string[]): Server {
  return server(name, {
    address: place(host, 80),
    service: {
      pick: 'random',
      endpoints: endpoints.map((each) => ({ address: place(each, 8080), weight: 1 })),
    },
  });
}

const planOf = (...servers: Server[]): Plan => plan({ backends: [backend({ servers })] });
const wish = (name: string, drained: readonly string[] = []): ServerWish => ({
  server: `web/${name}`,
  admin: 'ready',
  operational: 'up',
  weight: 1,
  ...(drained.length > 0 && { drained }),
});

function world() {
  const clock = testClock();
  const changes = createEmitter<KernelEntity['table']>();
  const parts: TablePart[] = [];
  const retired: string[] = [];
  const told: ServiceInForce[] = [];
  const faults: { usable: Usable; set: Error | undefined; route: boolean; hangs: boolean } = {
    usable: true,
    hangs: false,
    set: undefined,
    route: true,
  };
  let state: KernelEntity['table'] = { state: 'none' };
  const kernel = {
    nft: { usable: async () => ({ read: true, change: faults.usable }) },
    conntrack: {},
    table: {
      get state() {
        return state;
      },
      changes: changes.event,
      async set(_: string, part: TablePart) {
        if (faults.hangs) await new Promise(() => {});
        if (faults.set) throw faults.set;
        parts.push(part);
        state = { state: 'in-force' };
      },
    },
  } as unknown as Kernel;
  const keeper = createServiceKeeper({
    engine: {
      async retirePool(key) {
        retired.push(key);
        return 1;
      },
    },
    kernel,
    clock,
    changed: (each) => told.push(each),
    hasRoute: async () => faults.route,
  });
  const inForce = (): Usable[] => keeper.services.map((each) => each.inForce);
  const endpoints = (): string[] =>
    (parts.at(-1)?.chains ?? []).map(({ name }) => name).filter((name) => name.endsWith('_8080'));
  const take = async (next: Plan, wishes: readonly ServerWish[] = []): Promise<void> => {
    await keeper.coming(next, wishes);
    await keeper.planned();
  };
  return {
    clock,
    keeper,
    parts,
    retired,
    told,
    faults,
    inForce,
    endpoints,
    take,
    lost(text: string) {
      state = { state: 'failed', text };
      changes.emit(state);
    },
  };
}

const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
};

it('asks nothing of the kernel where there is no service', async () => {
  const { take, parts, keeper, faults } = world();
  faults.usable = { no: 'no nft here' };
  await take(planOf(server('app1')));
  expect(parts).toEqual([]);
  expect(keeper.services).toEqual([]);
});

it('has rules in force before the plan is, and keeps those of the one before until then', async () => {
  const { keeper, parts, endpoints, take, retired } = world();
  await take(planOf(service('a', '10.96.0.1', ['10.1.0.1'])));
  expect(parts).toHaveLength(1);
  await keeper.coming(planOf(service('b', '10.96.0.2', ['10.1.0.2'])), []);
  expect(endpoints()).toEqual(['service_web_b_10.1.0.2_8080', 'service_web_a_10.1.0.1_8080']);
  await keeper.planned();
  expect(endpoints()).toEqual(['service_web_b_10.1.0.2_8080']);
  expect(retired).toEqual(['web/a']);
});

it('goes back to what was where the engine refuses the plan', async () => {
  const { keeper, endpoints, take, retired } = world();
  await take(planOf(service('a', '10.96.0.1', ['10.1.0.1', '10.1.0.2'])));
  await keeper.coming(planOf(service('a', '10.96.0.1', ['10.1.0.3'])), []);
  await keeper.refused();
  expect(endpoints()).toEqual(['service_web_a_10.1.0.1_8080', 'service_web_a_10.1.0.2_8080']);
  expect(retired).toEqual([]);
});

it('a drain takes an endpoint out of the rules, and then retires what is kept', async () => {
  const { keeper, endpoints, take, retired, parts } = world();
  await take(planOf(service('a', '10.96.0.1', ['10.1.0.1', '10.1.0.2'])));
  await keeper.setServers([wish('a', ['10.1.0.1:8080'])]);
  expect(endpoints()).toEqual(['service_web_a_10.1.0.2_8080']);
  expect(retired).toEqual(['web/a']);
  // A check's news is none of the kernel's.
  await keeper.setServers([{ ...wish('a', ['10.1.0.1:8080']), operational: 'down' }]);
  expect(parts).toHaveLength(2);
  await keeper.setServers([wish('a')]);
  expect(endpoints()).toHaveLength(2);
  expect(retired).toEqual(['web/a']);
});

it('refuses a drain that could not be put in force, and holds nothing of it', async () => {
  const { keeper, take, faults, retired, endpoints } = world();
  await take(planOf(service('a', '10.96.0.1', ['10.1.0.1', '10.1.0.2'])));
  faults.set = new Error('No buffer space available');
  await expect(keeper.setServers([wish('a', ['10.1.0.1:8080'])])).rejects.toThrow(
    'endpoints are as before: No buffer space available',
  );
  expect(retired).toEqual([]);
  faults.set = undefined;
  await keeper.setServers([wish('a', ['10.1.0.2:8080'])]);
  expect(endpoints()).toEqual(['service_web_a_10.1.0.1_8080']);
});

it('what hangs there keeps no other server waiting', async () => {
  const { keeper, take, lost, faults, clock } = world();
  await take(planOf(service('a', '10.96.0.1', ['10.1.0.1']), server('b')));
  faults.hangs = true;
  lost('an nft that never answers');
  clock.advance(30_000);
  await settled();
  await keeper.setServers([wish('b')]);
});

it('starts with what drained before', async () => {
  const { take, endpoints } = world();
  await take(planOf(service('a', '10.96.0.1', ['10.1.0.1', '10.1.0.2'])), [wish('a', ['10.1.0.1:8080'])]);
  expect(endpoints()).toEqual(['service_web_a_10.1.0.2_8080']);
});

it('says why there are no rules and how to get them, and has them as soon as it can', async () => {
  const { clock, take, faults, inForce, endpoints, told } = world();
  faults.usable = { no: 'not permitted to change nftables', remedy: 'run as root' };
  await take(planOf(service('a', '10.96.0.1', ['10.1.0.1'])));
  expect(inForce()).toEqual([{ no: 'not permitted to change nftables', remedy: 'run as root' }]);
  faults.usable = true;
  clock.advance(30_000);
  await settled();
  expect(inForce()).toEqual([true]);
  expect(endpoints()).toHaveLength(1);
  expect(told.map(({ inForce: each }) => each === true)).toEqual([false, true]);
});

it('says that there is no route to the address, and notices when there is one', async () => {
  const { clock, take, faults, inForce } = world();
  faults.route = false;
  await take(planOf(service('a', '10.96.0.1', ['10.1.0.1'])));
  expect(inForce()).toMatchObject([
    {
      no: expect.stringContaining('no route to 10.96.0.1'),
      remedy: expect.stringContaining('ip route add 10.96.0.1/32 dev lo'),
    },
  ]);
  faults.route = true;
  clock.advance(3_000);
  await settled();
  expect(inForce()).toEqual([true]);
});

it('puts its rules back where somebody took them away', async () => {
  const { clock, take, lost, parts } = world();
  await take(planOf(service('a', '10.96.0.1', ['10.1.0.1'])));
  lost('removed by somebody else');
  clock.advance(30_000);
  await settled();
  expect(parts).toHaveLength(2);
});

it('leaves alone what is closed', async () => {
  const { clock, take, faults, keeper, parts } = world();
  faults.set = new Error('no');
  await take(planOf(service('a', '10.96.0.1', ['10.1.0.1'])));
  keeper.close();
  faults.set = undefined;
  clock.advance(60_000);
  await settled();
  expect(parts).toEqual([]);
});
