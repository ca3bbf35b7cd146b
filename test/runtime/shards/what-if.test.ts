import { describe, expect, it } from 'vitest';
import { planHash } from '../../../src/config/plan-hash.ts';
import { type Plan, serverKey } from '../../../src/domain/plan.ts';
import type { ServerWish } from '../../../src/domain/server-state.ts';
import type { ShapeChange } from '../../../src/domain/shape.ts';
import { reshaped } from '../../../src/domain/shape.ts';
import type { ObservedClients, ServerChange, ShardPlan, WhatIf } from '../../../src/domain/shard-plan.ts';
import { createWhatIf, type WhatIfContext } from '../../../src/runtime/shards/what-if.ts';
import { backend, route, server, shard, shardedPlan, tls } from '../../domain/sharded-plans.ts';

const named = (plan: Plan): Plan => ({ ...plan, hash: planHash(plan) });
const plan = named(
  shardedPlan({
    shards: [
      shard('default', { isDefault: true }),
      shard('sharded', { routeSelector: { matchLabels: { sharded: 'true' } } }),
    ],
    routes: [route('shop'), route('pay', { host: 'x.test', tls: tls('edge') })],
    backends: [backend('hashed', { algorithm: 'source', servers: [server('h1', 1), server('h2', 2)] })],
  }),
);
const wishes: ServerWish[] = [
  { server: 'hashed/h1', admin: 'ready', operational: 'up', weight: 100 },
  { server: 'hashed/h2', admin: 'drain', operational: 'up', weight: 100 },
];
const clients: ObservedClients = {
  overMs: 60_000,
  missed: 0,
  clients: Array.from({ length: 50 }, (_, i) => ({
    address: `10.0.0.${i}`,
    shard: 'default',
    instance: 'default/1',
    connections: 1,
    backends: ['hashed'],
  })),
};

const asking = (over: Partial<WhatIfContext> = {}) =>
  createWhatIf({
    planInForce: () => plan,
    load: undefined,
    terminationOverride: () => undefined,
    wishes: () => wishes,
    clients: () => Promise.resolve(clients),
    ...over,
  });

const asked = (whatIf: WhatIf, over: Partial<WhatIfContext> = {}): Promise<ShardPlan | { fault: string }> =>
  asking(over)(whatIf);

async function planned(whatIf: WhatIf, over: Partial<WhatIfContext> = {}): Promise<ShardPlan> {
  const found = await asked(whatIf, over);
  if ('fault' in found) throw new Error(found.fault);
  return found;
}

