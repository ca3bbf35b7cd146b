import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { smoothChoice } from '../../../src/domain/balance/smooth-choice.ts';

describe('smoothChoice', () => {
  it.each([
    [[3, 1], '0010'],
    [[5, 1, 1], '0010200'],
    [[1, 1, 1], '012'],
    [[0, 2], '11'],
    [[7], '0'],
  ])('interleaves %j as %s', (weights, order) => {
    const choose = smoothChoice(weights);
    expect(Array.from(order, () => choose()).join('')).toBe(order);
  });

  it('answers -1 where nothing has weight', () => {
    expect([smoothChoice([])(), smoothChoice([0, 0])()]).toEqual([-1, -1]);
  });

  it('gives each its exact share in every cycle', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(50), { minLength: 1, maxLength: 6 }), (weights) => {
        const total = weights.reduce((sum, weight) => sum + weight, 0);
        fc.pre(total > 0);
        const choose = smoothChoice(weights);
        for (let cycle = 0; cycle < 2; cycle++) {
          const counts = weights.map(() => 0);
          for (let i = 0; i < total; i++) counts[choose()]! += 1;
          expect(counts).toEqual(weights);
        }
      }),
    );
  });
});
