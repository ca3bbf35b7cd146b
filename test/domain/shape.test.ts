import { describe, expect, it } from 'vitest';
import { reshaped, type ShapeChange, shapeChangeText } from '../../src/domain/shape.ts';
import { route, shard, shardedPlan } from './sharded-plans.ts';

const plan = shardedPlan({
  shards: [
    shard('default', { isDefault: true }),
    shard('sharded', { routeSelector: { matchLabels: { sharded: 'true' } } }),
  ],
  routes: [route('shop', { labels: { tier: 'gold' } }), route('pay')],
});

describe('reshaped', () => {
  it('scales, relabels and selects, one after another', () => {
    const changes: ShapeChange[] = [
      { kind: 'scale', shard: 'default', instances: 3 },
      { kind: 'relabel', route: 'shop', labels: { sharded: 'true', tier: null } },
      { kind: 'relabel', route: 'shop', labels: { sharded: 'yes', also: '' } },
      { kind: 'select', shard: 'sharded', routeSelector: null },
    ];
    const after = reshaped(plan, changes);
    expect(
      after.shards.map(({ name, instances, routeSelector }) => [name, instances, routeSelector]),
    ).toEqual([
      ['default', 3, undefined],
      ['sharded', 1, undefined],
    ]);
    expect('routeSelector' in after.shards[1]!).toBe(false);
    expect(after.routes.map(({ labels }) => labels)).toEqual([{ sharded: 'yes', also: '' }, {}]);
    expect(plan.routes[0]!.labels).toEqual({ tier: 'gold' });
  });

  it('passes over what the plan does not have', () => {
    expect(
      reshaped(plan, [
        { kind: 'scale', shard: 'none', instances: 3 },
        { kind: 'relabel', route: 'none', labels: { a: 'b' } },
        { kind: 'select', shard: 'none', routeSelector: {} },
      ]),
    ).toEqual(plan);
    expect(reshaped(plan, [])).toBe(plan);
  });
});

describe('shapeChangeText', () => {
  it.each<[ShapeChange, string]>([
    [{ kind: 'scale', shard: 'default', instances: 3 }, 'scale default to 3'],
    [
      { kind: 'relabel', route: 'shop', labels: { sharded: 'true', legacy: null } },
      'relabel shop sharded=true legacy-',
    ],
    [
      { kind: 'select', shard: 'sharded', routeSelector: { matchLabels: { sharded: 'true' } } },
      'select sharded sharded=true',
    ],
    [{ kind: 'select', shard: 'sharded', routeSelector: null }, 'select sharded all routes'],
    [{ kind: 'relabel', route: 'shop', labels: { a: '\u001b[2J' } }, 'relabel shop a=\\x1b[2J'],
  ])('%j', (change, text) => {
    expect(shapeChangeText(change)).toBe(text);
  });
});
