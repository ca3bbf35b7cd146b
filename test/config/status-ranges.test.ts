import { describe, expect, it } from 'vitest';
import { parseStatusRanges } from '../../src/config/status-ranges.ts';

describe('status ranges', () => {
  it.each([
    [200, [[200, 200]]],
    ['200-399', [[200, 399]]],
    ['2xx', [[200, 299]]],
    [
      ['2xx', 404],
      [
        [200, 299],
        [404, 404],
      ],
    ],
  ])('%j', (value, ranges) => expect(parseStatusRanges(value)).toEqual({ ok: true, value: ranges }));

  it.each([[[]], ['399-200'], [600], ['6xx'], [null], [{}], ['200,404']])('%j is none', (value) =>
    expect(parseStatusRanges(value).ok).toBe(false),
  );
});
