import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { axisFor } from '../../../src/ui/charts/axis.ts';

describe('the axis of a chart', () => {
  it.each([
    [90, 12, { top: 90, steps: 3, scale: 1, prefix: '' }],
    [100, 12, { top: 100, steps: 5, scale: 1, prefix: '' }],
    [101, 12, { top: 120, steps: 4, scale: 1, prefix: '' }],
    [1_842, 12, { top: 2_000, steps: 5, scale: 1, prefix: '' }],
    [12_400, 12, { top: 15, steps: 5, scale: 1_000, prefix: 'k' }],
    [48_000_000, 12, { top: 50, steps: 5, scale: 1_000_000, prefix: 'M' }],
    [0, 12, { top: 1, steps: 5, scale: 1, prefix: '' }],
    [0.3, 12, { top: 0.3, steps: 3, scale: 1, prefix: '' }],
    [7, 4, { top: 10, steps: 1, scale: 1, prefix: '' }],
  ])('for %d in %d rows', (largest, rows, axis) => {
    expect(axisFor(largest, rows)).toEqual(axis);
  });

  it('holds the largest value, does not waste half the height, and has steps that are printed exactly', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.01, max: 1e17, noNaN: true }),
        fc.integer({ min: 1, max: 60 }),
        (largest, rows) => {
          const { top, steps, scale } = axisFor(largest, rows);
          const step = top / steps;
          expect(top * scale).toBeGreaterThanOrEqual(largest * (1 - 1e-6));
          expect(step).toBeGreaterThan(0);
          // Contrib prints two decimals below a step of one, and none from there on.
          const decimals = step < 1 ? 2 : 0;
          expect(Math.abs(Number(step.toFixed(decimals)) - step)).toBeLessThan(step * 1e-6);
        },
      ),
    );
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, -1])('survives %d', (largest) => {
    expect(axisFor(largest, 10).top).toBe(1);
  });
});
