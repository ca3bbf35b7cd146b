import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { admit } from '../../src/domain/admission.ts';
import { hashClient } from '../../src/domain/balance/client-hash.ts';
import { createSourceBalancer } from '../../src/domain/balance/source-balancer.ts';
import { evenness } from '../../src/domain/evenness.ts';
import { slotOfClient, slotTable } from '../../src/domain/maglev.ts';
import { type Plan, serverKey } from '../../src/domain/plan.ts';
import { toCandidate } from '../../src/domain/server-moves.ts';
import type { ServerWish } from '../../src/domain/server-state.ts';
import { reshaped, type ShapeChange } from '../../src/domain/shape.ts';
import { type ObservedClient, type ShardPlan, shardPlan } from '../../src/domain/shard-plan.ts';
import { noMoves } from '../support/shard-plan.ts';
import { backend, route, server, shard, shardedPlan } from './sharded-plans.ts';

const sharded = { routeSelector: { matchLabels: { sharded: 'true' } } };
const plan = shardedPlan({
  shards: [shard('default', { isDefault: true, instances: 2 }), shard('sharded', sharded)],
  routes: [
    route('shop'),
    route('old', { host: 'x.test', labels: { sharded: 'true' } }),
    route('new', { host: 'x.test' }),
    route('media', { labels: { sharded: 'true' } }),
  ],
  backends: [
    backend('web'),
    backend('hashed', { algorithm: 'source', servers: [1, 2, 3].map((id) => server(`h${id}`, id)) }),
  ],
});

function clientsOf(
  number: number,
  shardName = 'default',
  backends: readonly string[] = [],
): ObservedClient[] {
  return Array.from({ length: number }, (_, i) => ({
    address: `10.0.${i >> 8}.${i & 255}`,
    shard: shardName,
    instance: `${shardName}/1`,
    connections: 1,
    backends,
  }));
}

function wishesOf(of: Plan, over: Readonly<Record<string, Partial<ServerWish>>> = {}): ServerWish[] {
  return of.backends.flatMap(({ name, servers }) =>
    servers.map(({ name: own, weight, admin }) => {
      const key = serverKey(name, own);
      return { server: key, admin, operational: 'up', weight, ...over[key] };
    }),
  );
}

function planned(
  after: Plan,
  clients: readonly ObservedClient[] = [],
  over: Readonly<Record<string, Partial<ServerWish>>> = {},
  before = plan,
): ShardPlan {
  return shardPlan({
    before,
    after,
    admissionBefore: admit(before),
    admissionAfter: admit(after),
    changes: [],
    clients: { overMs: 60_000, clients, missed: 3 },
    wishesBefore: wishesOf(before),
    wishesAfter: wishesOf(after, over),
  });
}

