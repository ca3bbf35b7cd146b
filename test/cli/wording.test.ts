import { describe, expect, it } from 'vitest';
import { age, count, latency, short } from '../../src/cli/wording.ts';

describe('wording', () => {
  it.each([
    [0, '0 s'],
    [59_999, '59 s'],
    [60_000, '1:00'],
    [251_000, '4:11'],
    [3_600_000, '1 h'],
    [172_800_000, '2 d'],
    [-5, '0 s'],
  ])('age of %d ms is %s', (ms, text) => expect(age(ms)).toBe(text));

  it.each([
    [0, '0'],
    [0.3, '0.3'],
    [812, '812'],
    [12_100, '12.1 K'],
    [123_400, '123 K'],
    [88_400_000, '88.4 M'],
    [null, undefined],
    [undefined, undefined],
    [Number.NaN, undefined],
  ])('short form of %s is %s', (value, text) => expect(short(value)).toBe(text));

  it.each([
    [850, '850 µs'],
    [3_140, '3.1 ms'],
    [61_000, '61 ms'],
    [1_240_000, '1.2 s'],
    [null, undefined],
  ])('latency of %s µs is %s', (us, text) => expect(latency(us)).toBe(text));

  it('counts in words', () => {
    expect([count(1, 'error'), count(2, 'error'), count(0, 'error')]).toEqual([
      '1 error',
      '2 errors',
      '0 errors',
    ]);
  });
});
