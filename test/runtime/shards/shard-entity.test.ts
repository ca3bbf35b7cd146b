import { expect, it } from 'vitest';
import { admit } from '../../../src/domain/admission.ts';
import { reshaped } from '../../../src/domain/shape.ts';
import { shardEntities } from '../../../src/runtime/shards/shard-entity.ts';
import { bind, route, shard, shardedPlan } from '../../domain/sharded-plans.ts';

const configured = shardedPlan({
  shards: [
    shard('default', { isDefault: true, domain: 'apps.test', binds: [bind('web', 'http')] }),
    shard('sharded', {
      routeSelector: { matchLabels: { sharded: 'true' } },
      namespaceSelector: { matchExpressions: [{ key: 'tier', operator: 'Exists' }] },
    }),
  ],
  namespaces: [{ name: 'gold', labels: { tier: 'gold' } }],
  routes: [
    route('b', { createdAt: 2 }),
    route('a', { createdAt: 1 }),
    route('late', { createdAt: 3, host: 'a.example.com' }),
    route('media', { namespace: 'gold', labels: { sharded: 'true' } }),
  ],
});

it('a shard has its shape in force beside the configured one, and its routes, oldest first', () => {
  const plan = reshaped(configured, [
    { kind: 'scale', shard: 'default', instances: 3 },
    { kind: 'select', shard: 'sharded', routeSelector: null },
  ]);
  expect(shardEntities(plan, configured, admit(plan), [])).toEqual([
    {
      name: 'default',
      domain: 'apps.test',
      instances: 3,
      configuredInstances: 1,
      routeSelector: '',
      configuredRouteSelector: '',
      namespaceSelector: '',
      isDefault: true,
      binds: ['web'],
      routes: ['a', 'b'],
      refused: ['late'],
      steering: { by: 'handoff', tableSize: 251, ipv6Prefix: 128 },
    },
    {
      name: 'sharded',
      instances: 1,
      configuredInstances: 1,
      routeSelector: '',
      configuredRouteSelector: 'sharded=true',
      namespaceSelector: 'tier',
      isDefault: false,
      binds: [],
      routes: ['media'],
      refused: [],
      steering: { by: 'direct', tableSize: 251, ipv6Prefix: 128 },
    },
  ]);
});

it.each([
  [1, [], { by: 'direct' }],
  [2, [], { by: 'handoff', why: 'this engine has no part in nftables' }],
  [2, [{ shard: 'default', by: 'nft' }], { by: 'nft' }],
  [2, [{ shard: 'default', by: 'handoff', why: 'no nft' }], { by: 'handoff', why: 'no nft' }],
] as const)('of %i instance(s), nft wished: %j is %j', (instances, inForce, expected) => {
  const steering = { by: 'nft', tableSize: 251, ipv6Prefix: 128 } as const;
  const plan = shardedPlan({ shards: [shard('default', { instances, steering })] });
  expect(shardEntities(plan, plan, admit(plan), inForce)[0]!.steering).toEqual({ ...steering, ...expected });
});