describe('a plan of what would move', () => {
  it('is of nothing where nothing changes', () => {
    const found = planned(plan, clientsOf(100));
    expect(found.routes).toEqual(noMoves);
    expect(found.servers).toEqual([]);
    expect(found.shards.map(({ moved, slotsMoved, observed }) => [moved, slotsMoved, observed])).toEqual([
      [0, 0, 100],
      [0, 0, 0],
    ]);
    expect(found).toMatchObject({ overMs: 60_000, missed: 3 });
  });

  it('says which routes move, and which are in the way of others', () => {
    const relabel = (name: string, labels: Record<string, string | null>): ShapeChange => ({
      kind: 'relabel',
      route: name,
      labels,
    });
    expect(planned(reshaped(plan, [relabel('shop', { sharded: 'true' })])).routes).toEqual({
      ...noMoves,
      moved: [{ route: 'shop', from: ['default'], to: ['sharded'] }],
    });
    const meeting = planned(reshaped(plan, [relabel('new', { sharded: 'true' })])).routes;
    expect(meeting).toMatchObject({ moved: [], orphaned: ['new'] });
    expect(meeting.conflicts).toEqual([
      {
        route: 'new',
        status: expect.objectContaining({ shard: 'sharded', reason: 'HostAlreadyClaimed', by: 'old' }),
      },
    ]);
    const together = reshaped(plan, [relabel('new', { sharded: 'true' })]);
    expect(planned(plan, [], {}, together).routes).toMatchObject({
      moved: [{ route: 'new', from: [], to: ['default'] }],
      conflicts: [],
      activated: [],
    });
    const freed = reshaped(together, [relabel('old', { sharded: null })]);
    expect(planned(freed, [], {}, together).routes).toMatchObject({
      activated: [{ route: 'new', shard: 'sharded' }],
    });
  });

  it('says which routes would be served by nobody, or twice', () => {
    const strict = {
      ...plan,
      shards: plan.shards.map((each) => ({ ...each, isDefault: false, ...sharded })),
    };
    expect(planned(strict).routes.orphaned).toEqual(['shop', 'new']);
    const open = planned(reshaped(plan, [{ kind: 'select', shard: 'sharded', routeSelector: null }])).routes;
    expect(open.moved.map(({ route: name }) => name)).toEqual(['shop']);
    const both = { ...plan, shards: plan.shards.map((each) => ({ ...each, isDefault: false })) };
    expect(planned(both).routes.doublyServed).toEqual([
      { route: 'old', shards: ['default', 'sharded'] },
      { route: 'media', shards: ['default', 'sharded'] },
    ]);
  });

  it('says which routes and shards come and go with a configuration', () => {
    const after: Plan = {
      ...plan,
      hash: '111111111111',
      shards: [
        plan.shards[0]!,
        shard('third', { instances: 2, routeSelector: { matchLabels: { third: 'yes' } } }),
      ],
      routes: [...plan.routes.slice(1), route('fresh')],
    };
    const found = planned(after, clientsOf(10, 'sharded'));
    expect(found).toMatchObject({ from: '000000000000', to: '111111111111' });
    expect(found.routes).toMatchObject({ removed: ['shop'], added: ['fresh'], orphaned: ['new'] });
    expect(found.shards).toMatchObject([
      { shard: 'default', moved: 0 },
      { shard: 'third', instancesBefore: 0, instancesAfter: 2, before: [], after: [0, 0], slotsMoved: 0 },
      {
        shard: 'sharded',
        instancesBefore: 1,
        instancesAfter: 0,
        observed: 10,
        moved: 10,
        before: [10],
        after: [],
        slotsMoved: 251,
      },
    ]);
  });

  it('counts clients by the tables, each address once', () => {
    const clients = [...clientsOf(300), ...clientsOf(300), { ...clientsOf(1)[0]!, address: '' }];
    const [change] = planned(
      reshaped(plan, [{ kind: 'scale', shard: 'default', instances: 3 }]),
      clients,
    ).shards;
    const [before, after] = [slotTable(2, 251), slotTable(3, 251)];
    const slots = clientsOf(300).map(({ address }) => slotOfClient(address, 251, 128)!);
    const counts = (table: Uint16Array, of: number): number[] =>
      Array.from({ length: of }, (_, i) => slots.filter((slot) => table[slot] === i + 1).length);
    expect(change).toEqual({
      shard: 'default',
      instancesBefore: 2,
      instancesAfter: 3,
      observed: 300,
      moved: slots.filter((slot) => before[slot] !== after[slot]).length,
      before: counts(before, 2),
      after: counts(after, 3),
      evennessBefore: evenness(counts(before, 2)),
      evennessAfter: evenness(counts(after, 3)),
      slotsMoved: before.filter((owner, slot) => owner !== after[slot]).length,
    });
  });

  it('compares tables of different sizes by the clients that they serve', () => {
    const resized = (tableSize: number, instances = 2): Plan => ({
      ...plan,
      shards: plan.shards.map((each) => ({ ...each, instances, steering: { ...each.steering, tableSize } })),
    });
    expect(planned(resized(509, 1), [], {}, resized(251, 1)).shards[0]!.slotsMoved).toBe(0);
    const { slotsMoved } = planned(resized(509), [], {}, resized(251)).shards[0]!;
    expect(slotsMoved).toBeGreaterThan(0);
    expect(slotsMoved).toBeLessThan(509);
  });

  it('counts hashed clients by the balancer itself', () => {
    const clients = clientsOf(200, 'default', ['hashed', 'web']);
    const removed = planned(plan, [...clients, ...clientsOf(50, 'sharded', ['web'])], {
      'hashed/h2': { admin: 'maint' },
    });
    const [hashed] = plan.backends.filter(({ name }) => name === 'hashed');
    const balancer = createSourceBalancer<ReturnType<typeof toCandidate>>();
    balancer.update(
      hashed!.servers.map((each) =>
        toCandidate(each, wishesOf(plan).find((wish) => wish.server === `hashed/${each.name}`)!),
      ),
    );
    const before = clients.map(({ address }) => balancer.pick(hashClient(address), undefined)!.name);
    const onGone = before.filter((name) => name === 'h2').length;
    expect(removed.servers).toMatchObject([{ backend: 'hashed', observed: 200, moved: onGone }]);
    expect(removed.servers[0]!.before).toEqual(
      ['h1', 'h2', 'h3'].map((name) => ({
        server: name,
        clients: before.filter((each) => each === name).length,
      })),
    );
    expect(removed.servers[0]!.after[1]).toEqual({ server: 'h2', clients: 0 });
    const weighted = planned(plan, clients, { 'hashed/h2': { weight: 200 } });
    expect(weighted.servers[0]!.moved).toBeGreaterThan(0);
    expect(planned(plan, clients, { 'web/app1': { weight: 1 } }).servers).toEqual([]);
  });
});

