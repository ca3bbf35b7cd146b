import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planHash } from '../../../src/config/plan-hash.ts';
import type { Plan } from '../../../src/domain/plan.ts';
import { reshaped, type ShapeChange } from '../../../src/domain/shape.ts';
import {
  beyondConfigured,
  changedKeys,
  noShapes,
  shapeKey,
  withChanges,
  withHeld,
} from '../../../src/runtime/shape/held-shape.ts';
import { plansOf } from '../../../src/runtime/shape/plans.ts';
import { changesBetween } from '../../../src/runtime/shape/reshaping.ts';
import { twoShards } from './shape-scene.ts';

const configured: Plan = { ...twoShards(), hash: planHash(twoShards()) };

const label = fc.constantFrom('sharded', 'tier', 'team');
const change: fc.Arbitrary<ShapeChange> = fc.oneof(
  fc.record({
    kind: fc.constant('scale' as const),
    shard: fc.constantFrom('default', 'sharded', 'gone'),
    instances: fc.integer({ min: 1, max: 4 }),
  }),
  fc.record({
    kind: fc.constant('relabel' as const),
    route: fc.constantFrom('shop', 'api', 'gone'),
    labels: fc.dictionary(label, fc.constantFrom('true', 'gold', null), { minKeys: 1 }),
  }),
  fc.record({
    kind: fc.constant('select' as const),
    shard: fc.constantFrom('default', 'sharded'),
    routeSelector: fc.constantFrom(
      null,
      {},
      { matchLabels: { sharded: 'true' } },
      { matchLabels: { tier: 'gold' } },
    ),
  }),
);

describe('overrides of shape', () => {
  it('make of the configuration what the changes make of it, one after another', () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 8 }), (changes) => {
        let held = noShapes;
        for (const each of changes) held = withChanges(held, [each], configured, 'anna', 1);
        const { running } = plansOf(configured, held);
        // A selector of nothing is none.
        const plain = changes.map((each) =>
          each.kind === 'select' && Object.keys(each.routeSelector ?? {}).length === 0
            ? { ...each, routeSelector: null }
            : each,
        );
        expect(running.hash).toBe(planHash(reshaped(configured, plain)));
      }),
    );
  });

  it('are none where they make no difference', () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 8 }), (changes) => {
        const held = withChanges(noShapes, changes, configured, 'anna', 1);
        const { running, shape } = plansOf(configured, held);
        const known = [...shape.values()].filter(({ value }) => !JSON.stringify(value).includes('gone'));
        expect(running === configured).toBe(known.length === 0);
        // What runs, were it configured, leaves nothing of them.
        const left = [...beyondConfigured(held, running).values()];
        expect(left.filter(({ value }) => !JSON.stringify(value).includes('gone'))).toEqual([]);
      }),
    );
  });

  it('are undone by putting back what was held, and led to by the changes between', () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 5 }), fc.array(change, { maxLength: 5 }), (first, then) => {
        const before = plansOf(configured, withChanges(noShapes, first, configured, 'anna', 1));
        const after = plansOf(configured, withChanges(before.shape, then, configured, 'bert', 2));
        const keys = changedKeys(before.shape, after.shape);
        const back = withHeld(after.shape, new Map(keys.map((key) => [key, before.shape.get(key) ?? null])));
        expect(new Set(back)).toEqual(new Set(before.shape));
        expect(plansOf(configured, back).running.hash).toBe(before.running.hash);
        const led = reshaped(before.running, changesBetween(before, after));
        expect(planHash(led)).toBe(after.running.hash);
      }),
    );
  });

  it('have keys that say what they are of', () => {
    expect(shapeKey({ kind: 'scale', shard: 'default', instances: 2 })).toBe('default:instances');
    expect(shapeKey({ kind: 'select', shard: 'default', routeSelector: null })).toBe('default:routeSelector');
    expect(shapeKey({ kind: 'relabel', route: 'bank:shop', labels: {} })).toBe('bank:shop:labels');
  });

  it('keep author and date where they stay what they are', () => {
    const scale: ShapeChange = { kind: 'scale', shard: 'default', instances: 3 };
    const held = withChanges(noShapes, [scale], configured, 'anna', 1);
    expect(withChanges(held, [scale], configured, 'bert', 2)).toEqual(held);
  });
});
