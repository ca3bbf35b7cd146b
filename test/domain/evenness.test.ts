import { describe, expect, it } from 'vitest';
import { chanceOf, evenness } from '../../src/domain/evenness.ts';

/** mulberry32: the same numbers in every run. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function thrown(items: number, bins: number, random: () => number): number {
  const counts = new Uint32Array(bins);
  let most = 0;
  for (let i = 0; i < items; i += 1) {
    const bin = Math.floor(random() * bins);
    counts[bin]! += 1;
    if (counts[bin]! > most) most = counts[bin]!;
  }
  return (most * bins) / items;
}

describe('evenness', () => {
  it.each<readonly [readonly number[], number]>([
    [[5, 5, 5, 5], 1],
    [[10, 0], 2],
    [[3, 1, 2], 1.5],
    [[7], 1],
  ])('of %j is %d', (counts, maxOverMean) => {
    const items = counts.reduce((sum, count) => sum + count, 0);
    expect(evenness(counts)).toMatchObject({ maxOverMean, items, bins: counts.length });
  });

  it('of nothing is not known', () => {
    expect([evenness([]), evenness([0, 0])]).toEqual([undefined, undefined]);
  });
});

describe('chance alone', () => {
  it.each<readonly [number, number, number]>([
    [1, 2, 2],
    [1, 1_000, 1_000],
    [2, 2, 1.5],
    // 4 of 8 outcomes… of three coins: 3 on one side twice in eight, else 2.
    [3, 2, 2.25 / 1.5],
    [2, 1_000, 1.001 * 500],
    [1_000, 1, 1],
  ])('puts %d on %d bins as counted by hand', (items, bins, expected) => {
    expect(chanceOf(items, bins)).toBeCloseTo(expected, 6);
  });

  const random = seeded(7);
  const cases = [2, 3, 4, 16, 100, 1_000].flatMap((bins) =>
    [1, 2, 5, 10, 64, 65, 100, 300, 1_000, 10_000].map((items) => [items, bins] as const),
  );
  it.each(cases)('puts %d on %d bins as a simulation does', (items, bins) => {
    const rounds = Math.max(100, Math.min(20_000, Math.floor(1_500_000 / (items + bins))));
    let sum = 0;
    let squares = 0;
    for (let i = 0; i < rounds; i += 1) {
      const ratio = thrown(items, bins, random);
      sum += ratio;
      squares += ratio * ratio;
    }
    const mean = sum / rounds;
    const error = Math.sqrt((squares / rounds - mean * mean) / rounds);
    expect(Math.abs(chanceOf(items, bins) - mean)).toBeLessThan(4.5 * error + 0.01 * mean);
  });

  it.each([2, 10, 1_000])('falls with every item more, towards 1, on %d bins', (bins) => {
    let before = Number.POSITIVE_INFINITY;
    for (let items = bins; items < 1e9; items *= 2) {
      const chance = chanceOf(items, bins);
      expect(chance).toBeLessThan(before);
      before = chance;
    }
    expect(before).toBeGreaterThan(1);
    expect(before).toBeLessThan(1.01);
  });

  it('of a million clients on a thousand instances is as the normal distribution has it', () => {
    // The largest of 1,000 standard normals is 3.24 above their mean (Teichroew 1956), a little more of Poisson ones.
    expect((chanceOf(1e6, 1_000) - 1) * Math.sqrt(1_000)).toBeCloseTo(
      3.24 + (3.24 ** 2 - 1) / (6 * Math.sqrt(1_000)),
      1,
    );
  });
});
