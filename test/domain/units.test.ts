import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  formatDuration,
  formatSize,
  maxDurationMs,
  parseDuration,
  parseSize,
  spokenDuration,
} from '../../src/domain/units.ts';

describe('durations', () => {
  it.each([
    ['500ms', 500],
    ['30s', 30_000],
    ['5m', 300_000],
    ['1h', 3_600_000],
    ['1d', 86_400_000],
    ['1.1s', 1_100],
    ['2 s', 2_000],
    ['0', 0],
    ['0s', 0],
  ])('%s is %i ms', (text, value) => expect(parseDuration(text)).toEqual({ ok: true, value }));

  it.each([
    ['30', 'has no unit', 'write 30ms or 30s'],
    ['5min', '"min" is not a unit of time', 'the units are'],
    ['5us', '"us" is not', 'the units are'],
    ['1.0001s', 'whole number of milliseconds', 'round it'],
    ['25d', 'longer than a timer', 'at most 24d'],
    ['-1s', 'is not a duration', 'such as 500ms'],
    ['', 'is not a duration', 'such as 500ms'],
  ])('%s is refused: %s', (text, message, remedy) =>
    expect(parseDuration(text)).toMatchObject({
      ok: false,
      message: expect.stringContaining(message),
      remedy: expect.stringContaining(remedy),
    }),
  );

  it('parses what it formats', () => {
    fc.assert(
      fc.property(fc.nat(maxDurationMs), (value) => {
        expect(parseDuration(formatDuration(value))).toEqual({ ok: true, value });
      }),
    );
  });

  it.each([
    [0, '0 s'],
    [500, '500 ms'],
    [2_000, '2 s'],
    [1_500, '1.5 s'],
    [90_000, '1 min 30 s'],
    [3_600_000, '1 h'],
  ])('%i ms is spoken as %s', (ms, text) => expect(spokenDuration(ms)).toBe(text));
});

describe('sizes', () => {
  it.each([
    ['16k', 16_384],
    ['1M', 1_048_576],
    ['1.5G', 1_610_612_736],
    ['1000', 1_000],
    ['8KiB', 8_192],
    ['0', 0],
  ])('%s is %i bytes', (text, value) => expect(parseSize(text)).toEqual({ ok: true, value }));

  it.each([
    ['1X', '"X" is not a unit of size'],
    ['0.3', 'whole number of bytes'],
    ['9000T', 'too large'],
    ['-5', 'is not a size'],
  ])('%s is refused: %s', (text, message) =>
    expect(parseSize(text)).toMatchObject({ ok: false, message: expect.stringContaining(message) }),
  );

  it('parses what it formats', () => {
    fc.assert(
      fc.property(fc.nat(2 ** 31), fc.constantFrom(1, 1024, 1024 ** 2), (count, unit) => {
        expect(parseSize(formatSize(count * unit))).toEqual({ ok: true, value: count * unit });
      }),
    );
  });
});
