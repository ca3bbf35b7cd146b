import { describe, expect, it } from 'vitest';
import {
  about,
  ago,
  bytes,
  bytesPerSecond,
  chosenTime,
  count,
  duration,
  latency,
  latencyOf,
  moment,
  percent,
  perSecond,
  plural,
  rate,
  share,
} from '../../src/console/format.ts';

describe('numbers on a screen', () => {
  it.each([
    [count, 0, '0'],
    [count, 1_842, '1,842'],
    [count, 99_999, '99,999'],
    [count, 100_000, '100 k'],
    [count, 12_100_000, '12.1 M'],
    [count, 999_999, '1.0 M'],
    [count, null, '–'],
    [count, Number.NaN, '–'],
    [rate, 0, '0'],
    [rate, 0.01, '<0.1'],
    [rate, 0.3, '0.3'],
    [rate, 2, '2'],
    [rate, 1_842.4, '1,842'],
    [perSecond, null, '–'],
    [perSecond, 212, '212/s'],
    [bytes, 812, '812'],
    [bytes, 1_000, '1.0 K'],
    [bytes, 12_288, '12.0 K'],
    [bytes, 1_153_434, '1.1 M'],
    [bytes, -5, '0'],
    [bytesPerSecond, 0, '0 B/s'],
    [bytesPerSecond, 12_700_000, '12.1 MB/s'],
    [percent, 0, '0 %'],
    [percent, 0.0001, '<0.1 %'],
    [percent, 0.003, '0.3 %'],
    [percent, 0.4, '40 %'],
    [percent, null, '–'],
    [duration, 42_000, '0:42'],
    [duration, 251_000, '4:11'],
    [duration, 3_599_999, '59:59'],
    [duration, 3 * 3_600_000, '3 h'],
    [duration, 9 * 86_400_000, '9 d'],
    [duration, -1, '0:00'],
    [about, 20_400, '20 s'],
    [about, 251_000, '4:11'],
    [ago, 400, 'just now'],
    [ago, 12_000, '12 s ago'],
    [moment, 19.84, '19.8 ms'],
    [moment, 1_250, '1.25 s'],
    [chosenTime, 30_000, '30 s'],
    [chosenTime, 300_000, '5 min'],
    [chosenTime, 3_600_000, '1 h'],
    [latency, -1, '–'],
    [latency, 0.02, '<0.1 ms'],
    [latency, 4.12, '4.1 ms'],
    [latency, 18, '18 ms'],
    [latency, 1_200, '1.2 s'],
    [latencyOf, 61_000, '61 ms'],
    [latencyOf, undefined, '–'],
  ] as const)('%o(%j) is %j', (format, value, expected) => {
    expect((format as (value: number | null | undefined) => string)(value)).toBe(expected);
  });

  it('takes no share of nothing', () => {
    expect(share(1, 4)).toBe(0.25);
    expect(share(0, 0)).toBeNull();
    expect(share(null, 4)).toBeNull();
  });

  it('counts one apart from many', () => {
    expect(plural(1, 'server')).toBe('1 server');
    expect(plural(2, 'server')).toBe('2 servers');
  });
});