describe('a plan of any change', () => {
  const change: fc.Arbitrary<ShapeChange> = fc.oneof(
    fc.record({
      kind: fc.constant('scale' as const),
      shard: fc.constantFrom('default', 'sharded'),
      instances: fc.integer({ min: 1, max: 5 }),
    }),
    fc.record({
      kind: fc.constant('relabel' as const),
      route: fc.constantFrom('shop', 'old', 'new', 'media'),
      labels: fc.constantFrom({ sharded: 'true' }, { sharded: null }, { tier: 'gold' }),
    }),
    fc.record({
      kind: fc.constant('select' as const),
      shard: fc.constantFrom('default', 'sharded'),
      routeSelector: fc.constantFrom(null, sharded.routeSelector, { matchLabels: { tier: 'gold' } }),
    }),
  );
  const changes = fc.array(change, { maxLength: 4 });

  it('says what admission and the tables say of the plan that comes of it', () => {
    fc.assert(
      fc.property(changes, changes, (first, then) => {
        const before = reshaped(plan, first);
        const after = reshaped(before, then);
        const clients = clientsOf(40);
        const { routes, shards } = planned(after, clients, {}, before);
        const serving = (of: Plan, name: string): string[] =>
          admit(of)
            .statuses.get(name)!
            .flatMap((status) => (status.admitted ? [status.shard] : []));
        for (const { name } of plan.routes) {
          const [from, to] = [serving(before, name), serving(after, name)];
          const moved = routes.moved.find((each) => each.route === name);
          const changed = from.join() !== to.join();
          expect(moved !== undefined).toBe(changed && to.length > 0);
          if (moved !== undefined) expect(moved).toEqual({ route: name, from, to });
          expect(routes.orphaned.includes(name)).toBe(from.length > 0 && to.length === 0);
          expect(routes.doublyServed.some((each) => each.route === name)).toBe(
            from.length < 2 && to.length > 1,
          );
        }
        const [ofDefault] = shards;
        const instance = (of: Plan, address: string): number =>
          slotTable(of.shards[0]!.instances, 251)[slotOfClient(address, 251, 128)!]!;
        const moved = clients.filter(({ address }) => instance(before, address) !== instance(after, address));
        expect(ofDefault!.moved).toBe(moved.length);
        expect(ofDefault!.after.reduce((sum, each) => sum + each, 0)).toBe(clients.length);
      }),
    );
  });
});