describe('what if', () => {
  it('names the plan that it was made from, and the one that applying it comes to', async () => {
    const changes: ShapeChange[] = [
      { kind: 'scale', shard: 'default', instances: 2 },
      { kind: 'relabel', route: 'shop', labels: { sharded: 'true' } },
    ];
    const found = await planned({ changes });
    expect(found).toMatchObject({
      from: plan.hash,
      to: planHash(reshaped(plan, changes)),
      changes: ['scale default to 2', 'relabel shop sharded=true'],
      routes: { moved: [{ route: 'shop', from: ['default'], to: ['sharded'] }] },
      shards: [{ shard: 'default', instancesAfter: 2, observed: 50 }, { shard: 'sharded' }],
    });
    expect(found.to).not.toBe(found.from);
  });

  it('takes servers as they are in force, and leaves the plan as it is', async () => {
    const found = await planned({ changes: [{ kind: 'remove', server: 'hashed/h1' }] });
    expect(found).toMatchObject({ from: plan.hash, to: plan.hash, changes: ['remove hashed/h1'] });
    // h2 drains: who was on h1 finds nobody.
    expect(found.servers).toMatchObject([{ backend: 'hashed', observed: 50, moved: 50 }]);
    expect(found.servers[0]!.after).toEqual([
      { server: 'h1', clients: 0 },
      { server: 'h2', clients: 0 },
    ]);
  });

  it.each<[string, readonly (ShapeChange | ServerChange)[], string]>([
    ['nothing', [], 'nothing is asked: name at least one change'],
    [
      'no such shard',
      [{ kind: 'scale', shard: 'defualt', instances: 2 }],
      'there is no shard defualt: did you mean default?',
    ],
    ['no such route', [{ kind: 'relabel', route: 'zzz', labels: { a: 'b' } }], 'there is no route zzz'],
    [
      'no instance',
      [{ kind: 'scale', shard: 'default', instances: 0 }],
      'default can have 1 to 64 instances, not 0',
    ],
    ['no label', [{ kind: 'relabel', route: 'shop', labels: {} }], 'name at least one label'],
    ['a bad label', [{ kind: 'relabel', route: 'shop', labels: { '-a': 'b' } }], 'label -a: a label'],
    ['a bad value', [{ kind: 'relabel', route: 'shop', labels: { a: '\u001b' } }], 'label a: a label'],
    [
      'a bad selector',
      [{ kind: 'select', shard: 'sharded', routeSelector: { matchLabels: { 'a b': 'c' } } }],
      'the selector of sharded: ',
    ],
    [
      'no such server',
      [{ kind: 'remove', server: serverKey('hashed', 'h3') }],
      'there is no server hashed/h3: did you mean hashed/h',
    ],
    [
      'a bad weight',
      [{ kind: 'weight', server: 'hashed/h1', weight: 257 }],
      'the weight of hashed/h1 is a whole number from 0 to 256',
    ],
  ])('refuses %s', async (_, changes, fault) => {
    expect(await asked({ changes })).toEqual({ fault: expect.stringContaining(fault) });
  });

  it('lets others have their turn between two that are asked for at once', async () => {
    const ask = asking();
    let turns = 0;
    let asked = true;
    const others = () => {
      turns += 1;
      if (asked) setImmediate(others);
    };
    setImmediate(others);
    const done: number[] = [];
    await Promise.all(
      [2, 3, 4, 5].map(async (instances) => {
        await ask({ changes: [{ kind: 'scale', shard: 'default', instances }] });
        done.push(turns);
      }),
    );
    asked = false;
    expect(done.every((each, index) => index === 0 || each > done[index - 1]!)).toBe(true);
  });

  it('says why clients cannot be asked for', async () => {
    const found = await asked(
      { changes: [{ kind: 'scale', shard: 'default', instances: 2 }] },
      { clients: () => Promise.reject(new Error('the acceptor is gone')) },
    );
    expect(found).toEqual({ fault: 'the clients cannot be asked for: the acceptor is gone' });
  });

  describe('of a reload', () => {
    const loadOf = (next: Plan) => ({
      load: () => Promise.resolve({ ok: true as const, plan: named(next) }),
    });

    it('is of the file as it is now; an operator keeps what he wished', async () => {
      const [hashed] = plan.backends;
      const next = {
        ...plan,
        routes: [...plan.routes, route('fresh')],
        backends: [{ ...hashed!, servers: hashed!.servers.map((each) => ({ ...each, weight: 50 })) }],
      };
      const found = await planned({ reload: true }, loadOf(next));
      expect(found).toMatchObject({ to: planHash(next), routes: { added: ['fresh'] } });
      // h2 is in drain by an operator, and stays it: all clients are h1's before and after.
      expect(found.servers).toMatchObject([
        { moved: 0, after: [{ server: 'h1', clients: 50 }, { clients: 0 }] },
      ]);
    });

    it('is judged by the modes in force', async () => {
      const next = {
        ...plan,
        routes: [...plan.routes, route('more', { host: 'x.test', path: '/a', tls: tls('edge') })],
      };
      expect((await planned({ reload: true }, loadOf(next))).routes.conflicts).toEqual([]);
      const passed = {
        ...loadOf(next),
        terminationOverride: (name: string) => (name === 'pay' ? ('passthrough' as const) : undefined),
      };
      expect((await planned({ reload: true }, passed)).routes.conflicts).toMatchObject([
        { route: 'more', status: { reason: 'HostAlreadyClaimed', by: 'pay' } },
      ]);
    });

    it('tells what is wrong with the file', async () => {
      const errors = [{ message: 'no such key', file: 'sluice.yaml', line: 3 }];
      expect(await asked({ reload: true }, { load: () => Promise.resolve({ ok: false, errors }) })).toEqual({
        fault: 'sluice.yaml:3: no such key',
      });
      expect(await asked({ reload: true })).toEqual({ fault: expect.stringContaining('no file to reload') });
    });
  });
});
