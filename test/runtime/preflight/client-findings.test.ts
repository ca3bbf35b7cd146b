import { expect, it } from 'vitest';
import { clientFindings } from '../../../src/runtime/preflight/client-findings.ts';
import { bind, route, shard, shardedPlan, tls } from '../../domain/sharded-plans.ts';
import { certificate } from '../certificates-in-memory.ts';

const shop = route('shop', { labels: { sharded: 'true' }, tls: tls('edge') });
const routeSelector = { matchLabels: { sharded: 'true' } };

it.each([
  ['has none of mode tls', [shard('sharded', { routeSelector, binds: [bind('web', 'http')] })], true],
  ['has one', [shard('sharded', { routeSelector, binds: [bind('secure', 'tls')] })], false],
])('a switch looks at the binds of its own shard: where it %s', (_, own, warned) => {
  const plan = shardedPlan({
    shards: [shard('default', { isDefault: true, binds: [bind('elsewhere', 'tls')] }), ...own],
    routes: [shop],
  });
  const findings = clientFindings({
    route: shop,
    from: 'edge',
    to: 'reencrypt',
    plan,
    certificate: certificate(),
    connections: { edge: 0, reencrypt: 0, passthrough: 0 },
    terminationOf: (each) => each.tls?.termination,
    now: 1_700_000_000_000,
  });
  expect(findings.some(({ subject }) => subject === 'tls binds')).toBe(warned);
});
